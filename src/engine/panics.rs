//! What panics is a fault of this program, and costs the work that it happened in: who asked for it
//! is told so, and everybody else's goes on.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::model::{Advice, Code, Failure, panic_message};

/// Does `work`; a panic in it is a failure like another. Where it happened stands in the journal.
///
/// # Errors
///
/// Those of `work`, and `internal` where it panicked.
pub async fn contained<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let why = panic_message(&*panic);
        let message = format!("lmsyncd has a fault and could not do this: {why}");
        Err(Failure::new(Code::Internal, message).advise(Advice::ReadJournal))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_failure_and_anything_else_is_as_it_is() {
        let failure = contained::<()>(async { panic!("7 of 9") }).await.expect_err("it panicked");
        assert_eq!(failure.code, Code::Internal);
        assert_eq!(failure.message, "lmsyncd has a fault and could not do this: 7 of 9");
        assert_eq!(contained(async { Ok(7) }).await, Ok(7));
    }
}
