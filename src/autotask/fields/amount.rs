//! Amounts as rows carry them, in two currencies, and which of the two is read.
//!
//! A row carries most amounts twice: in the currency of its client, and, in fields whose names
//! begin with `internalCurrency`, in the tenant's own (section 4.2 of the Autotask facts). The
//! hourly rate of a block and the rate of a ticket it carries in the client's only. An amount is
//! never given a currency that it was not read in.

use std::fmt;

use rust_decimal::Decimal;

use crate::model::Currency;

/// Where a currency was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::autotask) enum CurrencyBasis {
    /// From the company.
    Client,
    /// It is the tenant's own, because the company's cannot be read, or it has none.
    Internal,
    /// From the configuration, because the tenant, which has no multi-currency, names none.
    Configured,
    /// From nowhere: which currency the amounts are in cannot be told.
    Unknown,
}

impl fmt::Display for CurrencyBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CurrencyBasis::Client => "client",
            CurrencyBasis::Internal => "internal",
            CurrencyBasis::Configured => "configured",
            CurrencyBasis::Unknown => "unknown",
        })
    }
}

/// An amount in both currencies, as far as the row carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::autotask) struct Amount {
    /// In the client's currency.
    pub client: Option<Decimal>,
    /// In the tenant's own.
    pub internal: Option<Decimal>,
}

impl Amount {
    /// The one or the other, where it does not matter in which currency.
    pub fn either(self) -> Option<Decimal> {
        self.client.or(self.internal)
    }
}

/// Which of the two is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::autotask) enum Side {
    /// What is in the client's.
    Client,
    /// The client has no currency of its own, so that both are in the tenant's.
    Either,
    /// What is in the tenant's own.
    Internal,
}

/// A currency with the way to read amounts in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::autotask) struct Denomination {
    /// The currency.
    pub currency: Currency,
    /// Where it was read from.
    pub basis: CurrencyBasis,
    /// Which amounts are in it.
    pub side: Side,
}

impl Denomination {
    /// The amounts as they stand, in a currency that cannot be told.
    pub fn unknown() -> Denomination {
        let (currency, basis) = (Currency::unknown(), CurrencyBasis::Unknown);
        Denomination { currency, basis, side: Side::Client }
    }

    /// This, if all of `amounts` can be read in it; else the unknown one, for all of them alike.
    pub fn fitting<'a>(self, amounts: impl IntoIterator<Item = &'a Amount>) -> Denomination {
        let fits = |amount: &Amount| amount.internal.is_some() || amount.client.is_none();
        if self.side == Side::Internal && !amounts.into_iter().all(fits) {
            return Denomination::unknown();
        }
        self
    }

    /// The one of the two amounts that is in this currency.
    pub fn of(&self, amount: &Amount) -> Option<Decimal> {
        match self.side {
            Side::Client => amount.client,
            Side::Either => amount.internal.or(amount.client),
            Side::Internal => amount.internal,
        }
    }
}
