//! The two kinds of lines, and the entities that each is kept in.

use super::entity::Entity;

/// Whether a line is of a service or of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// `ContractServices`.
    Service,
    /// `ContractServiceBundles`.
    Bundle,
}

impl LineKind {
    pub(crate) const ALL: [LineKind; 2] = [LineKind::Service, LineKind::Bundle];

    pub(crate) fn lines(self) -> Entity {
        match self {
            LineKind::Service => Entity::ContractServices,
            LineKind::Bundle => Entity::ContractServiceBundles,
        }
    }

    pub(crate) fn units(self) -> Entity {
        match self {
            LineKind::Service => Entity::ContractServiceUnits,
            LineKind::Bundle => Entity::ContractServiceBundleUnits,
        }
    }

    /// The field of a unit row that holds the id of its line.
    pub(crate) fn parent(self) -> &'static str {
        match self {
            LineKind::Service => "contractServiceID",
            LineKind::Bundle => "contractServiceBundleID",
        }
    }

    /// The catalogue that its lines are from.
    pub(crate) fn catalogue(self) -> Entity {
        match self {
            LineKind::Service => Entity::Services,
            LineKind::Bundle => Entity::ServiceBundles,
        }
    }

    /// The field that holds the id in the catalogue.
    pub(crate) fn item(self) -> &'static str {
        match self {
            LineKind::Service => "serviceID",
            LineKind::Bundle => "serviceBundleID",
        }
    }
}
