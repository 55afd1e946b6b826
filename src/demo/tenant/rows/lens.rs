//! What one request may see: which rows, which fields. Made once per request from the faults and
//! from what is hidden, so that query, count and id agree. It knows neither HTTP nor filters.

use std::collections::HashSet;

use super::row::Row;
use crate::demo::tenant::fault::{Fault, Faults};
use crate::demo::tenant::schema::definition::Field;
use crate::demo::tenant::schema::entity::Entity;

/// Which rows of an entity a user sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Visible {
    /// Every row.
    #[default]
    All,
    /// Only rows with an even id: a stable part that a test can predict.
    Even,
    /// No row.
    Nothing,
}

impl Visible {
    fn shows(self, id: i64) -> bool {
        match self {
            Visible::All => true,
            Visible::Even => id % 2 == 0,
            Visible::Nothing => false,
        }
    }
}

/// The view of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lens {
    /// Of the entity that is asked for.
    pub(crate) rows: Visible,
    /// Of agreements: what belongs to an unseen one is unseen too.
    pub(crate) contracts: Visible,
    /// Agreements hidden one by one.
    pub(crate) hidden: HashSet<i64>,
    /// `Contracts.lastModifiedDateTime` does not exist in this tenant.
    pub(crate) no_last_modified: bool,
    /// The user may not read costs.
    pub(crate) no_costs: bool,
    /// The service forgets the filter and returns everything.
    pub(crate) ignore_filter: bool,
}

impl Lens {
    /// The view of a request for `entity`; uses up one of the faults that are limited to a count.
    pub(crate) fn of(faults: &Faults, hidden: &HashSet<i64>, entity: Entity) -> Lens {
        let sight = |nothing: bool, even: bool| match (nothing, even) {
            (true, _) => Visible::Nothing,
            (false, true) => Visible::Even,
            (false, false) => Visible::All,
        };
        let contracts = Some(Entity::Contracts);
        let by_contract = sight(
            faults.is_set(Fault::NoRows, contracts),
            faults.is_set(Fault::Restricted, contracts),
        );
        let nothing = faults.hit(Fault::NoRows, Some(entity)).is_some();
        let even = faults.hit(Fault::Restricted, Some(entity)).is_some();
        Lens {
            rows: sight(nothing, even),
            contracts: by_contract,
            hidden: hidden.clone(),
            no_last_modified: faults.hit(Fault::NoLastModified, Some(entity)).is_some(),
            no_costs: faults.hit(Fault::NoCosts, Some(entity)).is_some(),
            ignore_filter: faults.hit(Fault::IgnoredFilter, Some(entity)).is_some(),
        }
    }

    /// Whether the request sees this row.
    pub(crate) fn shows(&self, row: &Row) -> bool {
        if !self.rows.shows(row.id()) {
            return false;
        }
        // As nearly always, and a look for the field of each row costs more than all else here.
        if self.contracts == Visible::All && self.hidden.is_empty() {
            return true;
        }
        let contract = if row.schema.entity == Entity::Contracts {
            Some(row.id())
        } else {
            row.try_get("contractID").and_then(|value| value.as_int())
        };
        contract.is_none_or(|id| self.contracts.shows(id) && !self.hidden.contains(&id))
    }

    /// Whether the field does not exist in this tenant.
    pub(crate) fn lacks(&self, field: &Field) -> bool {
        // Only Contracts and Currencies have the name; the fault is about Contracts by default.
        self.no_last_modified && field.name == "lastModifiedDateTime"
    }
}
