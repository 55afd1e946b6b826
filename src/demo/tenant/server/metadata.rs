//! `entityInformation`, its fields and user-defined fields, made from the schema (the Autotask
//! facts, section 5). It knows no rows.

use serde_json::{Value as Json, json};

use crate::demo::tenant::rows::lens::Lens;
use crate::demo::tenant::schema::definition::{Field, Kind, Pick, Schema, Udf};
use crate::demo::tenant::schema::language::Language;

/// What the user may do, as `userAccessFor…` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    None,
    All,
    Restricted,
    /// In a word that is none of the three.
    Unclear,
}

impl Access {
    /// Text, or the number that the vendor's page lists.
    fn write(self, numeric: bool) -> Json {
        let (number, text) = match self {
            Access::None => (0, "None"),
            Access::All => (1, "All"),
            Access::Restricted => (2, "Restricted"),
            Access::Unclear => (7, "Full"),
        };
        if numeric { Json::from(number) } else { Json::from(text) }
    }
}

/// `entityInformation`. `canQuery` is about the entity, `query` about this user.
pub(crate) fn information(schema: &Schema, query: Access, numeric: bool) -> Json {
    let can = |able: bool| (if able { Access::All } else { Access::None }).write(numeric);
    json!({"info": {
        "name": schema.singular,
        "canCreate": schema.can_create,
        "canDelete": schema.can_delete,
        "canQuery": true,
        "canUpdate": schema.can_update,
        "userAccessForCreate": can(schema.can_create),
        "userAccessForDelete": can(schema.can_delete),
        "userAccessForQuery": query.write(numeric),
        "userAccessForUpdate": can(schema.can_update),
        "hasUserDefinedFields": schema.udfs.is_some(),
        "supportsWebhookCallouts": false,
    }})
}

/// `entityInformation/fields`.
pub(crate) fn fields(schema: &Schema, lens: &Lens, language: Language) -> Json {
    let known = schema.fields.iter().filter(|field| !lens.lacks(field));
    let fields: Vec<Json> = known.map(|field| describe(field, language)).collect();
    json!({ "fields": fields })
}

fn describe(field: &Field, language: Language) -> Json {
    json!({
        "name": field.name,
        "dataType": field.kind.name(),
        "length": field.length,
        "isRequired": field.required,
        "isReadOnly": field.read_only,
        "isQueryable": field.filterable,
        "isReference": !field.reference.is_empty(),
        "referenceEntityType": field.reference,
        "isPickList": field.picklist.is_some(),
        "picklistValues": field.picklist.map(|values| picklist(values, language)),
        "picklistParentValueField": "",
        "isSupportedWebhookField": false,
    })
}

/// `entityInformation/userDefinedFields`; the type is under `type`, not `dataType`.
pub(crate) fn user_defined_fields(schema: &Schema) -> Json {
    let fields: Vec<Json> = schema.udfs().iter().map(describe_udf).collect();
    json!({ "fields": fields })
}

fn describe_udf(udf: &Udf) -> Json {
    json!({
        "name": udf.name,
        "label": udf.name,
        "type": Kind::Text.name(),
        "length": 0,
        "description": "",
        "isRequired": false,
        "isReadOnly": false,
        "isQueryable": true,
        "isReference": false,
        "referenceEntityType": "",
        "isPickList": udf.picklist.is_some(),
        "picklistValues": udf.picklist.map(|values| picklist(values, Language::English)),
        "picklistParentValueField": "",
        "defaultValue": "",
        "isSupportedWebhookField": false,
    })
}

fn picklist(values: &[Pick], language: Language) -> Json {
    let values = values.iter().enumerate().map(|(place, pick)| {
        json!({
            "value": pick.value,
            "label": language.label(pick.label),
            "isDefaultValue": place == 0,
            "sortOrder": place,
            "parentValue": "",
            "isActive": pick.active,
            "isSystem": pick.system,
        })
    });
    Json::Array(values.collect())
}
