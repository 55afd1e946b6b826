//! Reading all rows that a query asks for, page by page.
//!
//! Pages are walked by id (`id gt last`), which is resumable and needs no `nextPageUrl`
//! (section 2.3 of the Autotask facts). Autotask drops a filter that it does not understand and
//! answers with everything, so each page is checked: every row must lie after the cursor, in
//! order, and in the list that was asked for. Where rows span pages, their number is held against
//! `query/count`, so that a walk that lost some is never taken for all there is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::filter::{BEFORE_ALL, PAGE_ROWS, Query, Within};
use crate::autotask::fields::row::{KeyedRow, Row};
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::{RetryPolicy, retry};

/// How often rows that change while they are read are read.
const READINGS: usize = 2;

/// All rows of `query`, by id within each piece of its list.
pub(in crate::autotask) async fn paginate(
    connection: &Connection,
    query: &Query,
    patience: RetryPolicy,
    progress: &Progress,
) -> Result<Vec<KeyedRow>, AutotaskError> {
    let walk = Pagination { connection, query, patience, progress };
    let Some(within) = &query.within else { return walk.all(None).await };
    let mut rows = Vec::new();
    for piece in within.pieces() {
        rows.extend(walk.piece(&piece).await?);
    }
    Ok(rows)
}

/// A walk over the rows of a query; of its list, it knows only the piece that it is given.
#[derive(Clone, Copy)]
pub(in crate::autotask) struct Pagination<'a> {
    pub connection: &'a Connection,
    pub query: &'a Query,
    pub patience: RetryPolicy,
    pub progress: &'a Progress,
}

impl Pagination<'_> {
    /// All rows, whatever list the query has; `counted` if they were counted just now.
    pub async fn all(&self, counted: Option<usize>) -> Result<Vec<KeyedRow>, AutotaskError> {
        self.complete(None, counted).await
    }

    /// All rows in this piece of the list.
    pub async fn piece(&self, piece: &Within) -> Result<Vec<KeyedRow>, AutotaskError> {
        self.complete(Some(piece), None).await
    }

    /// How many rows there are.
    pub async fn count(&self, piece: Option<&Within>) -> Result<usize, AutotaskError> {
        let request = Request::count(self.query.entity, self.query.body(piece, BEFORE_ALL));
        let answer = self.connection.ask(&request, self.patience, self.progress).await?;
        let count = Row::new(answer).and_then(|answer| answer.integer("queryCount").ok().flatten());
        count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| AutotaskError::Garbled {
            request: request.to_string(),
            reason: "it holds no count".to_owned(),
        })
    }

    /// Rows that are all there: where they span pages, as many as Autotask counts. What changes in
    /// between is read once more.
    async fn complete(
        &self,
        piece: Option<&Within>,
        mut counted: Option<usize>,
    ) -> Result<Vec<KeyedRow>, AutotaskError> {
        let entity = self.query.entity;
        for _ in 0..READINGS {
            let Walked { rows, pages, twice } = self.pages(piece).await?;
            // Rows that were added after an earlier count are no reason to read again.
            let earlier = counted.take();
            if earlier == Some(rows.len()) || earlier.is_none() && pages == 1 {
                return Ok(rows);
            }
            let count = self.count(piece).await?;
            // Whether Autotask counts what it sends twice is not known.
            if count == rows.len() || count == rows.len() + twice {
                return Ok(rows);
            }
            tracing::debug!(%entity, count, rows = rows.len(), "rows changed while they were read");
        }
        Err(AutotaskError::RowsChanged { entity })
    }

    /// The rows as they come.
    async fn pages(&self, piece: Option<&Within>) -> Result<Walked, AutotaskError> {
        let Pagination { connection, query, patience, progress } = *self;
        let (mut rows, mut pages, mut twice, mut cursor) = (Vec::new(), 0, 0, BEFORE_ALL);
        // Of ids that were asked for, each is there once at most: then there is nothing to follow.
        let most = piece.filter(|piece| piece.field == "id").map(|piece| piece.ids.len());
        loop {
            progress.reading(query.entity);
            let request = Request::query(query.entity, query.body(piece, cursor));
            // A page that makes no sense may be whole the next time, so reading it is part of the
            // try.
            let page = retry(patience, progress, || async {
                let answer = connection.ask_once(&request, progress).await?;
                Page::read(query, piece, cursor, answer).map_err(|flaw| flaw.error(query, &request))
            })
            .await?;
            progress.page(page.rows.len());
            (pages, twice) = (pages + 1, twice + page.twice);
            let last = page.rows.last().map(|(id, _)| *id);
            rows.extend(page.rows);
            match last {
                Some(last) if page.more && most != Some(rows.len()) => cursor = last,
                _ => return Ok(Walked { rows, pages, twice }),
            }
        }
    }
}

