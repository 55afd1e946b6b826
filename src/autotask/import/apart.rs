//! Reading many clients of which some have rows that nobody can read: a page that holds one is of no
//! use to the clients of the others either. So the clients are read in halves, and those again, until
//! only the ones whose rows they are have no answer.
//!
//! ```text
//! 1 2 3 4 5 6 7 8  ✗ ──► 1 2 3 4  ✓
//!                        5 6 7 8  ✗ ──► 5 6  ✗ ──► 5  ✓
//!                                       7 8  ✓     6  ✗
//! ```

use crate::autotask::http::error::AutotaskError;
use crate::model::ClientId;

/// So many readings may fail beyond the first for each doubling of the number of clients: enough for
/// some clients with such rows, and few where every answer is like that.
const FAILING: u32 = 4;

/// What was read of the clients of a batch.
#[derive(Debug)]
pub struct Apart<T> {
    /// What was read of each group of clients that could be.
    pub read: Vec<T>,
    /// Those that could not, each with the reason.
    pub unreadable: Vec<(ClientId, AutotaskError)>,
    /// What ended the reading before all of them were read: it is nothing about their rows.
    pub stopped: Option<AutotaskError>,
}

/// Reads `clients` with `read`, apart where rows cannot be read.
///
/// # Errors
///
/// What stands in the way of all of them and is nothing about their rows.
pub(in crate::autotask) async fn apart<T, F>(
    clients: Vec<ClientId>,
    read: impl Fn(Vec<ClientId>) -> F,
) -> Result<Apart<T>, AutotaskError>
where
    F: Future<Output = Result<T, AutotaskError>>,
{
    let mut left = FAILING * (clients.len().max(1).ilog2() + 1);
    let mut found = Apart { read: Vec::new(), unreadable: Vec::new(), stopped: None };
    let mut failed = match read(clients.clone()).await {
        Ok(all) => return Ok(Apart { read: vec![all], ..found }),
        Err(error) if error.is_of_rows() => vec![(clients, error)],
        Err(error) => return Err(error),
    };
    while let Some((clients, error)) = failed.pop() {
        if clients.len() < 2 || left == 0 {
            found.unreadable.extend(clients.into_iter().map(|client| (client, error.clone())));
            continue;
        }
        tracing::warn!("{} clients are read in halves: {error}", clients.len());
        for half in clients.chunks(clients.len().div_ceil(2)) {
            match read(half.to_vec()).await {
                Ok(read) => found.read.push(read),
                Err(error) if error.is_of_rows() => {
                    left = left.saturating_sub(1);
                    failed.push((half.to_vec(), error));
                }
                Err(error) => {
                    found.stopped = Some(error);
                    failed.clear();
                    break;
                }
            }
        }
    }
    if found.read.is_empty()
        && let Some(error) = found.stopped.take()
    {
        return Err(error);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Which of clients 1 to `number` have no answer if the rows of `bad` cannot be read, and how
    /// often was read.
    async fn unreadable(number: i64, bad: &[i64]) -> (Vec<i64>, u32) {
        let readings = Cell::new(0);
        let read = |clients: Vec<ClientId>| {
            readings.set(readings.get() + 1);
            let is_bad = clients.iter().any(|client| bad.contains(&client.0));
            let reason = "an item is no row".to_owned();
            async move {
                match is_bad {
                    true => {
                        Err(AutotaskError::Garbled { request: "POST X/query".to_owned(), reason })
                    }
                    false => Ok(clients.len()),
                }
            }
        };
        let found = apart((1..=number).map(ClientId).collect(), read).await.expect("an answer");
        let all = found.read.iter().sum::<usize>() + found.unreadable.len();
        assert_eq!(i64::try_from(all), Ok(number), "each has an answer or a reason");
        let mut ids: Vec<i64> = found.unreadable.iter().map(|(client, _)| client.0).collect();
        ids.sort_unstable();
        (ids, readings.get())
    }

    #[tokio::test]
    async fn only_those_whose_rows_are_bad_have_no_answer() {
        assert_eq!(unreadable(2000, &[]).await, (vec![], 1));
        let (found, readings) = unreadable(2000, &[777]).await;
        assert_eq!(found, [777]);
        assert!(readings <= 23, "{readings}");
        assert_eq!(unreadable(2, &[1]).await, (vec![1], 3));
        let (found, readings) = unreadable(64, &[3, 60]).await;
        assert_eq!(found, [3, 60]);
        assert!(readings <= 23, "{readings}");
        // With as many as that, those between them still have an answer.
        let (found, readings) = unreadable(50, &[2, 13, 28, 49]).await;
        assert_eq!(found, [2, 13, 28, 49]);
        assert!(readings <= 39, "{readings}");
    }

    #[tokio::test]
    async fn what_is_not_about_rows_ends_the_reading_and_those_that_were_read_are_kept() {
        let readings = Cell::new(0);
        let read = |clients: Vec<ClientId>| {
            readings.set(readings.get() + 1);
            let number = readings.get();
            async move {
                match number {
                    1 => Err(AutotaskError::Garbled {
                        request: "POST X/query".to_owned(),
                        reason: "an item is no row".to_owned(),
                    }),
                    2 => Ok(clients.len()),
                    _ => Err(AutotaskError::BadIntegrationCode),
                }
            }
        };
        let found = apart((1..=8).map(ClientId).collect(), read).await.expect("half of them");
        assert_eq!((found.read, found.unreadable.len()), (vec![4], 0));
        assert_eq!(found.stopped, Some(AutotaskError::BadIntegrationCode));
    }

    #[tokio::test]
    async fn where_every_answer_is_bad_reading_ends_soon() {
        let all: Vec<i64> = (1..=2000).collect();
        let (found, readings) = unreadable(2000, &all).await;
        assert_eq!(found.len(), 2000);
        assert!(readings <= 46, "{readings}");
        assert_eq!(unreadable(1, &[1]).await, (vec![1], 1));
    }
}
