//! Asking again for items that were missing from an answer.
//!
//! An absent row is not a deletion until the row has been asked for by its id (section 4.1 of the
//! Autotask facts: deletions are never reported), and until Autotask also counts as many rows as it
//! gave: an answer that lost some on the way looks like any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::autotask::fields::row::{BadField, KeyedRow, Row};
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::query::filter::{BEFORE_ALL, Query, Within};
use crate::autotask::query::paginate::paginate;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;
use crate::model::{ClientId, ItemKey, ItemKind};

/// An item that still exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Located {
    /// The item.
    pub key: ItemKey,
    /// The company it belongs to now; none where that cannot be told: its agreement is hidden, or the
    /// row does not say it so that it can be read.
    pub client: Option<ClientId>,
}

/// Which of `keys` still exist and to whom they belong, by key; the others are gone. Contracts made
/// by hand are not Autotask's and are never located.
pub(in crate::autotask) async fn locate(
    connection: &Connection,
    keys: &[ItemKey],
    progress: &Progress,
) -> Result<Vec<Located>, AutotaskError> {
    // Which agreement each addition that was found stands below.
    let mut parents: BTreeMap<ItemKey, Option<i64>> = BTreeMap::new();
    for kind in ItemKind::ALL.into_iter().filter(|kind| *kind != ItemKind::Agreement) {
        let Some(entity) = Entity::of_kind(kind) else { continue };
        let ids = ids_of(keys, kind);
        for (id, parent) in owners(connection, entity, "contractID", ids, progress).await? {
            parents.insert(ItemKey::new(kind, id), parent);
        }
    }
    let mut agreements = ids_of(keys, ItemKind::Agreement);
    agreements.extend(parents.values().flatten());
    let clients = owners(connection, Entity::Contracts, "companyID", agreements, progress).await?;

    let mut located = Vec::new();
    for key in keys.iter().copied().collect::<BTreeSet<_>>() {
        let agreement = match key.is_agreement() {
            true => Some(key.id),
            false => match parents.get(&key) {
                Some(agreement) => *agreement,
                None => continue,
            },
        };
        let client = agreement.and_then(|agreement| clients.get(&agreement));
        match client {
            Some(client) => located.push(Located { key, client: client.map(ClientId) }),
            None if key.is_agreement() => {}
            // It exists, but whose it is cannot be told: calling it gone would be a guess.
            None => {
                if let Some(agreement) = agreement {
                    tracing::warn!("{key} belongs to contract {agreement}, which does not exist");
                }
                located.push(Located { key, client: None });
            }
        }
    }
    Ok(located)
}

/// The value of `owner` of each row of `entity` that exists among `ids`; none where it cannot be read:
/// one such row must not be in the way of all that were asked for with it.
async fn owners(
    connection: &Connection,
    entity: Entity,
    owner: &'static str,
    ids: BTreeSet<i64>,
    progress: &Progress,
) -> Result<BTreeMap<i64, Option<i64>>, AutotaskError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let fields: &[&str] =
        if entity == Entity::Contracts { &["id", "companyID"] } else { &["id", "contractID"] };
    let query = Query::all(entity).within("id", ids).fields(fields);
    let owner = |(id, row): KeyedRow| (id, row.needed_integer(owner));
    let rows = paginate(connection, &query, FOR_A_RUN, progress, owner).await?;
    must_be_all(connection, &query, &rows, progress).await?;
    let told = |(id, owner): (i64, Result<i64, BadField>)| {
        if let Err(bad) = &owner {
            tracing::warn!("whose row {id} of {entity} is cannot be told: {}", bad.reason);
        }
        (id, owner.ok())
    };
    Ok(rows.into_iter().map(told).collect())
}

