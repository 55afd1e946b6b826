//! What kind of tenant it is: its language, its currencies, and how it records changes. To be set
//! before a test begins, or at any time.

use crate::demo::tenant::Tenant;
use crate::demo::tenant::billing::reading::Reading;
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::definition::Kind;
use crate::demo::tenant::schema::entity::Entity;
use crate::demo::tenant::schema::language::Language;
use crate::demo::tenant::schema::value::Value;

/// How the fields of the internal currency begin; the rest is the name of the plain field.
const INTERNAL: &str = "internalCurrency";

impl Tenant {
    /// Sets the language of the picklists' labels.
    pub fn set_language(&self, language: Language) {
        self.change(|data| data.language = language);
    }

    pub(in crate::demo::tenant) fn language(&self) -> Language {
        self.read(|data| data.language)
    }

    /// How changes within a period are recorded from now on, of every line.
    pub fn set_reading(&self, reading: Reading) {
        self.change(|data| {
            data.reading = reading;
            for (line, history) in data.tables.histories_mut() {
                history.reading = reading.of(line);
            }
        });
    }

    /// Makes it a tenant without multi-currency: there are no currencies, no client has one, and
    /// what is internal is what is billed.
    pub fn without_multi_currency(&self) {
        self.change(|data| {
            for entity in Entity::ALL {
                let ids = data.tables.of(entity).ids();
                let table = data.tables.of_mut(entity);
                match entity {
                    Entity::Currencies => ids.into_iter().for_each(|id| drop(table.remove(id))),
                    Entity::Companies => {
                        for id in ids {
                            table.change(id, |row| row.put("currencyID", None::<i64>));
                        }
                    }
                    _ if plain_fields(entity).is_empty() => {}
                    _ => {
                        for id in ids {
                            table.change(id, take_plain);
                        }
                    }
                }
            }
        });
    }
}

/// Puts the plain amounts into the fields of the internal currency.
fn take_plain(row: &mut Row) {
    for (internal, plain) in plain_fields(row.schema.entity) {
        row.values[internal] = plain.map_or(Value::Null, |at| row.values[at].clone());
    }
}

/// The places of the fields of the internal currency, each with that of its plain field. The price
/// of a service line that was adjusted has none, and is the price of a unit here.
fn plain_fields(entity: Entity) -> Vec<(usize, Option<usize>)> {
    let schema = entity.schema();
    let mut found = Vec::new();
    for (at, field) in schema.fields.iter().enumerate() {
        let Some(plain) = field.name.strip_prefix(INTERNAL) else { continue };
        if field.kind == Kind::Double {
            found.push((at, schema.find(plain).or_else(|| schema.find("unitPrice"))));
        }
    }
    found
}
