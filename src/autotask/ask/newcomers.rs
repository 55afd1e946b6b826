//! Agreements that are newer than the newest that is known. Ids only ever grow, so that one request
//! a night, mostly with an empty answer, tells of each.

use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::query::filter::Query;
use crate::autotask::query::paginate::paginate;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;
use crate::model::ClientId;

/// The agreements whose id is above `known`, by id, each with its client.
pub(in crate::autotask) async fn agreements_above(
    connection: &Connection,
    known: i64,
    progress: &Progress,
) -> Result<Vec<(i64, ClientId)>, AutotaskError> {
    let query = Query::all(Entity::Contracts).above(known).fields(&["id", "companyID"]);
    let owner =
        |(id, row): KeyedRow| Some((id, ClientId(row.integer("companyID").ok().flatten()?)));
    let rows = paginate(connection, &query, FOR_A_RUN, progress, owner).await?;
    Ok(rows.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::script::Script;

    #[tokio::test]
    async fn only_newer_agreements_are_asked_for() {
        let script = Script::new();
        let row = |id: i64| json!({"id": id, "companyID": id * 10});
        script.rows("Contracts", (1..=4).map(row).collect());
        let found = agreements_above(&script.connection(), 2, &Progress::new()).await;
        assert_eq!(found.expect("agreements"), [(3, ClientId(30)), (4, ClientId(40))]);
        let none = agreements_above(&script.connection(), 4, &Progress::new()).await;
        assert_eq!(none.expect("agreements"), []);
        let filter = &script.bodies("Contracts/query")[0]["filter"];
        assert_eq!(filter, &json!([{"op": "gt", "field": "id", "value": 2}]));
    }
}
