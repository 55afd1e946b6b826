//! Where stories, generator and edits write agreements and their lines. What a line bills is worked
//! out in `billing`, and written by `line`. It knows no particular client.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use crate::demo::tenant::billing::periods::{Periods, eve, months_of, shift};
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::rows::table::Tables;
use crate::demo::tenant::schema::entity::Entity;

/// Currencies of the tenant; the first is the internal one.
pub(crate) const USD: i64 = 1;
pub(crate) const CAD: i64 = 2;
pub(crate) const EUR: i64 = 3;

/// Contract types and period types by the numbers that were seen (section 4.3).
pub(crate) const TIME_AND_MATERIALS: i64 = 1;
pub(crate) const FIXED_PRICE: i64 = 3;
pub(crate) const BLOCK_HOURS: i64 = 4;
pub(crate) const RETAINER: i64 = 6;
pub(crate) const RECURRING: i64 = 7;
pub(crate) const INCIDENT: i64 = 8;
pub(crate) const MONTHLY: i64 = 2;
pub(crate) const QUARTERLY: i64 = 3;
pub(crate) const SEMI_ANNUAL: i64 = 4;
pub(crate) const YEARLY: i64 = 5;

/// How much of the internal currency one unit of a currency is worth.
pub(crate) fn rate(currency: i64) -> Decimal {
    match currency {
        CAD => Decimal::new(7300, 4),
        EUR => Decimal::new(10800, 4),
        _ => Decimal::ONE,
    }
}

/// Cents as money.
pub(crate) fn cents(cents: i64) -> Decimal {
    Decimal::new(cents, 2)
}

/// An agreement, as far as its lines need to know it.
#[derive(Clone, Debug)]
pub(crate) struct Agreement {
    pub(crate) id: i64,
    pub(crate) company: i64,
    pub(crate) name: String,
    pub(crate) contract_type: i64,
    /// `None` on agreements that do not recur.
    pub(crate) period: Option<i64>,
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    /// 1 active, 0 inactive.
    pub(crate) status: i64,
    pub(crate) currency: i64,
    /// The day that billing periods are counted from, where it is not the start.
    pub(crate) anchor: Option<NaiveDate>,
}

impl Agreement {
    /// An active monthly agreement in the internal currency.
    pub(crate) fn monthly(id: i64, company: i64, name: &str, start: NaiveDate) -> Agreement {
        Agreement {
            id,
            company,
            name: name.to_owned(),
            contract_type: RECURRING,
            period: Some(MONTHLY),
            start,
            end: eve(shift(start, 36)),
            status: 1,
            currency: USD,
            anchor: None,
        }
    }

    /// An active agreement of another type.
    pub(crate) fn other(
        id: i64,
        company: i64,
        name: &str,
        contract_type: i64,
        start: NaiveDate,
    ) -> Agreement {
        Agreement { contract_type, period: None, ..Agreement::monthly(id, company, name, start) }
    }

    /// An agreement as it stands in the tables.
    pub(crate) fn read(tables: &Tables, id: i64) -> Option<Agreement> {
        let row = tables.of(Entity::Contracts).get(id)?;
        let company = row.get("companyID").as_int()?;
        let client = tables.of(Entity::Companies).get(company);
        let currency = client.and_then(|client| client.get("currencyID").as_int());
        Some(Agreement {
            id,
            company,
            name: String::new(),
            contract_type: row.get("contractType").as_int()?,
            period: row.get("contractPeriodType").as_int(),
            start: row.get("startDate").as_date()?,
            end: row.get("endDate").as_date()?,
            status: row.get("status").as_int()?,
            currency: currency.unwrap_or(USD),
            anchor: tables.anchor(id),
        })
    }

    pub(crate) fn periods(&self) -> Periods {
        let months = months_of(self.period);
        let anchor = self.anchor.unwrap_or(self.start);
        Periods { anchor, start: self.start, end: self.end, months }
    }

    /// The row of the agreement.
    pub(crate) fn row(&self) -> Row {
        let changed = at(eve(self.start), 9, 45, 200);
        Row::new(Entity::Contracts.schema(), self.id)
            .with("billingPreference", 2)
            .with("companyID", self.company)
            .with("contractCategory", 12)
            .with("contractName", self.name.as_str())
            .with("contractPeriodType", self.period)
            .with("contractType", self.contract_type)
            .with("startDate", self.start)
            .with("endDate", self.end)
            .with("estimatedCost", Decimal::ZERO)
            .with("estimatedHours", Decimal::ZERO)
            .with("estimatedRevenue", Decimal::ZERO)
            .with("internalCurrencyOverageBillingRate", Decimal::ZERO)
            .with("internalCurrencySetupFee", Decimal::ZERO)
            .with("isCompliant", false)
            .with("isDefaultContract", false)
            .with("lastModifiedDateTime", changed)
            .with("setupFee", Decimal::ZERO)
            .with("status", self.status)
            .with("timeReportingRequiresStartAndStopTimes", 0)
    }
}

/// A moment of a day.
pub(crate) fn at(day: NaiveDate, hour: u32, minute: u32, millis: u32) -> NaiveDateTime {
    day.and_hms_milli_opt(hour, minute, 28, millis).unwrap_or(day.and_time(chrono::NaiveTime::MIN))
}
