//! What labels of picklists say: in English, in German, or in the words of an MSP that made its
//! own. The numbers stay (the Autotask facts, section 9.14). It knows no field.

/// The language of the picklists' labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// As Autotask ships them.
    #[default]
    English,
    /// In another language.
    German,
    /// Renamed by the MSP.
    Own,
}

/// Labels: in English, in German, in an MSP's own words.
const LABELS: [(&str, &str, &str); 30] = [
    ("Active", "Aktiv", "In Effect"),
    ("Inactive", "Inaktiv", "Shelved"),
    ("Monthly", "Monatlich", "Every month"),
    ("Quarterly", "Vierteljährlich", "Every 3 months"),
    ("Semi-Annual", "Halbjährlich", "Every 6 months"),
    ("Yearly", "Jährlich", "Every 12 months"),
    ("One-Time", "Einmalig", "Just once"),
    ("Time & Materials", "Nach Aufwand", "By the hour"),
    ("Fixed Price", "Festpreis", "Project"),
    ("Block Hours", "Stundenkontingent", "Prepaid"),
    ("Retainer", "Vorauszahlung", "Deposit"),
    ("Recurring Service", "Wiederkehrende Leistung", "Managed"),
    ("Incident", "Pro Ticket", "Ticket pack"),
    ("Managed Services", "Betreuung", "MS"),
    ("Projects", "Projekte", "P"),
    ("Legacy Plans", "Altverträge", "Old"),
    ("Bill Immediately", "Sofort abrechnen", "Now"),
    ("Bill on Timesheet Approval", "Nach Freigabe abrechnen", "Later"),
    ("Yes", "Ja", "Y"),
    ("No", "Nein", "N"),
    ("In Progress", "In Arbeit", "Open"),
    ("Ready to Bill", "Abrechenbar", "To bill"),
    ("Billed", "Abgerechnet", "Done"),
    ("Operational", "Betrieblich", "Opex"),
    ("Capitalized", "Aktiviert", "Capex"),
    ("Customer", "Kunde", "Client"),
    ("Vendor", "Lieferant", "Supplier"),
    ("Number of Users", "Anzahl Benutzer", "Heads"),
    ("Number of Devices", "Anzahl Geräte", "Boxes"),
    ("Fixed Number", "Feste Anzahl", "Flat"),
];

impl Language {
    /// A label in this language; one that has no translation stays as it is.
    pub(crate) fn label(self, english: &'static str) -> &'static str {
        let known = LABELS.iter().find(|(label, ..)| *label == english);
        match (self, known) {
            (Language::German, Some((_, german, _))) => german,
            (Language::Own, Some((.., own))) => own,
            _ => english,
        }
    }
}
