//! Rows of an entity that hardly changes, kept and brought up to date by the entity's own cursor.
//!
//! ```text
//! never read ──► asked for by id ──► sure ──► some time later ──► what changed is asked for ──► sure
//!                      ▲                            │
//!                      ├── a week after it was read ┤
//!                      └── where that costs no more ┘
//! ```
//!
//! Asking by id is right whatever the cursor leaves out, so the cursor only serves where it costs
//! fewer requests: for more rows than a page holds. It tells of changes, never of deletions, and
//! section 4.1 of the Autotask facts does not promise that it tells of all changes. So it serves
//! only for what an agreement refers to, where a row that lingers does no harm, and each row is
//! asked for by id once a week, which is when a deletion is noticed at the latest. For agreements,
//! where absence means something, see `agreements`.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::identity;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::autotask::fields::row::{KeyedRow, Row};
use crate::autotask::http::entity::Entity;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::query::fetch::QueryTrace;
use crate::autotask::query::filter::{PAGE_ROWS, Query};
use crate::autotask::query::paginate::paginate;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::autotask::session::retry::FOR_A_RUN;

/// How long after a row was read by its id a cursor still serves for it.
pub(in crate::autotask) const CACHE_TTL: TimeDelta = TimeDelta::days(7);

/// How far back before the last time changes are asked for: the clocks of both sides may differ,
/// time zones included, and what changes in a day is little.
pub(in crate::autotask) const OVERLAP: TimeDelta = TimeDelta::days(1);

/// What is kept of which entity.
#[derive(Debug, Clone, Copy)]
pub(in crate::autotask) struct Source {
    pub entity: Entity,
    /// The fields that are wanted; empty for all.
    pub fields: &'static [&'static str],
    /// The field that holds the moment of the last change (section 4.1 of the Autotask facts).
    pub cursor: &'static str,
    /// How long a row is believed without asking.
    pub fresh: TimeDelta,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(in crate::autotask) struct Asking<'a> {
    pub connection: &'a Connection,
    pub progress: &'a Progress,
    pub ways: &'a QueryTrace,
}

/// Rows that are kept.
#[derive(Default)]
pub(in crate::autotask) struct RowCache(tokio::sync::Mutex<State>);

#[derive(Default)]
struct State {
    rows: BTreeMap<i64, KeptRow>,
    /// The tenant does not know the cursor.
    no_cursor: bool,
}

/// A row that is kept. Stored state, in the cache; what cannot be read of it is asked for again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::autotask) struct KeptRow {
    row: Row,
    /// When it was last read by its id.
    read: DateTime<Utc>,
    /// When it was last known to be right.
    sure: DateTime<Utc>,
}

impl KeptRow {
    fn is_fresh(&self, source: &Source, now: DateTime<Utc>) -> bool {
        // The clock may have stepped back since.
        (now - self.sure).abs() < source.fresh
    }

    fn is_for_the_cursor(&self, now: DateTime<Utc>) -> bool {
        (now - self.read).abs() < CACHE_TTL && self.sure <= now
    }
}

impl RowCache {
    /// The rows with these ids, as far as they exist.
    pub async fn rows(
        &self,
        source: &Source,
        ids: &BTreeSet<i64>,
        asking: Asking<'_>,
    ) -> Result<Vec<KeyedRow>, AutotaskError> {
        let now = asking.connection.clock().now();
        // Held while asking, so that two who want the same ask once.
        let mut state = self.0.lock().await;
        let mut stale: BTreeSet<i64> = ids
            .iter()
            .copied()
            .filter(|id| state.rows.get(id).is_none_or(|kept| !kept.is_fresh(source, now)))
            .collect();
        let renewable: BTreeSet<i64> = stale
            .iter()
            .copied()
            .filter(|id| state.rows.get(id).is_some_and(|kept| kept.is_for_the_cursor(now)))
            .collect();
        let lists = |ids: usize| ids.div_ceil(PAGE_ROWS);
        let by_cursor = 1 + lists(stale.len() - renewable.len());
        if !state.no_cursor && by_cursor < lists(stale.len()) {
            match state.renew(source, &renewable, asking, now).await {
                Ok(()) => stale.retain(|id| !renewable.contains(id)),
                Err(AutotaskError::UnknownField { .. }) => state.no_cursor = true,
                Err(error) => return Err(error),
            }
        }
        if !stale.is_empty() {
            state.read(source, &stale, asking, now).await?;
        }
        let found = ids.iter().filter_map(|id| Some((*id, state.rows.get(id)?.row.clone())));
        Ok(found.collect())
    }

