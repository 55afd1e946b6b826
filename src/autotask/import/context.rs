//! An agreement with what it and its additions need to know to be converted.

use crate::autotask::fields::amount::Denomination;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::labels::{self, AgreementType};
use crate::autotask::rows::companies::{ContractDetails, ContractRow};
use crate::autotask::rows::rules::RulesOf;
use crate::model::{BillingCycle, ClientId, ItemKey};
use crate::policy::cost::Siblings;

/// An agreement with what it and its additions need to know.
pub(in crate::autotask) struct AgreementContext<'a> {
    pub client: ClientId,
    pub contract: &'a ContractRow,
    /// Its type.
    pub kind: &'a AgreementType,
    /// What its client is billed in.
    pub client_money: Denomination,
    /// What its amounts are read in, and those of its additions other than charges.
    pub money: Denomination,
    /// The fields of Contracts.
    pub fields: &'a EntityFields,
    /// The company that is billed, by its name, where that is not the client.
    pub billed_to: Option<String>,
    /// Its billing rules, where it has any.
    pub rules: Option<&'a RulesOf>,
    /// Whether milestones stand below it.
    pub has_milestones: bool,
    /// What its lines tell together.
    pub siblings: &'a Siblings,
}

impl AgreementContext<'_> {
    pub fn key(&self) -> ItemKey {
        ItemKey::agreement(self.contract.id)
    }

    pub fn status(&self, details: &ContractDetails) -> Option<String> {
        details.status.map(|number| labels::status(self.fields, number))
    }

    pub fn cycle(&self, details: &ContractDetails) -> Option<BillingCycle> {
        labels::cycle_of_agreement(self.fields, details.period)
    }

    /// Why it cannot be imported, where it cannot.
    pub fn unsupported(&self) -> Option<String> {
        self.kind.kind.is_none().then(|| format!("unknown contract type `{}`", self.kind.label))
    }
}
