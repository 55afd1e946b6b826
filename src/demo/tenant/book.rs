//! Where stories, generator and edits write agreements and their lines. What a line bills is worked
//! out in `billing`, and written by `line`. It knows no particular client.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use super::billing::History;
use super::entity::Entity;
use super::line::Line;
use super::periods::{Periods, eve, months_of, shift};
use super::reading::Reading;
use super::row::Row;
use super::table::Tables;

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

/// The tables while they are written.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) today: NaiveDate,
    pub(crate) tables: Tables,
    /// Periods with unit rows before and after the current one.
    pub(crate) before: i32,
    pub(crate) after: i32,
    /// How changes within a period are recorded.
    pub(crate) reading: Reading,
}

impl Book {
    /// Nothing yet.
    pub(crate) fn new(today: NaiveDate, before: i32, after: i32, reading: Reading) -> Book {
        Book { today, tables: Tables::new(), before, after, reading }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.tables.insert(row);
    }

    /// A line that is the same as long as its agreement, with units in the periods around today.
    pub(crate) fn line(&mut self, on: &Agreement, line: &Line, text: &str) {
        self.life(on, line, text, self.history(line));
    }

    /// The history of a line to which nothing has happened yet, in the reading of the book.
    pub(crate) fn history(&self, line: &Line) -> History {
        History::new(line.units, line.price, line.cost, self.reading.of(line.id))
    }

    /// A line with this history, with units in the periods around today; past ones are posted.
    pub(crate) fn life(&mut self, on: &Agreement, line: &Line, text: &str, history: History) {
        let history = History { anchor: history.anchor.or(on.anchor), ..history };
        let periods = history.periods(on.periods());
        let today = history.on(self.today);
        self.add(Line { price: today.price, cost: today.cost, ..line.clone() }.row(text));
        for whole in history.around(&periods, self.today, self.before, self.after) {
            for billed in history.rows(&periods, whole) {
                let id = self.tables.of(line.kind.units()).next_id();
                self.add(line.unit_row(id, &billed, whole.1 < self.today));
            }
        }
        self.tables.remember(line.kind, line.id, history);
    }

    /// A company with what every one has.
    pub(crate) fn company(&mut self, id: i64, name: &str, currency: i64) -> Row {
        let created = at(shift(self.today, -60), 14, 5, 0);
        Row::new(Entity::Companies.schema(), id)
            .with("companyName", name)
            .with("companyNumber", format!("C-{id}"))
            .with("companyType", 1)
            .with("currencyID", currency)
            .with("phone", "555-0100")
            .with("ownerResourceID", 29_682_885)
            .with("createDate", created)
            .with("lastActivityDate", at(eve(self.today), 9, 15, 147))
            .with("lastTrackedModifiedDateTime", at(shift(self.today, -2), 9, 15, 200))
            .with("isActive", true)
            .with("isClientPortalActive", false)
            .with("isTaxExempt", false)
            .with("isTaskFireActive", false)
            .with("isSample", false)
            .with("surveyCompanyRating", Decimal::ZERO)
    }
}
