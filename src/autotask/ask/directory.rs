//! Every company, and how many agreements it has.

use std::collections::BTreeMap;

use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::query::filter::Query;
use crate::autotask::query::paginate::paginate;
use crate::autotask::rows::companies::{CompanyRow, nameless_company};
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_LIST;
use crate::model::ClientId;

/// A company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Whether it is active in Autotask.
    pub active: bool,
    /// How many agreements it has, of any type and status.
    pub agreements: u32,
}

/// Every company by id, also one that is only known from its agreements.
pub(in crate::autotask) async fn directory(
    connection: &Connection,
    progress: &Progress,
) -> Result<Vec<Company>, AutotaskError> {
    let companies = Query::all(Entity::Companies).fields(CompanyRow::FIELDS);
    let contracts = Query::all(Entity::Contracts).fields(&["id", "companyID"]);
    let company = |row: KeyedRow| CompanyRow::read(&row);
    let owner = |(id, row): KeyedRow| (id, row.integer("companyID"));
    let (companies, contracts) = tokio::try_join!(
        paginate(connection, &companies, FOR_A_LIST, progress, company),
        paginate(connection, &contracts, FOR_A_LIST, progress, owner),
    )?;
    let mut directory: BTreeMap<i64, Company> = BTreeMap::new();
    for CompanyRow { id, name, active, currency: _ } in companies {
        directory.insert(id, Company { id: ClientId(id), name, active, agreements: 0 });
    }
    for (contract, owner) in contracts {
        let Ok(Some(id)) = owner else {
            tracing::warn!(contract, "Autotask gave an agreement without a company");
            continue;
        };
        let hidden = || Company {
            id: ClientId(id),
            name: nameless_company(id),
            active: true,
            agreements: 0,
        };
        directory.entry(id).or_insert_with(hidden).agreements += 1;
    }
    Ok(directory.into_values().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::script::Script;

    #[tokio::test]
    async fn companies_are_listed_with_their_agreements_and_zero_is_one_of_them() {
        let script = Script::new();
        script.rows(
            "Companies",
            vec![
                json!({"id": 0, "companyName": "The MSP", "isActive": true}),
                json!({"id": 7, "companyName": " Acme ", "isActive": false}),
            ],
        );
        script.rows(
            "Contracts",
            vec![
                json!({"id": 1, "companyID": 7}),
                json!({"id": 2, "companyID": 7}),
                json!({"id": 3, "companyID": 9}),
                json!({"id": 4}),
            ],
        );
        let found = directory(&script.connection(), &Progress::new()).await.expect("companies");
        let found: Vec<_> =
            found.iter().map(|c| (c.id.0, c.name.as_str(), c.active, c.agreements)).collect();
        assert_eq!(
            found,
            [(0, "The MSP", true, 0), (7, "Acme", false, 2), (9, "company 9", true, 1),]
        );
        assert_eq!(script.bodies("Companies/query")[0]["includeFields"][1], "companyName");
    }
}