    /// The rows with these ids as they are kept, however old.
    pub async fn known(&self, ids: &BTreeSet<i64>) -> Vec<KeyedRow> {
        let state = self.0.lock().await;
        ids.iter().filter_map(|id| Some((*id, state.rows.get(id)?.row.clone()))).collect()
    }

    /// All that is kept, to be stored.
    pub async fn stored(&self) -> Vec<(i64, KeptRow)> {
        self.0.lock().await.rows.iter().map(|(id, kept)| (*id, kept.clone())).collect()
    }

    /// Rows that were kept before a restart.
    pub fn restored(rows: Vec<(i64, KeptRow)>) -> RowCache {
        let state = State { rows: rows.into_iter().collect(), ..State::default() };
        RowCache(tokio::sync::Mutex::new(state))
    }
}

impl State {
    /// Asks for what changed, after which `ids` are right.
    async fn renew(
        &mut self,
        source: &Source,
        ids: &BTreeSet<i64>,
        asking: Asking<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), AutotaskError> {
        let sure = ids.iter().filter_map(|id| Some(self.rows.get(id)?.sure)).min();
        let since = sure.unwrap_or(now) - OVERLAP;
        let query = Query::all(source.entity).fields(source.fields);
        let query = query.changed_since(source.cursor, since);
        let Asking { connection, progress, .. } = asking;
        let changed = paginate(connection, &query, FOR_A_RUN, progress, identity).await?;
        asking.ways.note(source.entity, "its changes");
        for id in ids {
            if let Some(kept) = self.rows.get_mut(id) {
                kept.sure = now;
            }
        }
        self.keep(changed, now);
        Ok(())
    }

    /// Asks for `ids` one by one, after which those that are not there are gone.
    async fn read(
        &mut self,
        source: &Source,
        ids: &BTreeSet<i64>,
        asking: Asking<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), AutotaskError> {
        let query = Query::all(source.entity).fields(source.fields);
        let query = query.within("id", ids.iter().copied());
        let Asking { connection, progress, .. } = asking;
        let rows = paginate(connection, &query, FOR_A_RUN, progress, identity).await?;
        asking.ways.note(source.entity, "id");
        self.rows.retain(|id, _| !ids.contains(id));
        self.keep(rows, now);
        Ok(())
    }

