//! Which currency the amounts of a client are in: the company's, the tenant's own, the configured
//! one, or none that can be told. Which of a row's amounts are then read is in `fields::amount`.

use std::collections::BTreeMap;

use crate::autotask::fields::amount::{CurrencyBasis, Denomination, Side};
use crate::autotask::fields::row::{KeyedRow, Row};
use crate::autotask::rows::companies::CompanyRow;
use crate::model::Currency;

/// The tenant's currencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::autotask) struct Currencies {
    by_id: BTreeMap<i64, Option<Currency>>,
    internal: Option<Currency>,
    /// The currency that the configuration names, for a tenant that names none.
    configured: Option<Currency>,
}

impl Currencies {
    /// The currencies in these rows.
    pub fn read(rows: &[KeyedRow]) -> Currencies {
        let mut currencies = Currencies::default();
        for (id, row) in rows {
            let currency = code(row).map(|code| Currency::new(&code));
            if row.flag("isInternalCurrency").ok().flatten() == Some(true) {
                currencies.internal.clone_from(&currency);
            }
            currencies.by_id.insert(*id, currency);
        }
        currencies
    }

    /// The same, with the currency of amounts for which the tenant names none.
    pub fn else_in(self, configured: Option<Currency>) -> Currencies {
        Currencies { configured, ..self }
    }

    /// The tenant's own currency, if it names one.
    pub fn internal(&self) -> Option<&Currency> {
        self.internal.as_ref()
    }

    /// Whether there is a currency with this id.
    pub fn has(&self, id: i64) -> bool {
        self.by_id.contains_key(&id)
    }

    /// The currency of a company: its own; else the tenant's, where it names none, or one that
    /// nobody knows, or where the company itself cannot be seen. A tenant without multi-currency
    /// names no currency at all; then it is the configured one, unless the company has one of the
    /// tenant's that cannot be read.
    pub fn of(&self, company: Option<&CompanyRow>) -> Denomination {
        let id = company.and_then(|company| company.currency);
        if let Some(Some(currency)) = id.and_then(|id| self.by_id.get(&id)) {
            let (currency, basis) = (currency.clone(), CurrencyBasis::Client);
            return Denomination { currency, basis, side: Side::Client };
        }
        match &self.internal {
            Some(internal) => Denomination {
                currency: internal.clone(),
                basis: CurrencyBasis::Internal,
                side: if company.is_some() && id.is_none() { Side::Either } else { Side::Internal },
            },
            None => self.configured(company).unwrap_or_else(Denomination::unknown),
        }
    }

    /// The configured currency, where it cannot be that the company has another.
    fn configured(&self, company: Option<&CompanyRow>) -> Option<Denomination> {
        let has_none = company.is_some_and(|company| company.currency.is_none());
        let currency = self.configured.clone().filter(|_| has_none || self.by_id.is_empty())?;
        // Where there is one currency only, the fields without a prefix are in it.
        Some(Denomination { currency, basis: CurrencyBasis::Configured, side: Side::Client })
    }
}

/// The ISO code that a currency is named by.
fn code(row: &Row) -> Option<String> {
    let name = row.line("name").ok().flatten()?;
    (name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::fields::amount::Amount;
    use rust_decimal::Decimal;

    fn currencies(internal: bool) -> Currencies {
        let rows = [
            json!({"id": 1, "name": "USD", "isInternalCurrency": internal}),
            json!({"id": 2, "name": "eur", "isInternalCurrency": false}),
            json!({"id": 3, "name": "Taler"}),
        ];
        let rows: Vec<KeyedRow> =
            (1..).zip(rows.map(|row| Row::new(row).expect("a row"))).collect();
        Currencies::read(&rows)
    }

    fn company(currency: Option<i64>) -> CompanyRow {
        CompanyRow { id: 7, name: "Acme".to_owned(), active: true, currency }
    }

    fn amount(client: i64, internal: Option<i64>) -> Amount {
        Amount { client: Some(Decimal::from(client)), internal: internal.map(Decimal::from) }
    }

    /// The currency, where it is from, and what is read of an amount of 10 and 7.
    fn shown(denomination: &Denomination) -> String {
        let read = denomination.of(&amount(10, Some(7))).unwrap_or_default();
        format!("{read} {} {}", denomination.currency, denomination.basis)
    }

    #[test]
    fn a_currency_that_cannot_be_read_is_the_internal_one_with_its_amounts() {
        let known = currencies(true);
        assert_eq!(shown(&known.of(Some(&company(Some(2))))), "10 EUR client");
        assert_eq!(shown(&known.of(Some(&company(None)))), "7 USD internal");
        assert_eq!(shown(&known.of(Some(&company(Some(3))))), "7 USD internal");
        assert_eq!(shown(&known.of(Some(&company(Some(9))))), "7 USD internal");
        assert_eq!(shown(&known.of(None)), "7 USD internal");
        assert_eq!(shown(&currencies(false).of(Some(&company(None)))), "10 XXX unknown");
    }

    #[test]
    fn a_tenant_that_names_no_currency_has_the_configured_one() {
        let aud = || Some(Currency::new("AUD"));
        let none = Currencies::default().else_in(aud());
        for company in [Some(&company(None)), Some(&company(Some(1))), None] {
            assert_eq!(shown(&none.of(company)), "10 AUD configured");
            assert_eq!(shown(&Currencies::default().of(company)), "10 XXX unknown");
        }
        // It never stands in for one that the tenant has.
        let known = currencies(true).else_in(aud());
        assert_eq!(shown(&known.of(Some(&company(Some(2))))), "10 EUR client");
        assert_eq!(shown(&known.of(Some(&company(None)))), "7 USD internal");
        let no_internal = currencies(false).else_in(aud());
        assert_eq!(shown(&no_internal.of(Some(&company(None)))), "10 AUD configured");
        assert_eq!(shown(&no_internal.of(Some(&company(Some(3))))), "10 XXX unknown");
        assert_eq!(shown(&no_internal.of(None)), "10 XXX unknown");
    }

    #[test]
    fn an_amount_without_an_internal_one_is_never_called_internal() {
        let known = currencies(true);
        let bare = [amount(10, Some(7)), amount(12, None)];
        let strange = known.of(Some(&company(Some(9)))).fitting(&bare);
        assert_eq!(shown(&strange), "10 XXX unknown");
        assert_eq!(strange.of(&bare[1]), Some(Decimal::from(12)));
        // A client without a currency of its own is billed in the tenant's.
        let plain = known.of(Some(&company(None))).fitting(&bare);
        assert_eq!(plain.of(&bare[1]), Some(Decimal::from(12)));
        assert_eq!(plain.currency, Currency::new("USD"));
    }
}
