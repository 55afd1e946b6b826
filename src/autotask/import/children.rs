//! What stands below agreements: the fewest queries for what each type of agreement can have.
//!
//! ```text
//! recurring service                            fixed price, block hours, retainer,
//!   ________|_____________________             incident: one entity each; any: charges
//!       services            bundles            |
//!           |_________________|                the picklist of their status
//!            names and contents                billing rules of fixed prices
//!           |                 |
//!   units: see `billed` and `units`
//! ```
//!
//! Everything beside each other is asked for at the same time, and nothing where no agreement can
//! have it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::identity;
use std::sync::Arc;

use chrono::NaiveDate;
use futures_util::future::try_join_all;
use strum::VariantArray;

use super::assemble::{Lines, Purchases};
use super::reading::Reading;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::meta::catalogue::Entries;
use crate::autotask::meta::entity_fields::EntityFields;
use crate::autotask::meta::labels::{self, AgreementKind};
use crate::autotask::query::filter::Query;
use crate::autotask::rows::companies::ContractRow;
use crate::autotask::rows::lines::{LineKind, LineRow};
use crate::autotask::rows::purchases::{PurchaseKind, PurchaseRow};
use crate::autotask::rows::rules::{self, RulesOf};
use crate::autotask::rows::units::Units;

/// ChildFetcher below agreements that were read.
pub(in crate::autotask) struct ChildFetcher<'a> {
    pub reading: &'a Reading<'a>,
    pub contracts: &'a [ContractRow],
    /// The fields of Contracts.
    pub fields: &'a EntityFields,
    pub today: NaiveDate,
    /// Whether clients were asked for, so that only what is below their agreements is asked for;
    /// else everything is walked, which is fewer requests when every client is read.
    pub asked: bool,
}

/// Lines of one kind.
struct OfKind {
    kind: LineKind,
    rows: Vec<LineRow>,
}

impl OfKind {
    /// What of the catalogue they are.
    fn items(&self) -> BTreeSet<i64> {
        self.rows.iter().filter_map(|row| Some(row.details.as_ref().ok()?.item)).collect()
    }
}

