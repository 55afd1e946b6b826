//! The file as it was written: every value optional, with its place in the text, and not yet
//! judged. Types are checked here and nothing else; ranges are for `validate`.
//!
//! `keys` must list the same keys; a test there holds the two together. The structs have no
//! `Debug`, because the integration code passes through them.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use toml::Spanned;

/// The whole file. `version` was read before, from the parsed table.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) version: Option<i64>,
    pub(super) autotask: AutotaskFile,
    pub(super) sync: SyncFile,
    pub(super) fields: FieldsFile,
    pub(super) guard: GuardFile,
    pub(super) store: StoreFile,
    pub(super) control: ControlFile,
    pub(super) notify: NotifyFile,
    pub(super) metrics: MetricsFile,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct AutotaskFile {
    pub(super) username: Option<Spanned<String>>,
    pub(super) integration_code: Option<Spanned<String>>,
    pub(super) secret_file: Option<Spanned<String>>,
    pub(super) zone_url: Option<Spanned<String>>,
    pub(super) discovery_url: Option<Spanned<String>>,
    pub(super) max_requests_per_hour: Option<Spanned<i64>>,
    pub(super) yield_above_percent: Option<Spanned<i64>>,
    pub(super) concurrency_per_endpoint: Option<Spanned<i64>>,
    pub(super) request_timeout: Option<Spanned<DurationText>>,
    pub(super) proxy: Option<Spanned<String>>,
    pub(super) ca_file: Option<Spanned<String>>,
    pub(super) time_zone: Option<Spanned<String>>,
    pub(super) currency: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct SyncFile {
    pub(super) interval: Option<Spanned<DurationText>>,
    pub(super) batch_window: Option<Spanned<DurationText>>,
    pub(super) new_agreements: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FieldsFile {
    pub(super) user_defined: Option<BTreeMap<Spanned<String>, Spanned<String>>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct GuardFile {
    pub(super) max_vanished_percent: Option<Spanned<i64>>,
    pub(super) hold_price_change_percent: Option<Spanned<i64>>,
    pub(super) hold_status_flips: Option<Spanned<bool>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct StoreFile {
    pub(super) path: Option<Spanned<String>>,
    pub(super) history: Option<Spanned<DurationText>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ControlFile {
    pub(super) socket: Option<Spanned<String>>,
    pub(super) operators: Option<Vec<Spanned<String>>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct NotifyFile {
    pub(super) command: Option<Vec<Spanned<String>>>,
    pub(super) timeout: Option<Spanned<DurationText>>,
    pub(super) events: Option<Vec<Spanned<String>>>,
    pub(super) heartbeat_url: Option<Spanned<String>>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct MetricsFile {
    pub(super) textfile: Option<Spanned<String>>,
}

/// The text of a duration. A bare whole number is taken as text too, so that the message can say
/// what it lacks, which is its unit, instead of talking about types.
pub(super) struct DurationText(pub(super) String);

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl Visitor<'_> for TextOrNumber {
            type Value = DurationText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with a unit")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<DurationText, E> {
                Ok(DurationText(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<DurationText, E> {
                Ok(DurationText(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<DurationText, E> {
                Ok(DurationText(number.to_string()))
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}
