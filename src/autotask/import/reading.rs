//! What one reading works with: the connection, what is known from earlier ones, and what is wanted.

use crate::autotask::fields::row::KeyedRow;
use crate::autotask::http::error::AutotaskError;
use crate::autotask::import::agreements::Agreements;
use crate::autotask::import::hidden::Hidden;
use crate::autotask::meta::catalogue::Catalogue;
use crate::autotask::meta::row_cache::Asking;
use crate::autotask::query::fetch::{Fetcher, QueryTrace, RowCounts};
use crate::autotask::query::filter::Query;
use crate::autotask::session::connection::Connection;
use crate::autotask::session::progress::Progress;
use crate::clock::Tz;
use crate::model::{Currency, UdfName};

/// One reading.
pub(in crate::autotask) struct Reading<'a> {
    pub connection: &'a Connection,
    pub catalogue: &'a Catalogue,
    pub counts: &'a RowCounts,
    pub agreements: &'a Agreements,
    pub ways: &'a QueryTrace,
    pub progress: &'a Progress,
    /// What was not shown.
    pub hidden: &'a Hidden,
    /// The user-defined fields that are wanted, by Autotask's names.
    pub user_defined: &'a [(String, UdfName)],
    /// The zone whose calendar day it is read on.
    pub time_zone: Tz,
    /// The currency of a tenant that names none.
    pub currency: Option<&'a Currency>,
}

impl Reading<'_> {
    /// What fetches rows.
    pub fn fetcher(&self) -> Fetcher<'_> {
        let Reading { connection, counts, ways, progress, .. } = *self;
        Fetcher { connection, counts, ways, progress }
    }

    /// All rows of a query, each as `read` reads it.
    pub async fn rows<T>(
        &self,
        query: &Query,
        read: impl Fn(KeyedRow) -> T,
    ) -> Result<Vec<T>, AutotaskError> {
        self.fetcher().rows(query, read).await
    }

    /// What the catalogue is asked with.
    pub fn asking(&self) -> Asking<'_> {
        let Reading { connection, ways, progress, .. } = *self;
        Asking { connection, progress, ways }
    }
}