/// Rows of all pages.
struct Walked {
    rows: Vec<KeyedRow>,
    pages: usize,
    /// How many came twice.
    twice: usize,
}

#[derive(Debug)]
struct Page {
    rows: Vec<KeyedRow>,
    /// How many more came, each the same as one of them.
    twice: usize,
    more: bool,
}

/// Why a page cannot be used.
#[derive(Debug, PartialEq, Eq)]
enum PageError {
    Garbled(String),
    FilterIgnored(String),
}

impl PageError {
    fn error(self, query: &Query, request: &Request) -> AutotaskError {
        match self {
            PageError::Garbled(reason) => {
                AutotaskError::Garbled { request: request.to_string(), reason }
            }
            PageError::FilterIgnored(reason) => {
                AutotaskError::FilterIgnored { entity: query.entity, reason }
            }
        }
    }
}

impl Page {
    fn read(
        query: &Query,
        piece: Option<&Within>,
        cursor: i64,
        answer: Value,
    ) -> Result<Page, PageError> {
        let garbled = |reason: String| PageError::Garbled(reason);
        let answer = Row::new(answer).ok_or_else(|| garbled("it is not an object".to_owned()))?;
        let items = match answer.value("items") {
            Some(Value::Array(items)) => items,
            _ => return Err(garbled("it holds no items".to_owned())),
        };
        let wanted: Option<BTreeSet<i64>> = piece.map(|piece| piece.ids.iter().copied().collect());
        let mut rows: Vec<KeyedRow> = Vec::with_capacity(items.len());
        let mut twice = 0;
        for item in items {
            let row =
                Row::new(item.clone()).ok_or_else(|| garbled("an item is no row".to_owned()))?;
            let id = row.needed_integer("id").map_err(|bad| garbled(bad.reason))?;
            let last = rows.last().map_or(cursor, |(id, _)| *id);
            if let Ok(at) = rows.binary_search_by_key(&id, |(id, _)| *id) {
                if rows[at].1 != row {
                    return Err(garbled(format!("two different rows have the id {id}")));
                }
                tracing::warn!(entity = %query.entity, id, "Autotask sent a row twice");
                twice += 1;
                continue;
            }
            if id <= last {
                return Err(PageError::FilterIgnored(format!("row {id} came after row {last}")));
            }
            if let (Some(piece), Some(wanted)) = (piece, &wanted)
                && let Ok(value) = row.integer(piece.field)
                && !value.is_some_and(|value| wanted.contains(&value))
            {
                let reason = format!("row {id} has a {} that was not asked for", piece.field);
                return Err(PageError::FilterIgnored(reason));
            }
            rows.push((id, row));
        }
        let more = more_follows(&answer, items.len())?;
        tracing::trace!(entity = %query.entity, rows = rows.len(), more, "read a page");
        Ok(Page { rows, twice, more })
    }
}

