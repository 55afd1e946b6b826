//! Reading all rows that a query asks for, page by page.
//!
//! Pages are walked by id (`id gt last`), which is resumable and needs no `nextPageUrl`
//! (section 2.3 of the Autotask facts). Where rows span pages, their number is held against
//! `query/count`, so that a walk that lost some is never taken for all there is, and one that never
//! ends is noticed. Each row is read when its page has come, so that no two pages are in memory.

use super::filter::{BEFORE_ALL, PAGE_ROWS, Query, Within};
use super::page::Page;
use crate::autotask::fields::row::{KeyedRow, Row};
use crate::autotask::http::error::AutotaskError;
use crate::autotask::http::request::Request;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::{RetryPolicy, retry};

/// After so many pages the rows are counted: a walk that goes on far beyond that has no end.
const LONG_WALK: usize = 20;

/// How often rows that change while they are read are read.
const READINGS: usize = 2;

/// All rows of `query`, by id within each piece of its list, each as `read` reads it.
pub(in crate::autotask) async fn paginate<T>(
    connection: &Connection,
    query: &Query,
    patience: RetryPolicy,
    progress: &Progress,
    read: impl Fn(KeyedRow) -> T,
) -> Result<Vec<T>, AutotaskError> {
    let walk = Pagination { connection, query, patience, progress };
    let Some(within) = &query.within else { return walk.all(None, &read).await };
    let mut rows = Vec::new();
    for piece in within.pieces() {
        rows.extend(walk.piece(&piece, &read).await?);
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
    pub async fn all<T>(
        &self,
        counted: Option<usize>,
        read: &impl Fn(KeyedRow) -> T,
    ) -> Result<Vec<T>, AutotaskError> {
        self.complete(None, counted, read).await
    }

    /// All rows in this piece of the list.
    pub async fn piece<T>(
        &self,
        piece: &Within,
        read: &impl Fn(KeyedRow) -> T,
    ) -> Result<Vec<T>, AutotaskError> {
        self.complete(Some(piece), None, read).await
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
    async fn complete<T>(
        &self,
        piece: Option<&Within>,
        mut counted: Option<usize>,
        read: &impl Fn(KeyedRow) -> T,
    ) -> Result<Vec<T>, AutotaskError> {
        let entity = self.query.entity;
        for _ in 0..READINGS {
            let Walked { rows, pages, twice } = self.pages(piece, read).await?;
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
    async fn pages<T>(
        &self,
        piece: Option<&Within>,
        read: &impl Fn(KeyedRow) -> T,
    ) -> Result<Walked<T>, AutotaskError> {
        let Pagination { connection, query, patience, progress } = *self;
        let (mut rows, mut pages, mut twice, mut cursor) = (Vec::new(), 0, 0, BEFORE_ALL);
        // Of ids that were asked for, each is there once at most: then there is nothing to follow.
        let most = piece.filter(|piece| piece.field == "id").map(|piece| piece.ids.len());
        let mut end = usize::MAX;
        loop {
            progress.reading(query.entity);
            let request = Request::query(query.entity, query.body(piece, cursor));
            // A page that makes no sense may be whole the next time, so reading it is part of the
            // try.
            let page = retry(patience, progress, || async {
                let answer = connection.ask_once(&request, progress).await?;
                Page::read(query, piece, cursor, answer.text(), read)
                    .map_err(|flaw| flaw.error(query, &request))
            })
            .await?;
            progress.page(page.rows.len());
            (pages, twice) = (pages + 1, twice + page.twice);
            rows.extend(page.rows);
            if pages == LONG_WALK && page.more {
                // What is added meanwhile is more than this in no tenant.
                end = self.count(piece).await?.saturating_mul(2) + LONG_WALK * PAGE_ROWS;
            }
            if rows.len() > end {
                return Err(AutotaskError::RowsChanged { entity: query.entity });
            }
            match page.last {
                Some(last) if page.more && most != Some(rows.len()) => cursor = last,
                _ => return Ok(Walked { rows, pages, twice }),
            }
        }
    }
}

/// Rows of all pages.
struct Walked<T> {
    rows: Vec<T>,
    pages: usize,
    /// How many came twice.
    twice: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::autotask::script::{Script, contracts};
    use crate::autotask::session::retry::FOR_A_RUN;

    /// The ids of the rows.
    async fn walked(
        connection: &Connection,
        query: &Query,
        progress: &Progress,
    ) -> Result<Vec<i64>, AutotaskError> {
        paginate(connection, query, FOR_A_RUN, progress, |(id, _)| id).await
    }

    #[tokio::test]
    async fn a_walk_that_goes_on_beyond_what_there_is_ends() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=40_000));
        script.always("Contracts/query/count", 200, r#"{"queryCount":7}"#);
        let query = Query::all(Entity::Contracts);
        let error =
            walked(&script.connection(), &query, &Progress::new()).await.expect_err("no end");
        assert!(matches!(error, AutotaskError::RowsChanged { .. }), "{error}");
        assert_eq!(script.asked("Contracts/query"), LONG_WALK + 1, "and not 80");
    }

    #[tokio::test]
    async fn a_walk_reads_every_row_once_and_stops_at_a_short_page() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=1001));
        let query = Query::all(Entity::Contracts);
        let progress = Progress::new();
        let rows = walked(&script.connection(), &query, &progress).await;
        assert_eq!(rows.expect("rows"), (1..=1001).collect::<Vec<_>>());
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
        let rows = walked(&connection, &query, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(600));
        assert_eq!(script.asked("Contracts/query"), 4);

        script.always("Contracts/query/count", 200, r#"{"queryCount":601}"#);
        let error = walked(&connection, &query, &Progress::new()).await.expect_err("short");
        assert_eq!(error.to_string(), "the rows of Contracts changed while they were read");
        assert!(error.is_transient());
        assert_eq!(script.asked("Contracts/query"), 8);
    }

    #[tokio::test]
    async fn a_full_last_page_costs_one_more_request() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=500));
        let query = Query::all(Entity::Contracts);
        let rows = walked(&script.connection(), &query, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(500));
        assert_eq!(script.asked("Contracts/query"), 2);
    }

    #[tokio::test]
    async fn a_long_list_is_asked_in_pieces_and_each_is_walked() {
        let script = Script::new();
        script.rows("Contracts", contracts(1..=1300));
        let query = Query::all(Entity::Contracts).within("id", 1..=700);
        let rows = walked(&script.connection(), &query, &Progress::new()).await;
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
        let rows = walked(&script.connection(), &query, &Progress::new()).await;
        assert_eq!(rows.map(|rows| rows.len()), Ok(3));
        assert_eq!(script.asked("Contracts/query"), 3);
    }
}
