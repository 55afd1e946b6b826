//! One request, as endpoints see it.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use super::route::Endpoint;

/// One request, as endpoints see it.
pub(crate) struct Call {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    /// Where this tenant is reached, such as `http://127.0.0.1:8123`, without a slash at the end.
    pub(crate) host: String,
    /// The base URL of the zone that was asked, ending in a slash.
    pub(crate) base: String,
    pub(crate) uri: String,
    pub(crate) query: String,
    pub(crate) body: String,
    /// Whether the request wants to act as someone else.
    pub(crate) impersonates: bool,
}

impl Call {
    /// A parameter of the query string, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        let value = value.replace('+', " ");
        Some(percent_decode_str(&value).decode_utf8_lossy().into_owned())
    }
}
