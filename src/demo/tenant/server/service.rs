//! What each endpoint answers once a request was let in: envelopes, rows, counts, metadata. It
//! knows nothing of connections, credentials or limits.

use axum::http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::call::Call;
use super::metadata::{self, Access};
use super::page::{Cursor, Page};
use super::query::Query;
use super::route::{Action, Endpoint, SECOND_ZONE};
use crate::demo::tenant::Tenant;
use crate::demo::tenant::fault::Fault;
use crate::demo::tenant::rows::lens::Lens;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::rows::table::Tables;
use crate::demo::tenant::rows::view::RowView;
use crate::demo::tenant::schema::entity::Entity;

/// As recorded (the Autotask facts, section 1.3).
const NO_PERMISSION: &str =
    "The logged in Resource does not have the adequate permissions to query this entity type.";
/// The real words were not recorded.
const NO_MODULE: &str = "The module that this entity belongs to is not active.";
const NO_ZONE: &str = "Zone information could not be determined";

/// The module numbers that are switched on; only one was recorded, the rest is invented.
const MODULES: [i64; 4] = [1, 2, 8, 24];

/// The base URL of a zone, ending in a slash.
pub(crate) fn base_url(host: &str, second_zone: bool) -> String {
    if second_zone {
        format!("{host}/{SECOND_ZONE}/ATServicesRest/")
    } else {
        format!("{host}/ATServicesRest/")
    }
}

/// `V1.0/ZoneInformation?user=`: without credentials, and not counted by any limit.
pub(crate) fn zone_information(tenant: &Tenant, call: &Call) -> Answer {
    if call.parameter("user").as_deref() != Some(&tenant.credentials().username) {
        return Answer::refused(NO_ZONE);
    }
    let moved = tenant.faults().is_set(Fault::ZoneMoved, None);
    Answer::json(&json!({
        "zoneName": if moved { "America East 2" } else { "America East" },
        "url": base_url(&call.host, moved),
        "webUrl": format!("{}/", call.host),
        "ci": 20264,
    }))
}

/// `versioninformation`: without credentials.
pub(crate) fn version_information() -> Answer {
    Answer::json(&json!({"apiVersions": ["1.0"]}))
}

/// Answers a request that was let in.
pub(crate) fn answer(tenant: &Tenant, call: &Call) -> Answer {
    match call.endpoint {
        Endpoint::Version => Answer::json(&json!({
            "majorVersion": "2026",
            "minorVersion": "2",
            "build": "0",
            "customerType": "Production",
        })),
        Endpoint::ThresholdInformation => {
            let busy = tenant.faults().is_set(Fault::BusyHour, None);
            let (threshold, used) = tenant.limits().usage(busy);
            Answer::json(&json!({
                "externalRequestThreshold": threshold,
                "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": used,
            }))
        }
        Endpoint::Modules => {
            let modules: Vec<Json> =
                MODULES.iter().map(|key| json!({"key": key, "value": true})).collect();
            Answer::json(&json!({ "modules": modules }))
        }
        Endpoint::Entity(entity, action) => of_entity(tenant, call, entity, action),
        Endpoint::Children { child, field, parent } => rows(tenant, call, child, |tables, lens| {
            let rows = tables.of(child).children(field, parent);
            let rows: Vec<&Row> = rows.into_iter().filter(|row| lens.shows(row)).collect();
            Ok(children(&rows, lens))
        }),
        Endpoint::ZoneInformation
        | Endpoint::VersionInformation
        | Endpoint::Nothing
        | Endpoint::Outside => Answer::no_resource(&call.uri),
    }
}

fn of_entity(tenant: &Tenant, call: &Call, entity: Entity, action: Action) -> Answer {
    match action {
        Action::Query | Action::QueryNext => {
            rows(tenant, call, entity, |tables, lens| query(call, entity, action, tables, lens))
        }
        Action::Count => rows(tenant, call, entity, |tables, lens| {
            let query = Query::read(&text(call), entity.schema(), lens)?;
            let count = tables.of(entity).select(&query.filter, lens, i64::MIN).count();
            Ok(Answer::json(&json!({ "queryCount": count })))
        }),
        Action::ById(id) => rows(tenant, call, entity, |tables, lens| {
            let row = tables.of(entity).get(id).filter(|row| lens.shows(row));
            Ok(match row {
                Some(row) => write(&json_item(row, lens)),
                None if tenant.faults().hit(Fault::NullItem, Some(entity)).is_some() => {
                    Answer::json(&json!({ "item": null }))
                }
                None => Answer::no_item(),
            })
        }),
        Action::Information => {
            let numeric = tenant.faults().hit(Fault::NumericAccess, Some(entity)).is_some();
            let access = access(tenant, entity);
            Answer::json(&metadata::information(entity.schema(), access, numeric))
        }
        Action::Fields => {
            let no_last_modified = tenant.faults().is_set(Fault::NoLastModified, Some(entity));
            let lens = Lens { no_last_modified, ..Lens::default() };
            Answer::json(&metadata::fields(entity.schema(), &lens, tenant.language()))
        }
        Action::UserDefinedFields => Answer::json(&metadata::user_defined_fields(entity.schema())),
    }
}

