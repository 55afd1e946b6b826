//! Calls and replies, whatever their method.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::progress::Progress;

/// A call as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The method's full name, such as `org.lmsyncd.Sync.Pending`.
    pub method: String,
    /// Its parameters; absent is the same as empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Whether the caller takes several replies.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Whether the caller wants no reply at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub oneway: bool,
}

impl Call {
    /// The interface that the method belongs to; empty where it names none.
    pub fn interface(&self) -> &str {
        self.method.rsplit_once('.').map_or("", |(interface, _)| interface)
    }
}

/// A reply as it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What the method gives, or the details of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// Whether another reply follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub continues: bool,
    /// The full name of the error, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The parameters of one method: they know its name and what it replies.
pub trait Method: Serialize + DeserializeOwned {
    /// The method's full name.
    const NAME: &'static str;
    /// The parameters of its reply.
    type Reply: Serialize + DeserializeOwned;
    /// Whether a caller that asks for `more` is told how far the work is.
    const TELLS_PROGRESS: bool = false;

    /// How far the work is, by a reply that another one follows.
    fn progress(_reply: &Self::Reply) -> Option<&Progress> {
        None
    }
}
