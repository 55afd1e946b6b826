//! Where stories, generator and edits write agreements and their lines: the arithmetic of prices
//! (units times unit price, in both currencies) stands here once. It knows no particular client.

use chrono::{NaiveDate, NaiveDateTime};
use rust_decimal::Decimal;

use super::entity::Entity;
use super::periods::{Periods, Span, eve, months_of, shift};
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
        })
    }

    pub(crate) fn periods(&self) -> Periods {
        Periods { start: self.start, end: self.end, months: months_of(self.period) }
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

/// Whether a line is of a service or of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    Service,
    Bundle,
}

impl LineKind {
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

    /// The field that holds the id in the catalogue.
    fn item(self) -> &'static str {
        match self {
            LineKind::Service => "serviceID",
            LineKind::Bundle => "serviceBundleID",
        }
    }
}

/// A service or bundle line of an agreement.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) id: i64,
    pub(crate) contract: i64,
    /// The service or bundle in the catalogue.
    pub(crate) item: i64,
    pub(crate) units: i64,
    /// For one unit and one period, in the client's currency.
    pub(crate) price: Decimal,
    pub(crate) cost: Decimal,
    pub(crate) rate: Decimal,
}

impl Line {
    /// A line on this agreement; prices in cents.
    pub(crate) fn new(on: &Agreement, id: i64, item: i64, units: i64, prices: (i64, i64)) -> Line {
        Line {
            kind: LineKind::Service,
            id,
            contract: on.id,
            item,
            units,
            price: cents(prices.0),
            cost: cents(prices.1),
            rate: rate(on.currency),
        }
    }

    /// The row of the line; `text` is what the invoice says.
    pub(crate) fn row(&self, text: &str) -> Row {
        let internal = self.price * self.rate;
        let row = Row::new(self.kind.lines().schema(), self.id)
            .with("contractID", self.contract)
            .with(self.kind.item(), self.item)
            .with("invoiceDescription", text)
            .with("unitPrice", self.price)
            .with("internalCurrencyUnitPrice", internal)
            .with("internalCurrencyAdjustedPrice", internal);
        match self.kind {
            LineKind::Service => row.with("unitCost", self.cost),
            LineKind::Bundle => row.with("adjustedPrice", self.price),
        }
    }

    /// A row of units: price and cost are the extended amounts of the period (section 4.2).
    pub(crate) fn unit_row(&self, id: i64, (start, end): Span, posted: bool) -> Row {
        let units = Decimal::from(self.units);
        let price = self.price * units;
        Row::new(self.kind.units().schema(), id)
            .with("contractID", self.contract)
            .with(self.kind.parent(), self.id)
            .with(self.kind.item(), self.item)
            .with("startDate", start)
            .with("endDate", end)
            .with("units", self.units)
            .with("price", price)
            .with("cost", self.cost * units)
            .with("internalCurrencyPrice", price * self.rate)
            .with("approveAndPostDate", posted.then(|| at(start, 6, 15, 147)))
    }
}

/// The tables while they are written.
#[derive(Debug)]
pub(crate) struct Book {
    pub(crate) today: NaiveDate,
    pub(crate) tables: Tables,
    /// Periods with unit rows before and after the current one.
    pub(crate) before: i32,
    pub(crate) after: i32,
}

impl Book {
    pub(crate) fn add(&mut self, row: Row) {
        self.tables.insert(row);
    }

    /// A line with units in the periods around today.
    pub(crate) fn line(&mut self, on: &Agreement, line: &Line, text: &str) {
        self.add(line.row(text));
        for span in on.periods().around(self.today, self.before, self.after) {
            self.units(line, span);
        }
    }

    /// Units of a line in one period; past periods are posted.
    pub(crate) fn units(&mut self, line: &Line, span: Span) {
        let id = self.tables.of(line.kind.units()).next_id();
        self.add(line.unit_row(id, span, span.1 < self.today));
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