/// Answers from rows, if the user may query the entity. `read` gives the answer, or the text of a
/// refusal.
fn rows(
    tenant: &Tenant,
    call: &Call,
    entity: Entity,
    read: impl FnOnce(&Tables, &Lens) -> Result<Answer, String>,
) -> Answer {
    let faults = tenant.faults();
    if faults.hit(Fault::Forbidden, Some(entity)).is_some() {
        return Answer::errors(StatusCode::FORBIDDEN, NO_PERMISSION);
    }
    // Acting as someone who may not query is the same as being that person (section 1.2).
    if call.impersonates || faults.hit(Fault::NoPermission, Some(entity)).is_some() {
        return Answer::refused(NO_PERMISSION);
    }
    if faults.hit(Fault::NoModule, Some(entity)).is_some() {
        return Answer::refused(NO_MODULE);
    }
    let lens = tenant.lens(entity);
    tenant.with_tables(|tables| read(tables, &lens)).unwrap_or_else(|text| Answer::refused(&text))
}

/// What `userAccessForQuery` says. Looking does not use up a fault that is limited to a count.
fn access(tenant: &Tenant, entity: Entity) -> Access {
    let is = |fault| tenant.faults().is_set(fault, Some(entity));
    if is(Fault::NoPermission) || is(Fault::Forbidden) || is(Fault::NoModule) {
        Access::None
    } else if is(Fault::UnclearAccess) {
        Access::Unclear
    } else if is(Fault::Restricted) || is(Fault::NoRows) {
        Access::Restricted
    } else {
        Access::All
    }
}

/// The text of the query: the body of a POST, the search of a GET.
fn text(call: &Call) -> String {
    if call.method == Method::GET {
        call.parameter("search").unwrap_or_default()
    } else {
        call.body.clone()
    }
}

fn query(
    call: &Call,
    entity: Entity,
    action: Action,
    tables: &Tables,
    lens: &Lens,
) -> Result<Answer, String> {
    let text = text(call);
    let query = Query::read(&text, entity.schema(), lens)?;
    let cursor = match action {
        Action::QueryNext => {
            let paging = call.parameter("paging").unwrap_or_default();
            // The real text was not recorded.
            Cursor::read(&paging).ok_or("The paging of the query is not valid.")?
        }
        _ => Cursor::FIRST,
    };
    let size = cursor.size.unwrap_or(query.max_records).clamp(1, super::query::MOST_RECORDS);
    let mut found = tables.of(entity).select(&query.filter, lens, cursor.after);
    let rows: Vec<&Row> = found.by_ref().take(usize::try_from(size).unwrap_or(1)).collect();
    let more = found.next().is_some();
    let ids: Vec<i64> = rows.iter().map(|row| row.id()).collect();
    let page = Page {
        cursor,
        size,
        ids: &ids,
        more,
        url: format!("{}V1.0/{entity}/query", call.base),
        search: (call.method == Method::GET).then_some(text.as_str()),
    };
    Ok(envelope(&rows, lens, query.include.as_deref(), page.details()))
}

/// Children of one row: all on one page, since one parent has few.
fn children(rows: &[&Row], lens: &Lens) -> Answer {
    let details = json!({
        "count": rows.len(),
        "requestCount": super::query::MOST_RECORDS,
        "prevPageUrl": null,
        "nextPageUrl": null,
    });
    envelope(rows, lens, None, details)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    items: Vec<RowView<'a>>,
    page_details: Json,
}

#[derive(Serialize)]
struct Item<'a> {
    item: RowView<'a>,
}

fn envelope(rows: &[&Row], lens: &Lens, include: Option<&[usize]>, details: Json) -> Answer {
    let items = rows.iter().map(|row| RowView { row, lens, include }).collect();
    write(&Envelope { items, page_details: details })
}

fn json_item<'a>(row: &'a Row, lens: &'a Lens) -> Item<'a> {
    Item { item: RowView { row, lens, include: None } }
}

fn write(body: &impl Serialize) -> Answer {
    match serde_json::to_string(body) {
        Ok(text) => Answer::text(text),
        Err(error) => Answer::refused(&error.to_string()),
    }
}