/// Refuses an answer that lacks rows which Autotask counts. Asks only where rows are missing.
async fn must_be_all(
    connection: &Connection,
    query: &Query,
    rows: &[(i64, Result<i64, BadField>)],
    progress: &Progress,
) -> Result<(), AutotaskError> {
    let all = Query { fields: &[], ..query.clone() };
    for piece in query.within.iter().flat_map(Within::pieces) {
        let given = rows.iter().filter(|(id, _)| piece.ids.binary_search(id).is_ok()).count();
        if given == piece.ids.len() {
            continue;
        }
        let request = Request::count(query.entity, all.body(Some(&piece), BEFORE_ALL));
        let answer = connection.ask(&request, FOR_A_RUN, progress).await?;
        let count = Row::new(answer).and_then(|answer| answer.integer("queryCount").ok().flatten());
        let reason = match count {
            Some(count) if usize::try_from(count) == Ok(given) => continue,
            Some(count) => format!("Autotask counts {count} rows but returned {given}"),
            None => "it counts nothing".to_owned(),
        };
        return Err(AutotaskError::Garbled { request: request.to_string(), reason });
    }
    Ok(())
}

fn ids_of(keys: &[ItemKey], kind: ItemKind) -> BTreeSet<i64> {
    keys.iter().filter(|key| key.kind == kind).map(|key| key.id).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::script::Script;

    fn keys(texts: &[&str]) -> Vec<ItemKey> {
        texts.iter().map(|text| text.parse().expect("a key")).collect()
    }

    fn script() -> Script {
        let script = Script::new();
        script.rows(
            "Contracts",
            vec![json!({"id": 1, "companyID": 0}), json!({"id": 2, "companyID": 7})],
        );
        script.rows(
            "ContractServices",
            vec![json!({"id": 10, "contractID": 2}), json!({"id": 11, "contractID": 99})],
        );
        script.rows("ContractMilestones", vec![json!({"id": 10, "contractID": 1})]);
        script
    }

    #[tokio::test]
    async fn what_exists_is_located_and_what_is_gone_is_absent() {
        let script = script();
        let asked = keys(&["A1", "A3", "S10", "S12", "B10", "M10", "L1"]);
        let located = locate(&script.connection(), &asked, &Progress::new()).await;
        let shown: Vec<String> = located
            .expect("an answer")
            .iter()
            .map(|found| format!("{} of {}", found.key, found.client.expect("known")))
            .collect();
        assert_eq!(shown, ["A1 of 0", "M10 of 0", "S10 of 7"]);
        assert_eq!(script.asked("Contracts/query"), 1);
    }

    #[tokio::test]
    async fn an_addition_whose_agreement_is_hidden_is_not_called_gone() {
        let asked = keys(&["S10", "S11"]);
        let located = locate(&script().connection(), &asked, &Progress::new()).await;
        let owners = [Some(ClientId(7)), None];
        let expected = asked.iter().zip(owners).map(|(key, client)| Located { key: *key, client });
        assert_eq!(located, Ok(expected.collect()), "and it spoils no answer for others");
    }

    #[tokio::test]
    async fn one_that_does_not_say_whose_it_is_is_not_called_gone_and_in_nobodys_way() {
        let script = script();
        let strange = json!({"items":[{"id":10,"contractID":{"a":[1]}},{"id":11,"contractID":2}],
            "pageDetails":{"count":2}});
        script.once("ContractServices/query", 200, &strange.to_string());
        let asked = keys(&["S10", "S11"]);
        let located = locate(&script.connection(), &asked, &Progress::new()).await;
        let owners = [None, Some(ClientId(7))];
        let expected = asked.iter().zip(owners).map(|(key, client)| Located { key: *key, client });
        assert_eq!(located, Ok(expected.collect()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_lost_rows_makes_nothing_gone() {
        let script = script();
        let short = r#"{"items":[{"id":1,"companyID":0}],"pageDetails":{"count":1}}"#;
        script.once("Contracts/query", 200, short);
        let located = locate(&script.connection(), &keys(&["A1", "A2"]), &Progress::new()).await;
        let reason = located.expect_err("rows are missing").to_string();
        assert!(reason.contains("Autotask counts 2 rows but returned 1"), "{reason}");
    }

    #[tokio::test]
    async fn nothing_is_asked_when_nothing_is_missing() {
        let script = script();
        let located = locate(&script.connection(), &keys(&["L1"]), &Progress::new()).await;
        assert_eq!(located, Ok(Vec::new()));
        assert_eq!(script.total(), 0);
    }
}
