//! Paging: the cursor in `nextPageUrl` and the page it leads to (the Autotask facts, section 2.3).
//!
//! The cursor is the last id of a page, so that the server keeps nothing between two pages. After
//! a GET the URL carries the search; after a POST it does not, and must be posted again with the
//! same body.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value as Json, json};

/// The cursor of the first page: below every id, and id 0 exists.
const START: i64 = -1;

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Rows of the page start above this id.
    pub(crate) after: i64,
    /// The cursor of the page before; `None` on the first page.
    pub(crate) previous: Option<i64>,
    /// The page size, where the URL of a following page fixed it.
    pub(crate) size: Option<i64>,
}

impl Cursor {
    /// The first page.
    pub(crate) const FIRST: Cursor = Cursor { after: START, previous: None, size: None };

    /// Reads the `paging` of a `query/next` URL.
    pub(crate) fn read(paging: &str) -> Option<Cursor> {
        let json: Json = serde_json::from_str(paging).ok()?;
        let first = |key: &str| json[key][0].as_i64();
        let after = first("nextIds")?;
        // Only one step back is kept, so that the URL stays short however many pages there are.
        let previous = first("previousIds").filter(|_| after != START);
        Some(Cursor { after, previous, size: json["pageSize"].as_i64() })
    }

    fn write(size: i64, previous: i64, next: i64) -> String {
        json!({"pageSize": size, "previousIds": [previous], "nextIds": [next]}).to_string()
    }
}

/// What `pageDetails` of one page is made of.
pub(crate) struct Page<'a> {
    pub(crate) cursor: Cursor,
    /// The page size asked for.
    pub(crate) size: i64,
    /// Ids on this page.
    pub(crate) ids: &'a [i64],
    /// Whether rows follow.
    pub(crate) more: bool,
    /// The URL of the entity's query, such as `https://host/ATServicesRest/V1.0/Contracts/query`.
    pub(crate) url: String,
    /// The search of a GET; `None` for a POST.
    pub(crate) search: Option<&'a str>,
}

impl Page<'_> {
    /// The `pageDetails` of the answer.
    pub(crate) fn details(&self) -> Json {
        let last = self.ids.last().copied().filter(|_| self.more);
        let next = last.map(|last| self.link(self.cursor.after, last));
        let previous = self.cursor.previous.map(|previous| self.link(START, previous));
        json!({
            "count": self.ids.len(),
            "requestCount": self.size,
            "prevPageUrl": previous,
            "nextPageUrl": next,
        })
    }

    fn link(&self, previous: i64, next: i64) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let paging = encode(&Cursor::write(self.size, previous, next));
        let search = self.search.map(|search| format!("&search={}", encode(search)));
        format!("{}/next?paging={paging}{}", self.url, search.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;

    fn page(search: Option<&str>, more: bool) -> Json {
        let url = "http://host/ATServicesRest/V1.0/Companies/query".to_owned();
        Page { cursor: Cursor::FIRST, size: 500, ids: &[0, 725], more, url, search }.details()
    }

    fn decoded(json: &Json) -> String {
        percent_decode_str(json.as_str().expect("a URL")).decode_utf8_lossy().into_owned()
    }

    #[test]
    fn the_next_page_of_a_get_carries_the_search() {
        assert_eq!(
            decoded(&page(Some(r#"{"a":1}"#), true)["nextPageUrl"]),
            "http://host/ATServicesRest/V1.0/Companies/query/next?paging=\
             {\"nextIds\":[725],\"pageSize\":500,\"previousIds\":[-1]}&search={\"a\":1}"
        );
    }

    #[test]
    fn the_next_page_of_a_post_carries_no_search() {
        assert!(!decoded(&page(None, true)["nextPageUrl"]).contains("search"));
    }

    #[test]
    fn the_last_page_has_no_next_and_the_first_no_previous() {
        assert_eq!(page(None, false)["nextPageUrl"], Json::Null);
        assert_eq!(page(None, false)["prevPageUrl"], Json::Null);
    }

    #[test]
    fn a_cursor_survives_its_url() {
        let cursor = Cursor::read(&Cursor::write(500, -1, 725)).expect("a cursor");
        assert_eq!(cursor, Cursor { after: 725, previous: Some(-1), size: Some(500) });
        assert_eq!(Cursor::read("{}"), None);
    }
}