/// Whether more rows follow. The size that the page really had decides, in case Autotask gives
/// less than was asked for.
fn more_follows(answer: &Row, rows: usize) -> Result<bool, PageError> {
    let details = answer.value("pageDetails").cloned().and_then(Row::new);
    let Some(details) = details else { return Ok(rows >= PAGE_ROWS) };
    let number = |name| {
        let number = details.integer(name).ok().flatten();
        number.and_then(|number| usize::try_from(number).ok())
    };
    if let Some(count) = number("count").filter(|count| *count != rows) {
        return Err(PageError::Garbled(format!("it holds {rows} rows but counts {count}")));
    }
    let size = number("requestCount").filter(|size| *size > 0).unwrap_or(PAGE_ROWS);
    Ok(rows >= size.min(PAGE_ROWS) || details.value("nextPageUrl").is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::autotask::script::{Script, contracts};
    use crate::autotask::session::retry::FOR_A_RUN;

    fn page(answer: Value, cursor: i64, within: &[i64]) -> Result<Page, PageError> {
        let query = Query::all(Entity::Contracts);
        let piece = Within::new("companyID", within.iter().copied());
        let piece = (!within.is_empty()).then_some(&piece);
        Page::read(&query, piece, cursor, answer)
    }

    #[test]
    fn a_page_that_ignores_the_cursor_the_order_or_the_list_is_refused() {
        let ignored = |answer, cursor, within: &[i64]| {
            assert!(matches!(page(answer, cursor, within), Err(PageError::FilterIgnored(_))));
        };
        ignored(json!({"items": [{"id": 5}]}), 5, &[]);
        ignored(json!({"items": [{"id": 7}, {"id": 6}]}), 5, &[]);
        ignored(json!({"items": [{"id": 7, "companyID": 2}]}), 5, &[1, 3]);
        ignored(json!({"items": [{"id": 7, "companyID": null}]}), 5, &[1, 3]);
    }

    #[test]
    fn a_row_that_comes_twice_counts_once_and_two_rows_of_one_id_are_named() {
        let row = |name: &str| json!({"id": 7, "contractName": name});
        let details = json!({"count": 3, "requestCount": 500});
        let same = json!({"items": [row("a"), {"id": 9}, row("a")], "pageDetails": details});
        let found = page(same, 5, &[]).expect("a page");
        let ids: Vec<i64> = found.rows.iter().map(|(id, _)| *id).collect();
        assert_eq!((ids, found.twice, found.more), (vec![7, 9], 1, false));
        let other = page(json!({"items": [row("a"), row("b")]}), 5, &[]);
        let named = PageError::Garbled("two different rows have the id 7".to_owned());
        assert_eq!(other.expect_err("which one?"), named);
    }

    #[test]
    fn a_page_without_rows_to_speak_of_is_garbled() {
        for answer in [
            json!([]),
            json!({}),
            json!({"items": null}),
            json!({"items": [1]}),
            json!({"items": [{"name": "no id"}]}),
            json!({"items": [{"id": 1}], "pageDetails": {"count": 2}}),
        ] {
            assert!(matches!(page(answer.clone(), 0, &[]), Err(PageError::Garbled(_))), "{answer}");
        }
    }

    #[test]
    fn a_page_is_followed_when_it_is_full_for_what_autotask_gives() {
        let more = |details: Value| {
            let answer = json!({"items": [{"id": 1}, {"id": 2}], "pageDetails": details});
            page(answer, 0, &[]).expect("a page").more
        };
        assert!(!more(json!({"count": 2, "requestCount": 500, "nextPageUrl": null})));
        assert!(more(json!({"count": 2, "requestCount": 2, "nextPageUrl": null})));
        assert!(more(json!({"count": 2, "requestCount": 500, "nextPageUrl": "https://x"})));
        assert!(!more(Value::Null));
    }

    #[tokio::test]
    async fn a_walk_reads_every_row_once_and_stops_at_a_short_page() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=1001));
        let query = Query::all(Entity::Contracts);
        let progress = Progress::new();
        let rows =
            paginate(&script.connection(), &query, FOR_A_RUN, &progress).await.expect("rows");
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, (1..=1001).collect::<Vec<_>>());
        assert_eq!(script.asked("Contracts/query"), 3);
        assert_eq!(script.asked("Contracts/query/count"), 1);
        assert_eq!(progress.report().rows, 1001);
    }

    #[tokio::test]
    async fn rows_that_are_not_as_many_as_counted_are_read_once_more() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=600));
        script.once("Contracts/query/count", 200, r#"{"queryCount":601}"#);
        let (connection, query) = (script.connection(), Query::all(Entity::Contracts));
        let rows = paginate(&connection, &query, FOR_A_RUN, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(600));
        assert_eq!(script.asked("Contracts/query"), 4);

        script.always("Contracts/query/count", 200, r#"{"queryCount":601}"#);
        let error =
            paginate(&connection, &query, FOR_A_RUN, &Progress::new()).await.expect_err("short");
        assert_eq!(error.to_string(), "the rows of Contracts changed while they were read");
        assert!(error.is_transient());
        assert_eq!(script.asked("Contracts/query"), 8);
    }

    #[tokio::test]
    async fn a_full_last_page_costs_one_more_request() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=500));
        let query = Query::all(Entity::Contracts);
        let rows = paginate(&script.connection(), &query, FOR_A_RUN, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(500));
        assert_eq!(script.asked("Contracts/query"), 2);
    }

    #[tokio::test]
    async fn a_long_list_is_asked_in_pieces_and_each_is_walked() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=1300));
        let query = Query::all(Entity::Contracts).within("id", 1..=700);
        let rows = paginate(&script.connection(), &query, FOR_A_RUN, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(700));
        assert_eq!(script.asked("Contracts/query"), 2, "500, which are all of them, then 200");
        assert_eq!(script.asked("Contracts/query/count"), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_page_is_asked_again() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=3));
        script.once("Contracts/query", 200, r#"{"items":[{"id":1},"#);
        script.once("Contracts/query", 200, r#"{"items":[{"id":1}],"pageDetails":{"count":3}}"#);
        let query = Query::all(Entity::Contracts);
        let rows = paginate(&script.connection(), &query, FOR_A_RUN, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(3));
        assert_eq!(script.asked("Contracts/query"), 3);
    }
}
