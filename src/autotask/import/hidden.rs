//! What Autotask does not show in a reading although it was asked for: an entity that the API user
//! may not read, or that the tenant does not have. The reading goes on without; what hangs on it is
//! told with each client that it may concern.
//!
//! ```text
//! ContractServices, ContractMilestones, ContractBlocks,   make the rate of a type of agreement: it
//! ContractRetainers, ContractTicketPurchases              is not known without
//! ContractServiceBundles                                  part of a rate where there are any
//! units                                                   their lines cannot be converted
//! ContractCharges                                         by themselves; what rules charge, and
//!                                                         whether purchases are billed
//! Services, ServiceBundles, ServiceBundleServices         names and contents
//! Currencies                                              every amount
//! ContractBillingRules                                    see `policy::guard`
//! ```

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::context::AgreementContext;
use crate::autotask::fields::amount::CurrencyBasis;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::meta::labels::AgreementKind;
use crate::autotask::rows::lines::LineKind;
use crate::autotask::rows::purchases::PurchaseKind;
use crate::model::{ClientSnapshot, Field, ItemKey, ItemKind, Unread};
use crate::policy::unread::MONEY;

/// What was not shown in one reading, each with why.
#[derive(Default)]
pub(in crate::autotask) struct Hidden(Mutex<BTreeMap<Entity, String>>);

impl Hidden {
    /// What was read of `entity`; nothing, which is noted, where it is not shown.
    pub fn or_nothing<T: Default>(
        &self,
        entity: Entity,
        read: Result<T, AutotaskError>,
    ) -> Result<T, AutotaskError> {
        match read {
            Err(error) if error.hides_the_entity() => {
                self.note(entity, &error);
                Ok(T::default())
            }
            read => read,
        }
    }

    /// Notes that `entity` is not shown.
    pub fn note(&self, entity: Entity, error: &AutotaskError) {
        let mut hidden = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hidden.insert(entity, error.to_string()).is_none() {
            tracing::warn!("{entity} cannot be read, and what is stored of it stays: {error}");
        }
    }

    /// All of it.
    pub fn all(&self) -> BTreeMap<Entity, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What of an agreement, and of what stands below it, the catalogue does not explain.
#[derive(Default)]
pub(in crate::autotask) struct Unexplained {
    /// Lines without a name.
    pub nameless: Vec<(LineKind, ItemKey)>,
    /// Service bundles.
    pub bundles: Vec<ItemKey>,
    /// Purchases that are paid in advance.
    pub prepaid: Vec<ItemKey>,
    /// Charges.
    pub charges: Vec<ItemKey>,
    /// All of them, and the agreement.
    pub all: Vec<ItemKey>,
}

/// Tells with the client what may concern it, an agreement of it at a time.
pub(in crate::autotask) fn tell(
    hidden: &BTreeMap<Entity, String>,
    above: &AgreementContext<'_>,
    below: &Unexplained,
    snapshot: &mut ClientSnapshot,
) {
    for (entity, reason) in hidden {
        if !concerns(*entity, above, below) {
            continue;
        }
        let known = snapshot.unread.iter().position(|one| one.entity == entity.name());
        let at = known.unwrap_or_else(|| {
            let kind =
                ItemKind::ALL.into_iter().find(|kind| Entity::of_kind(*kind) == Some(*entity));
            snapshot.unread.push(Unread::new(entity.name(), reason.clone(), kind));
            snapshot.unread.len() - 1
        });
        depend(*entity, above, below, &mut snapshot.unread[at]);
    }
}

/// The type of agreement whose rate is made of the rows of `entity`.
fn makes_the_rate_of(entity: Entity) -> Option<AgreementKind> {
    Some(match entity {
        Entity::ContractServices => AgreementKind::RecurringService,
        Entity::ContractMilestones => AgreementKind::FixedPrice,
        Entity::ContractBlocks => AgreementKind::BlockHours,
        Entity::ContractRetainers => AgreementKind::Retainer,
        Entity::ContractTicketPurchases => AgreementKind::Incident,
        _ => return None,
    })
}

/// Whether the agreement may have rows of `entity`, or refer to them.
fn concerns(entity: Entity, above: &AgreementContext<'_>, below: &Unexplained) -> bool {
    let kind = above.kind.kind;
    let is_recurring = kind == Some(AgreementKind::RecurringService);
    match entity {
        Entity::ContractCharges | Entity::Currencies => true,
        Entity::ContractBillingRules => kind == Some(AgreementKind::FixedPrice),
        Entity::ServiceBundles | Entity::ServiceBundleServices => !below.bundles.is_empty(),
        Entity::ContractServiceBundles
        | Entity::ContractServiceUnits
        | Entity::ContractServiceBundleUnits
        | Entity::Services => is_recurring,
        entity => kind.is_some() && makes_the_rate_of(entity) == kind,
    }
}

/// What of the agreement, and of what stands below it, hangs on `entity`.
fn depend(entity: Entity, above: &AgreementContext<'_>, below: &Unexplained, unread: &mut Unread) {
    let key = above.key();
    if makes_the_rate_of(entity).is_some()
        || entity == Entity::ContractCharges && above.is_billed_by_rules()
    {
        unread.depends(key, MONEY);
        unread.needed_by.insert(key);
    }
    let named = match entity {
        Entity::Services => Some(LineKind::Service),
        Entity::ServiceBundles => Some(LineKind::Bundle),
        _ => None,
    };
    for (_, line) in below.nameless.iter().filter(|(kind, _)| Some(*kind) == named) {
        unread.depends(*line, [Field::Name]);
    }
    match entity {
        Entity::Services | Entity::ServiceBundleServices => {
            below.bundles.iter().for_each(|bundle| unread.depends(*bundle, [Field::Contents]));
        }
        // A charge may be the billing item of a purchase that is not shown.
        Entity::ContractBlocks | Entity::ContractRetainers | Entity::ContractTicketPurchases => {
            below.charges.iter().for_each(|charge| unread.depends(*charge, [Field::Remarks]));
            unread.needed_by.extend(&below.charges);
        }
        Entity::ContractCharges => {
            let fields = [Field::Billed, Field::Remarks];
            below.prepaid.iter().for_each(|purchase| unread.depends(*purchase, fields));
        }
        // Those that are remembered serve.
        Entity::Currencies if above.client_money.basis == CurrencyBasis::Unknown => {
            let fields = || MONEY.into_iter().chain([Field::SetupFee]);
            below.all.iter().for_each(|item| unread.depends(*item, fields()));
        }
        _ => {}
    }
}

impl Unexplained {
    /// A service or bundle line.
    pub fn line(&mut self, kind: LineKind, id: i64, has_name: bool) {
        let key = ItemKey::new(kind.kind(), id);
        if !has_name {
            self.nameless.push((kind, key));
        }
        if kind == LineKind::Bundle {
            self.bundles.push(key);
        }
        self.all.push(key);
    }

    /// Something bought once.
    pub fn purchase(&mut self, kind: PurchaseKind, id: i64) {
        let key = ItemKey::new(kind.kind(), id);
        if kind.is_prepaid() {
            self.prepaid.push(key);
        }
        if kind == PurchaseKind::Charge {
            self.charges.push(key);
        }
        self.all.push(key);
    }
}