impl ChildFetcher<'_> {
    /// Services, then bundles.
    pub async fn lines(&self) -> Result<Vec<Lines>, AutotaskError> {
        let recurring = self.agreements(|kind| kind == Some(AgreementKind::RecurringService));
        if recurring.is_empty() {
            return Ok(Vec::new());
        }
        let services = self.of_kind(LineKind::Service, &recurring);
        let bundles = self.of_kind(LineKind::Bundle, &recurring);
        let (services, bundles) = tokio::try_join!(services, bundles)?;
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let contents = match bundles.items() {
            items if items.is_empty() => BTreeMap::new(),
            items => {
                let contents = catalogue.contents(&items, asking).await;
                self.reading.hidden.or_nothing(Entity::ServiceBundleServices, contents)?
            }
        };
        // The names of all services at once: those of lines and those in bundles.
        let mut named = services.items();
        named.extend(contents.values().flatten());
        let held = bundles.items();
        let service_names = self.entries(LineKind::Service, &named);
        let bundle_names = self.entries(LineKind::Bundle, &held);
        let (service_names, bundle_names) = tokio::try_join!(service_names, bundle_names)?;
        let texts = contents.iter().filter(|(_, services)| !services.is_empty());
        let texts = texts.map(|(bundle, services)| (*bundle, in_words(services, &service_names)));
        let contents = texts.collect();
        let lines = [(services, service_names, BTreeMap::new()), (bundles, bundle_names, contents)];
        let billed = lines.map(|(lines, names, contents)| self.billed(lines, names, contents));
        try_join_all(billed).await
    }

    /// What the catalogue says of these; what it said the last time, where it is not shown any more.
    async fn entries(&self, kind: LineKind, ids: &BTreeSet<i64>) -> Result<Entries, AutotaskError> {
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        match catalogue.entries(kind, ids, asking).await {
            Err(error) if error.hides_the_entity() => {
                self.reading.hidden.note(kind.catalogue(), &error);
                Ok(catalogue.known_entries(kind, ids).await)
            }
            read => read,
        }
    }

    /// Everything that is bought once, and the billing rules of fixed price agreements, by agreement.
    /// Charges come last: purchases and rules tell how many there are below most agreements.
    pub async fn purchases(
        &self,
    ) -> Result<(Vec<Purchases>, HashMap<i64, RulesOf>), AutotaskError> {
        let others =
            PurchaseKind::VARIANTS.iter().copied().filter(|kind| *kind != PurchaseKind::Charge);
        let others = try_join_all(others.map(|kind| self.purchases_of(kind)));
        let (mut purchases, rules) = tokio::try_join!(others, self.rules())?;
        let charges = self.charges_made(&purchases, &rules);
        self.reading.counts.of(Entity::ContractCharges, |known| known.assume(None, charges));
        purchases.push(self.purchases_of(PurchaseKind::Charge).await?);
        Ok((purchases, rules))
    }

    /// How many charges Autotask makes by itself, by agreement: one for each purchase, below which
    /// nothing else is charged (section 9.7 of the Autotask facts), and one a period for each rule,
    /// of which a month is the shortest (section 9.8).
    fn charges_made(
        &self,
        purchases: &[Purchases],
        rules: &HashMap<i64, RulesOf>,
    ) -> HashMap<i64, usize> {
        let is_prepaid = |kind: Option<AgreementKind>| {
            kind.is_some_and(|kind| {
                PurchaseKind::VARIANTS.iter().any(|one| one.is_prepaid() && kind.can_have(*one))
            })
        };
        let mut made: HashMap<i64, usize> =
            self.agreements(is_prepaid).into_iter().map(|agreement| (agreement, 0)).collect();
        let bought = purchases.iter().filter(|list| list.kind.is_prepaid());
        for agreement in bought.flat_map(|list| &list.rows).filter_map(|row| row.contract) {
            *made.entry(agreement).or_default() += 1;
        }
        made.extend(rules.iter().map(|(agreement, rules)| (*agreement, rules.months(self.today))));
        made
    }

    /// The agreements whose type is as wanted.
    fn agreements(&self, wanted: impl Fn(Option<AgreementKind>) -> bool) -> BTreeSet<i64> {
        let fits = |contract: &&ContractRow| {
            wanted(labels::agreement_type(self.fields, contract.kind).kind)
        };
        self.contracts.iter().filter(fits).map(|contract| contract.id).collect()
    }

    /// All rows of `entity` that may stand below `agreements`.
    pub(in crate::autotask) fn query(&self, entity: Entity, agreements: &BTreeSet<i64>) -> Query {
        let query = Query::all(entity);
        if self.asked { query.within("contractID", agreements.iter().copied()) } else { query }
    }

    /// The lines below `agreements`.
    async fn of_kind(
        &self,
        kind: LineKind,
        agreements: &BTreeSet<i64>,
    ) -> Result<OfKind, AutotaskError> {
        let query = self.query(kind.lines(), agreements);
        let lines = self.reading.rows(&query, |row| LineRow::read(kind, &row)).await;
        let mut rows = self.reading.hidden.or_nothing(kind.lines(), lines)?;
        rows.retain(|row| row.contract.is_none_or(|id| agreements.contains(&id)));
        Ok(OfKind { kind, rows })
    }

    /// The same with what they bill, and what the picklists of the catalogue mean.
    async fn billed(
        &self,
        OfKind { kind, rows }: OfKind,
        entries: Entries,
        contents: BTreeMap<i64, String>,
    ) -> Result<Lines, AutotaskError> {
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let mut catalogue_fields = Arc::default();
        let strange = |number: i64| !labels::is_known_cycle(number);
        if entries.values().filter_map(|entry| entry.period).any(strange) {
            let fields = catalogue.fields(kind.catalogue(), asking).await;
            let fields = self.reading.hidden.or_nothing(kind.catalogue(), fields)?;
            let values = entries.values().map(|entry| ("periodType", entry.period));
            let read = catalogue.explaining(kind.catalogue(), fields, values, asking).await;
            catalogue_fields = self.reading.hidden.or_nothing(kind.catalogue(), read)?;
        }
        let units = match self.units(kind, &rows, &entries, &catalogue_fields).await {
            Err(error) if error.hides_the_entity() => {
                self.reading.hidden.note(kind.units(), &error);
                Units::unread(kind.units(), &error)
            }
            units => units?,
        };
        Ok(Lines { kind, rows, units, entries, catalogue_fields, contents })
    }

    /// The billing rules of fixed price agreements; nothing where the zone does not
    /// show them, because charges are then told one by one.
    async fn rules(&self) -> Result<HashMap<i64, RulesOf>, AutotaskError> {
        let fixed = self.agreements(|kind| kind == Some(AgreementKind::FixedPrice));
        if fixed.is_empty() {
            return Ok(HashMap::new());
        }
        let query = self.query(Entity::ContractBillingRules, &fixed);
        match self.reading.rows(&query, identity).await {
            Ok(rows) => Ok(rules::by_agreement(&rows)),
            Err(error @ AutotaskError::NoPermission { .. }) => {
                self.reading.hidden.note(Entity::ContractBillingRules, &error);
                Ok(HashMap::new())
            }
            Err(error) if error.is_about_the_entity() => {
                tracing::debug!("billing rules are not read: {error}");
                Ok(HashMap::new())
            }
            Err(error) => Err(error),
        }
    }

    async fn purchases_of(&self, kind: PurchaseKind) -> Result<Purchases, AutotaskError> {
        let (catalogue, asking) = (self.reading.catalogue, self.reading.asking());
        let agreements = self.agreements(|agreement| match agreement {
            Some(agreement) => agreement.can_have(kind),
            None => kind == PurchaseKind::Charge,
        });
        let mut rows = Vec::new();
        if !agreements.is_empty() {
            let query = self.query(kind.entity(), &agreements);
            let read = self.reading.rows(&query, |row| PurchaseRow::read(kind, &row)).await;
            rows.extend(self.reading.hidden.or_nothing(kind.entity(), read)?);
            rows.retain(|row| row.contract.is_none_or(|id| agreements.contains(&id)));
        }
        let mut fields = Arc::default();
        let statuses = || rows.iter().filter_map(|row| row.details.as_ref().ok()?.status);
        let is_strange = |number: i64| !kind.is_prepaid() || !labels::is_known_status(number);
        if statuses().any(is_strange) {
            let entity = kind.entity();
            let known = catalogue.fields(entity, asking).await;
            let known = self.reading.hidden.or_nothing(entity, known)?;
            let values = statuses().map(|status| ("status", Some(status)));
            let read = catalogue.explaining(entity, known, values, asking).await;
            fields = self.reading.hidden.or_nothing(entity, read)?;
        }
        Ok(Purchases { kind, rows, fields })
    }
}

fn in_words(services: &[i64], names: &Entries) -> String {
    let name = |id: &i64| {
        let name = names.get(id).and_then(|entry| entry.name.clone());
        name.unwrap_or_else(|| format!("service {id}"))
    };
    let mut words: Vec<String> = services.iter().map(name).collect();
    words.sort();
    words.join(", ")
}
