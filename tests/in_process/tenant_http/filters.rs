//! Filters and refusals of queries, as the service words them.

use serde_json::{Value, json};

use super::support::{Api, everything};

async fn refusal(entity: &str, body: Value) -> String {
    let api = Api::stories().await;
    let reply = api.post(&format!("V1.0/{entity}/query"), &body).await;
    assert_eq!(reply.status, 500, "{}", reply.text);
    let counted = api.post(&format!("V1.0/{entity}/query/count"), &body).await;
    assert_eq!(counted.error(), reply.error());
    reply.error()
}

#[tokio::test]
async fn conditions_select_rows() {
    let api = Api::stories().await;
    let rows = |filter| api.query("Contracts", filter);
    let own = rows(json!([{"op": "eq", "field": "companyID", "value": 0}])).await;
    assert_eq!(own.ids(), [29_600_001]);
    let both = rows(json!([{"op": "in", "field": "companyID", "value": [0, 174]}])).await;
    assert_eq!(both.ids(), [29_600_001, 29_683_353, 29_683_354]);
    let signed = rows(json!([{"op": "eq", "field": "Bonus", "value": "Yes", "udf": true}])).await;
    assert_eq!(signed.ids(), [29_683_353]);
    let either = rows(json!([{"op": "or", "items": [
        {"op": "eq", "field": "status", "value": 7},
        {"op": "beginsWith", "field": "contractName", "value": "renewal of"},
    ]}]));
    assert_eq!(either.await.ids(), [29_683_602, 29_683_701]);
    let walk = rows(json!([
        {"op": "gt", "field": "id", "value": 29_683_602},
        {"op": "lte", "field": "id", "value": 29_683_801},
        {"op": "notin", "field": "companyID", "value": [180]},
    ]));
    assert_eq!(walk.await.ids(), [29_683_701, 29_683_702]);
}

#[tokio::test]
async fn keys_have_no_case() {
    let api = Api::stories().await;
    let body = json!({
        "MaxRecords": 2,
        "IncludeFields": ["ID", "contractname"],
        "Filter": [{"Op": "EXIST", "Field": "Id"}],
    });
    let items = api.post("V1.0/Contracts/query", &body).await.items();
    assert_eq!(items.len(), 2);
    assert_eq!(
        items[0],
        json!({"id": 29_600_001, "contractName": "Internal Systems", "userDefinedFields": []})
    );
}

#[tokio::test]
async fn units_of_a_day_are_found_by_their_dates() {
    let api = Api::stories().await;
    for (from, to) in [
        ("2026-09-08", "2026-09-08"),
        ("2026-09-08T00:00:00", "2026-09-08T23:59:59"),
        ("2026-09-08T00:00:00Z", "2026-09-08T23:59:59Z"),
    ] {
        let filter = json!([
            {"op": "eq", "field": "contractID", "value": 29_683_353},
            {"op": "lte", "field": "startDate", "value": to},
            {"op": "gte", "field": "endDate", "value": from},
        ]);
        assert_eq!(api.query("ContractServiceUnits", filter).await.items().len(), 3, "{from}");
    }
}

#[tokio::test]
async fn an_unknown_operator_returns_everything() {
    let api = Api::stories().await;
    let all = api.query("Contracts", everything()).await.ids();
    let like = json!([{"op": "like", "field": "contractName", "value": "nothing"}]);
    assert_eq!(api.query("Contracts", like).await.ids(), all);
}

#[tokio::test]
async fn an_unknown_field_is_named() {
    assert_eq!(
        refusal("Contracts", json!({"filter": [{"op": "eq", "field": "projectID", "value": 1}]}))
            .await,
        "Unable to find projectID in the Contract Entity."
    );
    assert_eq!(
        refusal(
            "Contracts",
            json!({"filter": [{"op": "eq", "field": "X", "value": 1, "udf": true}]})
        )
        .await,
        "Unable to find X in the Contract Entity."
    );
    let include = json!({"includeFields": ["nope"], "filter": everything()});
    assert_eq!(refusal("Contracts", include).await, "Unable to find nope in the Contract Entity.");
}

#[tokio::test]
async fn a_missing_filter_is_refused() {
    refusal("Contracts", json!({})).await;
    let api = Api::stories().await;
    assert_eq!(api.get("V1.0/Contracts/query").await.status, 500);
}

#[tokio::test]
async fn a_wrong_type_is_refused() {
    let text =
        refusal("Contracts", json!({"filter": [{"op": "eq", "field": "companyID", "value": "x"}]}));
    let wanted = "Conversion failed when converting varchar 'x' to data type int";
    assert_eq!(text.await, wanted);
}

#[tokio::test]
async fn fields_that_cannot_be_queried_are_refused() {
    for (entity, field) in [
        ("ContractBlocks", "hoursApproved"),
        ("ContractRetainers", "amountApproved"),
        ("ContractRetainers", "internalCurrencyAmountApproved"),
        ("ContractTicketPurchases", "ticketsUsed"),
        ("Companies", "stockSymbol"),
        ("Companies", "stockMarket"),
        ("Companies", "sicCode"),
        ("Companies", "assetValue"),
    ] {
        let filter = json!({"filter": [{"op": "exist", "field": field}]});
        assert!(refusal(entity, filter).await.contains(field));
    }
}

#[tokio::test]
async fn page_sizes_outside_1_to_500_are_refused() {
    for size in [0, 501, -1] {
        let body = json!({"maxRecords": size, "filter": everything()});
        assert_eq!(
            refusal("Contracts", body).await,
            "maxCountOfRecordsToReturn must be between 1 and 500"
        );
    }
}

#[tokio::test]
async fn more_than_500_alternatives_are_refused() {
    let ids: Vec<i64> = (0..501).collect();
    let body = json!({"filter": [{"op": "in", "field": "id", "value": ids}]});
    assert_eq!(
        refusal("Contracts", body).await,
        "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
    );
}
