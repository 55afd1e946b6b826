//! Tenants of other kinds: without currencies, in another language, with rows far ahead.

use lmsyncd::demo::tenant::{Entity, Language, Options, Reading, Tenant};
use serde_json::Value;

use super::support::{Api, everything, today};

#[tokio::test]
async fn a_tenant_without_multi_currency_has_no_currencies() {
    let api = Api::stories().await;
    api.tenant.without_multi_currency();
    assert!(api.query("Currencies", everything()).await.items().is_empty());
    let clients = api.query("Companies", everything()).await.items();
    assert!(clients.iter().all(|row| row["currencyID"].is_null()));
    let line = api.tenant.get(Entity::ContractServices, 55_170).unwrap();
    assert_eq!(line["internalCurrencyUnitPrice"], line["unitPrice"]);
    let rows = api.query("ContractServiceUnits", everything()).await.items();
    assert!(rows.iter().all(|row| row["internalCurrencyPrice"] == row["price"]));
    api.tenant.change_units(55_170, 13).unwrap();
}

#[tokio::test]
async fn labels_are_in_another_language_and_numbers_stay() {
    let api = Api::stories().await;
    let mut seen: Vec<Value> = Vec::new();
    for (language, active, monthly) in [
        (Language::English, "Active", "Monthly"),
        (Language::German, "Aktiv", "Monatlich"),
        (Language::Own, "In Effect", "Every month"),
    ] {
        api.tenant.set_language(language);
        let fields = api.get("V1.0/Contracts/entityInformation/fields").await.json();
        let values = |name: &str| {
            let fields = fields["fields"].as_array().expect("fields");
            let field = fields.iter().find(|field| field["name"] == name).expect("the field");
            field["picklistValues"].as_array().expect("values").clone()
        };
        assert_eq!(values("status")[1]["label"], active);
        assert_eq!(values("status")[1]["value"], "1");
        assert_eq!(values("contractPeriodType")[0]["label"], monthly);
        let numbers = values("contractType").iter().map(|pick| pick["value"].clone()).collect();
        seen.push(Value::Array(numbers));
    }
    assert!(seen.iter().all(|numbers| *numbers == seen[0]));
}

#[tokio::test]
async fn a_generated_tenant_is_as_its_options_have_it() {
    let options = Options { clients: 30, seed: 4, ..Options::default() };
    let near = Tenant::generated_with(today(), &options);
    let far = Tenant::generated_with(today(), &Options { ahead: 120, ..options.clone() });
    let units = |tenant: &Tenant| tenant.count(Entity::ContractServiceUnits);
    assert!(units(&far) > 20 * units(&near), "{} {}", units(&far), units(&near));
    let chained = Options { reading: Some(Reading::Chain), ..options };
    let chained = Tenant::generated_with(today(), &chained);
    assert_eq!(chained.count(Entity::Contracts), near.count(Entity::Contracts));
}
