//! What differences come to in money: the same object in lists of what is pending and in events.

use serde::{Deserialize, Serialize};

use crate::model;

/// The effect of differences in money, in one currency and from one day on. An item counts for its
/// rate while it is billed; what is bought once counts once. An agreement includes its additions,
/// except for what is bought once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Effect {
    /// The currency.
    pub currency: String,
    /// The day from which on it does; null for at once.
    pub from: Option<String>,
    /// More (or, negative, less) per month.
    pub per_month: String,
    /// More (or, negative, less) per year.
    pub per_year: String,
    /// More (or, negative, less) once.
    pub once: String,
}

impl From<&model::Effect> for Effect {
    fn from(effect: &model::Effect) -> Effect {
        let amount = |amount| effect.currency.round(amount).to_string();
        Effect {
            currency: effect.currency.code().to_owned(),
            from: effect.from.map(|day| day.to_string()),
            per_month: effect.per_month().to_string(),
            per_year: amount(effect.per_year),
            once: amount(effect.once),
        }
    }
}
