//! What the MSP sells: currencies, a vendor, services, bundles and what they hold.

use rust_decimal::Decimal;

use crate::demo::tenant::billing::periods::shift;
use crate::demo::tenant::book::Book;
use crate::demo::tenant::book::agreement::{CAD, EUR, USD, at, cents, rate};
use crate::demo::tenant::rows::row::Row;
use crate::demo::tenant::schema::entity::Entity;

/// A service or bundle: id, name, invoice text, period type, price and cost in cents.
pub(crate) type Item = (i64, &'static str, &'static str, i64, i64, i64);

/// The services. Period type 1 is one-time, 2 monthly, 3 quarterly, 5 yearly.
pub(crate) const SERVICES: [Item; 11] = [
    (301, "Workstation Care", "Monitoring and patching per workstation", 2, 2310, 900),
    (302, "Server Care", "Monitoring and patching per server", 2, 8975, 4000),
    (303, "Email Security", "Spam and phishing filter per mailbox", 2, 350, 120),
    (304, "Cloud Backup 100 GB", "Off-site backup per 100 GB", 2, 1200, 500),
    (305, "Microsoft 365 Business Premium", "Licence per user", 2, 2200, 1870),
    (306, "Firewall Management", "Managed firewall", 2, 6500, 2500),
    (307, "Security Review", "Quarterly security review", 3, 45_000, 18_000),
    (308, "Domain Registration", "Domain name per year", 5, 1800, 1100),
    (309, "Phone Line", "Hosted phone line", 2, 1995, 1050),
    (310, "Onboarding", "Onboarding of a new site", 1, 35_000, 20_000),
    (311, "Legacy Antivirus", "Antivirus (no longer sold)", 2, 225, 80),
];

/// The bundles.
pub(crate) const BUNDLES: [Item; 2] = [
    (401, "Complete Workplace", "Workstation, mailbox and licence per user", 2, 6200, 2890),
    (402, "Server Bundle", "Server care with backup", 2, 11_000, 4500),
];

/// What each bundle holds.
const CONTENTS: [(i64, i64); 5] = [(401, 301), (401, 303), (401, 305), (402, 302), (402, 304)];

/// The company that sells to the MSP; it has no agreements.
const VENDOR: i64 = 190;

/// The service that is no longer sold.
const LEGACY: i64 = 311;

pub(super) fn write(book: &mut Book) {
    currencies(book);
    let vendor = book.company(VENDOR, "Cloud Distribution Inc.", USD).with("companyType", 7);
    book.add(vendor);
    for item in SERVICES {
        let row = sold(book, Entity::Services, item).with("isActive", item.0 != LEGACY);
        let row =
            if matches!(item.0, 303..=305) { row.with("vendorCompanyID", VENDOR) } else { row };
        book.add(row);
    }
    for item in BUNDLES {
        let row = sold(book, Entity::ServiceBundles, item)
            .with("isActive", true)
            .with("unitDiscount", Decimal::ZERO)
            .with("percentageDiscount", Decimal::ZERO);
        book.add(row);
    }
    for (place, (bundle, service)) in (501..).zip(CONTENTS) {
        book.add(
            Row::new(Entity::ServiceBundleServices.schema(), place)
                .with("serviceBundleID", bundle)
                .with("serviceID", service),
        );
    }
}

fn sold(book: &Book, entity: Entity, (id, name, text, period, price, cost): Item) -> Row {
    Row::new(entity.schema(), id)
        .with("name", name)
        .with("description", text)
        .with("invoiceDescription", text)
        .with("periodType", period)
        .with("billingCodeID", 29_682_801)
        .with("unitPrice", cents(price))
        .with("unitCost", cents(cost))
        .with("createDate", at(shift(book.today, -48), 8, 30, 0))
        .with("lastModifiedDate", at(shift(book.today, -12), 16, 40, 500))
}

fn currencies(book: &mut Book) {
    for (id, name, text) in
        [(USD, "USD", "US Dollar"), (CAD, "CAD", "Canadian Dollar"), (EUR, "EUR", "Euro")]
    {
        book.add(
            Row::new(Entity::Currencies.schema(), id)
                .with("name", name)
                .with("description", text)
                .with("exchangeRate", rate(id))
                .with("isActive", true)
                .with("isInternalCurrency", id == USD)
                .with("currencyPositiveFormat", "$1.1")
                .with("currencyNegativeFormat", "($1.1)")
                .with("lastModifiedDateTime", at(shift(book.today, -1), 1, 0, 0)),
        );
    }
}
