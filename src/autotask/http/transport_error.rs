//! A request that got no whole answer.

/// Where it went wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The host's name is not known.
    Name,
    /// Nobody listens there.
    Refused,
    /// TLS could not be agreed on.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection broke off before the answer was there: one that was kept open may have been
    /// closed by the other side, or by something on the way, long before.
    Broken,
    /// The answer is longer than any that makes sense.
    TooLong,
    /// The proxy did not let it through.
    Proxy,
    /// Something else.
    Other,
}

/// What is named when TLS cannot begin although no `ca-file` is given: mostly the machine has no
/// certificate authorities at all.
pub(in crate::autotask) const TRUST_STORE: &str = "the system's trust store";

/// A request that got no whole answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct TransportError {
    /// Where it went wrong.
    pub kind: ErrorKind,
    /// What went wrong, in one line.
    pub cause: String,
}
