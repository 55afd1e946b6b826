//! What the API user may see: the same object wherever an answer may lack what is hidden.

use serde::{Deserialize, Serialize};

use crate::model::{self, rfc3339};

/// What the API user may see of the entities that an import needs. What is hidden is missing from
/// every list, and looks as if it were deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(zlink::introspect::CustomType))]
pub struct Visibility {
    /// When Autotask was asked.
    pub as_of: String,
    /// The entities of which some rows may be hidden.
    pub some: Vec<String>,
    /// The entities of which nothing may be read.
    pub none: Vec<String>,
}

impl From<&model::Visibility> for Visibility {
    fn from(visibility: &model::Visibility) -> Visibility {
        let model::Visibility { as_of, some, none } = visibility;
        Visibility { as_of: rfc3339(*as_of), some: some.clone(), none: none.clone() }
    }
}
