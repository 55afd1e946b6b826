//! How far the work of a call is, in the replies before the last one.

use serde::{Deserialize, Serialize};

/// How far a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Progress {
    /// What is being done, such as "reading ContractServices".
    pub doing: String,
    /// Pages read so far.
    pub pages: i64,
    /// Rows read so far.
    pub rows: i64,
    /// Items held against the store so far; absent before that begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<i64>,
}
