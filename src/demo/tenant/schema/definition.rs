//! How an entity is described: its fields with type, length, picklist and reference. The
//! descriptions themselves are in `entities`. No data and no HTTP here.

use super::entity::Entity;

/// One entity: what it is called and what its rows hold.
#[derive(Debug)]
pub(crate) struct Schema {
    /// The entity that this describes.
    pub(crate) entity: Entity,
    /// The singular name that metadata and error texts use.
    pub(crate) singular: &'static str,
    /// Whether the service lets anyone create, delete or update; this tenant never does.
    pub(crate) can_create: bool,
    pub(crate) can_delete: bool,
    pub(crate) can_update: bool,
    /// User-defined fields; `None` where the model has no `userDefinedFields` at all.
    pub(crate) udfs: Option<&'static [Udf]>,
    /// The fields in the order of the model; the first is always `id`.
    pub(crate) fields: &'static [Field],
}

impl Schema {
    /// The place of a field, by its name in any case.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The place of a user-defined field, by its name in any case.
    pub(crate) fn find_udf(&self, name: &str) -> Option<usize> {
        self.udfs().iter().position(|udf| udf.name.eq_ignore_ascii_case(name))
    }

    /// The user-defined fields, none where the model has none.
    pub(crate) fn udfs(&self) -> &'static [Udf] {
        self.udfs.unwrap_or(&[])
    }
}

/// The type of a field, as the metadata calls name it (the Autotask facts, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Short,
    Integer,
    Long,
    Double,
    Boolean,
    DateTime,
    Text,
}

impl Kind {
    /// The `dataType` of the metadata.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Short => "short",
            Kind::Integer => "integer",
            Kind::Long => "long",
            Kind::Double => "double",
            Kind::Boolean => "boolean",
            Kind::DateTime => "datetime",
            Kind::Text => "string",
        }
    }
}

/// One field of an entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The longest text in characters; 0 for other types.
    pub(crate) length: u32,
    /// Needed to create a row; says nothing about reading.
    pub(crate) required: bool,
    pub(crate) read_only: bool,
    /// Whether a filter may use it (the Autotask facts, section 2.2).
    pub(crate) filterable: bool,
    /// The singular name of the entity it points at, or empty.
    pub(crate) reference: &'static str,
    /// The values of a picklist; `None` where the field is none.
    pub(crate) picklist: Option<&'static [Pick]>,
}

impl Field {
    const fn new(name: &'static str, kind: Kind, length: u32) -> Field {
        Field {
            name,
            kind,
            length,
            required: false,
            read_only: false,
            filterable: true,
            reference: "",
            picklist: None,
        }
    }

    pub(crate) const fn short(name: &'static str) -> Field {
        Field::new(name, Kind::Short, 0)
    }

    pub(crate) const fn integer(name: &'static str) -> Field {
        Field::new(name, Kind::Integer, 0)
    }

    pub(crate) const fn long(name: &'static str) -> Field {
        Field::new(name, Kind::Long, 0)
    }

    pub(crate) const fn double(name: &'static str) -> Field {
        Field::new(name, Kind::Double, 0)
    }

    pub(crate) const fn boolean(name: &'static str) -> Field {
        Field::new(name, Kind::Boolean, 0)
    }

    pub(crate) const fn datetime(name: &'static str) -> Field {
        Field::new(name, Kind::DateTime, 0)
    }

    pub(crate) const fn text(name: &'static str, length: u32) -> Field {
        Field::new(name, Kind::Text, length)
    }

    pub(crate) const fn required(mut self) -> Field {
        self.required = true;
        self
    }

    pub(crate) const fn read_only(mut self) -> Field {
        self.read_only = true;
        self
    }

    pub(crate) const fn not_filterable(mut self) -> Field {
        self.filterable = false;
        self
    }

    pub(crate) const fn refers_to(mut self, singular: &'static str) -> Field {
        self.reference = singular;
        self
    }

    pub(crate) const fn picks(mut self, values: &'static [Pick]) -> Field {
        self.picklist = Some(values);
        self
    }

    /// Whether a user who may not read costs gets nothing here (the Autotask facts, section 6).
    pub(crate) fn is_cost(&self) -> bool {
        self.kind == Kind::Double && (self.name == "cost" || self.name.ends_with("Cost"))
    }
}

/// One value of a picklist. `value` is text even where rows carry an integer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pick {
    pub(crate) value: &'static str,
    pub(crate) label: &'static str,
    pub(crate) active: bool,
    pub(crate) system: bool,
}

impl Pick {
    /// A value that the MSP made.
    pub(crate) const fn new(value: &'static str, label: &'static str) -> Pick {
        Pick { value, label, active: true, system: false }
    }

    /// A value that every tenant has.
    pub(crate) const fn system(value: &'static str, label: &'static str) -> Pick {
        Pick { value, label, active: true, system: true }
    }

    /// A value that is out of use and may still stand on rows.
    pub(crate) const fn inactive(value: &'static str, label: &'static str) -> Pick {
        Pick { value, label, active: false, system: false }
    }
}

/// One user-defined field. Rows carry its value as text or null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Udf {
    pub(crate) name: &'static str,
    pub(crate) picklist: Option<&'static [Pick]>,
}

impl Udf {
    pub(crate) const fn text(name: &'static str) -> Udf {
        Udf { name, picklist: None }
    }

    pub(crate) const fn list(name: &'static str, values: &'static [Pick]) -> Udf {
        Udf { name, picklist: Some(values) }
    }
}
