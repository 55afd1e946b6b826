//! What an answer means: the rows, or which failure.
//!
//! Pure. A status alone says little, because Autotask answers 500 to a missing permission and to a
//! misspelt field alike, so the text decides (section 1.3 of the Autotask facts).

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::Url;

use super::answer::Answer;
use super::entity::Endpoint;
use super::error::AutotaskError;
use super::error_texts::ErrorTexts;
use super::limit::RateLimit;
use super::request::Request;
use super::transport::HttpResponse;
use crate::autotask::fields::text::shortened;
use crate::autotask::http::request::ApiUser;

/// The least and the most that a Retry-After counts: nobody is hammered, and nobody can stop the
/// daemon for longer than a day.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(24 * 3600));

/// How much of a remote text is shown, and how much of the title of a web page.
const SHOWN_CHARS: usize = 300;
const TITLE_CHARS: usize = 60;

/// What `response` answers to `request`.
pub(in crate::autotask) fn classify(
    request: &Request,
    user: ApiUser<'_>,
    response: HttpResponse,
    now: DateTime<Utc>,
) -> Result<Answer, AutotaskError> {
    let parsed = ErrorTexts::read(&response.body);
    let status = response.status;
    let is_json = parsed.as_ref().map(drop).map_err(ToString::to_string);
    let texts = parsed.unwrap_or_default().of(status);
    let text = shorten(&texts.join("; "), SHOWN_CHARS);
    let told = Told { request, user, response: &response, now, text };
    match (status, is_json) {
        (200..=299, Ok(())) if texts.is_empty() => Ok(Answer::new(response.body, response.place)),
        (200..=299, Ok(())) => Err(told.by_text().unwrap_or_else(|| told.failed())),
        (200..=299, Err(_)) if is_html(&response.body) => Err(told.web_page()),
        (200..=299, Err(error)) => Err(AutotaskError::Garbled {
            request: request.to_string(),
            reason: format!("it is not JSON: {error}"),
        }),
        _ => Err(told.by_status()),
    }
}

/// A refusal, with all that is known of it.
struct Told<'a> {
    request: &'a Request,
    user: ApiUser<'a>,
    response: &'a HttpResponse,
    now: DateTime<Utc>,
    text: String,
}

impl Told<'_> {
    fn by_status(&self) -> AutotaskError {
        match (self.response.status, self.by_text()) {
            (
                401,
                Some(error @ (AutotaskError::BadIntegrationCode | AutotaskError::Locked { .. })),
            ) => error,
            (401, _) => AutotaskError::AuthFailed {
                username: self.user.name.to_owned(),
                source_of_secret: self.user.source_of_secret,
            },
            (_, Some(error)) => error,
            (300..=399, None) => self.redirected(),
            (429, None) => RateLimit::Hour { wait: self.retry_after() }.into(),
            // Autotask's own page for a path that it does not know.
            (404, None) => AutotaskError::NotFound { request: self.request.to_string() },
            // Autotask itself says these in JSON, or says nothing.
            (400..=407 | 409..=499 | 511, None) if is_html(&self.response.body) => self.web_page(),
            (403, None) => match self.request.endpoint() {
                Endpoint::Entity(entity) => AutotaskError::NoPermission { entity },
                _ => self.refused(),
            },
            (408 | 500..=599, None) => self.failed(),
            (_, None) => self.refused(),
        }
    }

    /// What the text alone makes certain.
    fn by_text(&self) -> Option<AutotaskError> {
        let text = self.text.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
        if is_locked(&text) {
            return Some(AutotaskError::Locked { username: self.user.name.to_owned() });
        }
        if says(&["integrationcode"]) || says(&["integration code"]) {
            return Some(AutotaskError::BadIntegrationCode);
        }
        if says(&["zone information could not be determined"]) {
            return Some(AutotaskError::UnknownUser { username: self.user.name.to_owned() });
        }
        if says(&["thread", "threshold"]) {
            return Some(RateLimit::Threads { wait: self.retry_after() }.into());
        }
        if says(&["threshold"]) || says(&["too many requests"]) {
            return Some(RateLimit::Hour { wait: self.retry_after() }.into());
        }
        if let Endpoint::Entity(entity) = self.request.endpoint() {
            if says(&["permission"]) {
                return Some(AutotaskError::NoPermission { entity });
            }
            let off = ["not active", "inactive", "not activated", "not enabled", "disabled"];
            if says(&["module"]) && off.iter().any(|words| text.contains(words)) {
                return Some(AutotaskError::NoModule { entity });
            }
        }
        if let Some((field, entity)) = unknown_field(&self.text) {
            return Some(AutotaskError::UnknownField { field, entity });
        }
        let of_the_query =
            ["conversion failed", "maxcountofrecordstoreturn", "invalid query", "does not support"];
        of_the_query.iter().any(|words| text.contains(words)).then(|| self.refused())
    }

    fn failed(&self) -> AutotaskError {
        AutotaskError::Failed {
            request: self.request.to_string(),
            status: self.response.status,
            text: self.said(),
            wait: self.retry_after(),
        }
    }

    fn web_page(&self) -> AutotaskError {
        AutotaskError::WebPage {
            request: self.request.to_string(),
            status: self.response.status,
            title: title(&self.response.body),
        }
    }

    /// Sent elsewhere: the host is what a person needs to know of the address, and what may be told.
    fn redirected(&self) -> AutotaskError {
        let target = match self.response.header("Location").map(Url::parse) {
            Some(Ok(url)) => url.host_str().unwrap_or("an address without a host").to_owned(),
            Some(Err(_)) => "another path".to_owned(),
            None => "an address that is not named".to_owned(),
        };
        AutotaskError::Redirected {
            request: self.request.to_string(),
            status: self.response.status,
            target,
        }
    }

    fn refused(&self) -> AutotaskError {
        AutotaskError::Refused {
            request: self.request.to_string(),
            status: self.response.status,
            text: self.said(),
        }
    }

    fn said(&self) -> String {
        if !self.text.is_empty() {
            return self.text.clone();
        }
        if is_html(&self.response.body) { "a web page" } else { "nothing was said" }.to_owned()
    }

    /// How long Autotask asks to wait: seconds, or a moment.
    fn retry_after(&self) -> Option<Duration> {
        let value = self.response.header("Retry-After")?.trim();
        let wait = match value.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let until = DateTime::parse_from_rfc2822(value).ok()?;
                (until.to_utc() - self.now).to_std().unwrap_or_default()
            }
        };
        Some(wait.clamp(RETRY_AFTER.0, RETRY_AFTER.1))
    }
}