    fn keep(&mut self, rows: Vec<KeyedRow>, now: DateTime<Utc>) {
        let kept = |(id, row)| (id, KeptRow { row, read: now, sure: now });
        self.rows.extend(rows.into_iter().map(kept));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::autotask::http::options::Options;
    use crate::autotask::script::{Script, now};
    use crate::autotask::session::zone::ZoneMemory;
    use crate::clock::ManualClock;

    const SERVICES: Source = Source {
        entity: Entity::Services,
        fields: &["id", "name", "lastModifiedDate"],
        cursor: "lastModifiedDate",
        fresh: TimeDelta::hours(1),
    };

    const OLD: &str = "2026-01-01T00:00:00Z";

    fn service(id: i64, name: &str, changed: &str) -> Value {
        json!({"id": id, "name": name, "lastModifiedDate": changed})
    }

    struct World {
        script: Script,
        clock: Arc<ManualClock>,
        connection: Connection,
        kept: RowCache,
    }

    /// As many services, read; then the first is renamed, at that moment, and the second deleted.
    async fn world(services: i64, renamed: &str) -> World {
        let script = Script::new();
        let of = |ids: std::ops::RangeInclusive<i64>| ids.map(|id| service(id, "Backup", OLD));
        script.rows("Services", of(1..=services).collect());
        let clock = Arc::new(ManualClock::at(now()));
        let options = Options::for_tests("http://127.0.0.1:1/discovery/");
        let transport = Arc::new(script.clone());
        let connection = Connection::new(options, transport, clock.clone(), ZoneMemory::none());
        let world = World { script, clock, connection, kept: RowCache::default() };
        let found = world.rows(services).await;
        assert_eq!(i64::try_from(found.len()), Ok(services));
        let changed = [service(1, "Mail", renamed)].into_iter().chain(of(3..=services));
        world.script.rows("Services", changed.collect());
        world
    }

    impl World {
        async fn rows(&self, services: i64) -> Vec<KeyedRow> {
            let (progress, ways) = (Progress::new(), QueryTrace::default());
            let asking = Asking { connection: &self.connection, progress: &progress, ways: &ways };
            let ids = (1..=services).collect();
            self.kept.rows(&SERVICES, &ids, asking).await.expect("rows")
        }

        /// What the first service is called, and whether there is a second.
        async fn seen(&self, services: i64) -> (String, bool) {
            let rows = self.rows(services).await;
            let name = rows[0].1.line("name").expect("a text").expect("a name");
            (name, rows[1].0 == 2)
        }

        fn asked(&self) -> usize {
            self.script.asked("Services/query")
        }

        fn last_filter(&self) -> Value {
            let mut bodies = self.script.bodies("Services/query");
            bodies.pop().expect("a query")["filter"][1].clone()
        }
    }

    #[tokio::test]
    async fn a_page_of_rows_is_believed_for_a_while_and_then_asked_for_by_id() {
        let world = world(500, OLD).await;
        assert_eq!(world.seen(500).await, ("Backup".to_owned(), true));
        assert_eq!(world.asked(), 1);
        world.clock.advance(TimeDelta::hours(1));
        assert_eq!(world.seen(500).await, ("Mail".to_owned(), false));
        assert_eq!(world.asked(), 2);
        assert_eq!(world.last_filter()["field"], "id");
    }

    #[tokio::test]
    async fn more_than_two_pages_of_rows_are_brought_up_to_date_by_what_changed() {
        let world = world(1200, "2026-10-16T00:00:00Z").await;
        assert_eq!(world.asked(), 3);
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(world.seen(1200).await, ("Mail".to_owned(), true), "a cursor tells no deletion");
        assert_eq!(world.asked(), 4);
        assert_eq!(world.last_filter()["field"], "lastModifiedDate");
        assert_eq!(world.last_filter()["value"], "2026-10-14T06:30:00Z", "a day before");
        world.clock.advance(TimeDelta::days(1));
        world.rows(1200).await;
        assert_eq!(world.last_filter()["value"], "2026-10-15T06:30:00Z");
    }

    #[tokio::test]
    async fn a_change_is_seen_though_the_clock_of_autotask_is_hours_behind() {
        // It was renamed just after it was read, by a clock that is 13 hours slow.
        let world = world(1200, "2026-10-14T17:31:00Z").await;
        world.clock.advance(TimeDelta::hours(2));
        assert_eq!(world.seen(1200).await.0, "Mail");
        assert_eq!(world.asked(), 4);
    }

    #[tokio::test]
    async fn after_a_week_every_row_is_asked_for_by_id_and_a_deletion_is_noticed() {
        let world = world(1200, OLD).await;
        for day in 1..7 {
            world.clock.advance(TimeDelta::days(1));
            assert_eq!(world.seen(1200).await, ("Backup".to_owned(), true), "day {day}");
        }
        assert_eq!(world.asked(), 3 + 6);
        world.clock.advance(TimeDelta::days(1));
        assert_eq!(world.seen(1200).await, ("Mail".to_owned(), false));
        assert_eq!(world.asked(), 3 + 6 + 3);
    }

    #[tokio::test]
    async fn where_the_tenant_has_no_cursor_rows_are_asked_for_by_id() {
        let world = world(1200, OLD).await;
        let unknown = r#"{"errors":["Unable to find lastModifiedDate in the Service Entity."]}"#;
        world.script.once("Services/query", 500, unknown);
        for (hours, requests) in [(1, 3 + 1 + 3), (2, 3 + 1 + 3 + 3)] {
            world.clock.advance(TimeDelta::hours(1));
            assert_eq!(world.seen(1200).await, ("Mail".to_owned(), false));
            assert_eq!(world.asked(), requests, "{hours} hours later");
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_kept_across_a_restart() {
        let mut world = world(1200, OLD).await;
        let text = serde_json::to_string(&world.kept.stored().await).expect("JSON");
        world.kept = RowCache::restored(serde_json::from_str(&text).expect("rows"));
        assert_eq!(world.seen(1200).await, ("Backup".to_owned(), true));
        assert_eq!(world.asked(), 3);
    }
}
