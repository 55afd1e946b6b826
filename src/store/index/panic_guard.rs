//! Calling code that may panic or hang on damaged files, as sled does.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::model::panic_message;
use crate::store::error::StoreError;

thread_local! {
    /// Whether a panic of this thread is expected and told of in other words.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// How a call that was guarded went wrong.
#[derive(Debug)]
pub(in crate::store) enum GuardError {
    /// It panicked, with this message.
    Panicked(String),
    /// It had not ended by its deadline, and may still be at it.
    Hung,
}

/// Calls `f`; a panic becomes a value, and prints nothing.
pub(in crate::store) fn calmly<T>(f: impl FnOnce() -> T) -> Result<T, GuardError> {
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    QUIET.set(before);
    result.map_err(|panic| GuardError::Panicked(panic_message(&*panic)))
}

/// Calls `f` on a thread of its own and waits for it no longer than `deadline`.
pub(in crate::store) fn within<T: Send + 'static>(
    deadline: Duration,
    f: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GuardError> {
    let (tell, told) = mpsc::sync_channel(1);
    let work = move || {
        // Nobody listens any more after the deadline.
        let _ = tell.send(calmly(f));
    };
    match thread::Builder::new().name("index-open".to_owned()).spawn(work) {
        Ok(_) => told.recv_timeout(deadline).unwrap_or(Err(GuardError::Hung)),
        Err(error) => Err(GuardError::Panicked(format!("no thread could be started: {error}"))),
    }
}

/// Calls sled, whose errors and panics become errors of the index.
pub(in crate::store) fn index<T>(
    what: &str,
    f: impl FnOnce() -> Result<T, sled::Error>,
) -> Result<T, StoreError> {
    let what = || what.to_owned();
    match calmly(f) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(StoreError::Index { what: what(), source: Some(Box::new(error)) }),
        Err(GuardError::Panicked(message)) => {
            Err(StoreError::Index { what: what(), source: Some(message.into()) })
        }
        Err(GuardError::Hung) => Err(StoreError::index(what())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_told_in_its_own_words() {
        let wrong = within(Duration::from_secs(60), || panic!("a bad {}", "page"));
        assert!(matches!(wrong, Err(GuardError::Panicked(text)) if text == "a bad page"));
        assert!(matches!(within(Duration::from_secs(60), || 7), Ok(7)));
    }

    #[test]
    fn what_hangs_is_left_behind() {
        let (_keep, never) = mpsc::channel::<()>();
        let wrong = within(Duration::from_millis(1), move || never.recv().is_ok());
        assert!(matches!(wrong, Err(GuardError::Hung)));
    }

    #[test]
    fn an_index_that_panics_is_an_error() {
        let error = index::<()>("read", || panic!("a bug")).expect_err("it panicked");
        assert_eq!(error.to_string(), "index: read");
        assert_eq!(
            std::error::Error::source(&error).map(ToString::to_string).as_deref(),
            Some("a bug")
        );
    }
}