/// Whether a text, in lower case, says that the account of the API user is locked. A row that
/// somebody else edits is locked too, and a database has deadlocks.
fn is_locked(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word == "locked")
        && text.contains("account")
        && !text.contains("by another")
        && !text.contains("record")
}

/// The title of a web page.
fn title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    let lower = page.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower[from..].find('>')? + 1;
    let title = &page[from..from + lower[from..].find("</title")?];
    Some(shorten(title, TITLE_CHARS)).filter(|title| !title.is_empty())
}

/// Reads "Unable to find projectID in the TimeEntry Entity."
fn unknown_field(text: &str) -> Option<(String, String)> {
    let (_, after) = text.split_once("Unable to find ")?;
    let (field, after) = after.split_once(" in the ")?;
    let (entity, _) = after.split_once(" Entity")?;
    Some((field.to_owned(), entity.to_owned()))
}

fn is_html(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// One line without control characters, of a length that fits a log.
fn shorten(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    shortened(&words.join(" "), longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::model::{Code, SecretSource};

    fn now() -> DateTime<Utc> {
        "2026-10-21T07:28:00Z".parse().expect("a moment")
    }

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Result<Answer, AutotaskError> {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let response = HttpResponse::new(status, headers, body.as_bytes().to_vec());
        let request = Request::query(Entity::Contracts, "{}".to_owned());
        let user = ApiUser { name: "api@MSP", source_of_secret: SecretSource::File };
        classify(&request, user, response, now())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table of recorded answers")]
    fn every_recorded_failure_is_told_apart() {
        let permission = r#"{"errors":["The logged in Resource does not have the adequate permissions to query this entity type."]}"#;
        let threads =
            r#"{"errors":["The Autotask API thread threshold of 3 threads has been exceeded."]}"#;
        let html = "<!DOCTYPE html><html>not found</html>";
        let locked =
            r#"{"errors":["Your account has been locked. Please see your administrator."]}"#;
        let no_module = r#"{"errors":["The Contracts module is not active."]}"#;
        let cases = [
            (401, "", Code::AuthFailed, false),
            (401, r#"{"errors":["IntegrationCode is invalid"]}"#, Code::BadIntegrationCode, false),
            (500, r#"{"errors":["IntegrationCode is invalid"]}"#, Code::BadIntegrationCode, false),
            (
                500,
                r#"{"errors":["Zone information could not be determined"]}"#,
                Code::UnknownUser,
                false,
            ),
            (500, permission, Code::NoPermission, false),
            (403, "", Code::NoPermission, false),
            (403, r#"{"errors":["Access is denied."]}"#, Code::NoPermission, false),
            (403, html, Code::Unreachable, true),
            (407, html, Code::Unreachable, true),
            (511, html, Code::Unreachable, true),
            (401, html, Code::AuthFailed, false),
            (401, locked, Code::AuthFailed, false),
            (500, locked, Code::AuthFailed, false),
            (500, no_module, Code::NoPermission, false),
            (
                500,
                r#"{"errors":["The account record is locked by another user."]}"#,
                Code::AutotaskFailed,
                true,
            ),
            (
                500,
                r#"{"errors":["Transaction was deadlocked on lock resources with another process"]}"#,
                Code::AutotaskFailed,
                true,
            ),
            (200, permission, Code::NoPermission, false),
            (429, "", Code::RateLimited, true),
            (429, threads, Code::RateLimited, true),
            (500, threads, Code::RateLimited, true),
            (
                500,
                r#"{"errors":["Unable to find projectID in the TimeEntry Entity.\r\n"]}"#,
                Code::AutotaskFailed,
                false,
            ),
            (
                500,
                r#"{"errors":["Conversion failed when converting varchar 'x' to data type int"]}"#,
                Code::AutotaskFailed,
                false,
            ),
            (
                500,
                r#"{"errors":["maxCountOfRecordsToReturn must be between 1 and 500"]}"#,
                Code::AutotaskFailed,
                false,
            ),
            (
                500,
                r#"{"errors":["Invalid query syntax. Queries are limited to 500"]}"#,
                Code::AutotaskFailed,
                false,
            ),
            (
                405,
                r#"{"Message":"The requested resource does not support http method 'GET'."}"#,
                Code::AutotaskFailed,
                false,
            ),
            (404, html, Code::AutotaskFailed, false),
            (302, "", Code::Unreachable, true),
            (400, "{}", Code::AutotaskFailed, false),
            (500, r#"{"errors":["Object reference not set"]}"#, Code::AutotaskFailed, true),
            (500, r#"{"errors":[{"message":"deadlocked"}]}"#, Code::AutotaskFailed, true),
            (502, html, Code::AutotaskFailed, true),
            (200, html, Code::Unreachable, true),
            (200, r#"{"items":[{"id":1},"#, Code::AutotaskFailed, true),
            (200, "", Code::AutotaskFailed, true),
            (200, r#"{"errors":["deadlocked"]}"#, Code::AutotaskFailed, true),
        ];
        for (status, body, code, transient) in cases {
            let error = answer(status, body, &[]).expect_err(body);
            assert_eq!((error.code(), error.is_transient()), (code, transient), "{status} {body}");
        }
    }

    #[test]
    fn an_answer_without_errors_is_its_body() {
        for body in [r#"{"items":[]}"#, r#"{"items":[],"errors":[]}"#, r#"{"errors":null}"#] {
            assert!(answer(200, body, &[]).is_ok(), "{body}");
        }
    }

    #[test]
    fn the_text_of_an_unknown_field_names_it() {
        let body = r#"{"errors":["Unable to find lastModifiedDateTime in the Contract Entity."]}"#;
        let error = answer(500, body, &[]).expect_err("refused");
        assert_eq!(
            error.to_string(),
            "Autotask does not know the field lastModifiedDateTime of Contract"
        );
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_clamped() {
        let wait =
            |value: &str| answer(429, "", &[("retry-after", value)]).expect_err("429").wait();
        assert_eq!(wait("180"), Some(Duration::from_secs(180)));
        assert_eq!(wait("0"), Some(Duration::from_secs(1)));
        assert_eq!(wait("3600"), Some(Duration::from_secs(3600)));
        assert_eq!(wait("864000"), Some(Duration::from_secs(86_400)));
        assert_eq!(wait("Wed, 21 Oct 2026 07:29:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(1)));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn a_web_page_is_told_from_autotask_with_its_title() {
        let page = "<html><head><TITLE >Web\n Filter &mdash; blocked</TITLE></head></html>";
        let error = answer(403, page, &[]).expect_err("a page");
        assert_eq!(
            error.to_string(),
            "a web page answered POST Contracts/query, not Autotask (status 403, \"Web Filter \
             &mdash; blocked\")"
        );
        assert!(error.is_worth_a_retry());
        assert_eq!(error.failure().advice, Some(crate::model::Advice::CheckProxy));
        let untitled = answer(200, "<html></html>", &[]).expect_err("a page").to_string();
        assert!(untitled.ends_with("not Autotask (status 200)"), "{untitled}");
    }

    #[test]
    fn a_redirect_names_the_host_and_nothing_else_of_the_address() {
        let to = |location: &str| {
            let error = answer(302, "", &[("location", location)]).expect_err("elsewhere");
            assert!(!error.is_worth_a_retry() && error.is_transient());
            assert_eq!(error.failure().advice, Some(crate::model::Advice::CheckRedirect));
            error.to_string()
        };
        let told = to("https://login.portal.example/?user=api%40MSP");
        assert!(told.contains("was redirected to login.portal.example (status 302)"), "{told}");
        assert!(!told.contains("user="), "{told}");
        assert!(to("/login").contains("to another path"), "{}", to("/login"));
    }

    #[test]
    fn a_long_text_is_cut_and_stays_on_one_line() {
        let body = format!(r#"{{"errors":["line one\r\nline two {}"]}}"#, "é".repeat(1000));
        let text = answer(500, &body, &[]).expect_err("failed").to_string();
        assert!(text.contains("line one line two é") && text.chars().count() < 400, "{text}");
    }
}
