//! What an answer means: the rows, or which failure.
//!
//! Pure. A status alone says little, because Autotask answers 500 to a missing permission and to a
//! misspelt field alike, so the text decides (section 1.3 of the Autotask facts).

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::entity::Endpoint;
use super::error::AutotaskError;
use super::limit::RateLimit;
use super::request::Request;
use super::transport::HttpResponse;
use crate::autotask::http::request::ApiUser;

/// The least and the most that a Retry-After may make us wait: nobody is hammered, and nobody can
/// stop the daemon for a day.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));

/// How much of a remote text is shown.
const SHOWN_CHARS: usize = 300;

/// What `response` answers to `request`.
pub(in crate::autotask) fn classify(
    request: &Request,
    user: ApiUser<'_>,
    response: &HttpResponse,
    now: DateTime<Utc>,
) -> Result<Value, AutotaskError> {
    let parsed = serde_json::from_slice::<Value>(&response.body);
    let status = response.status;
    let texts = parsed.as_ref().map(|body| error_texts(body, status)).unwrap_or_default();
    let told = Told { request, user, response, now, text: shorten(&texts.join("; ")) };
    match (status, parsed) {
        (200..=299, Ok(body)) if texts.is_empty() => Ok(body),
        (200..=299, Ok(_)) => Err(told.by_text().unwrap_or_else(|| told.failed())),
        (200..=299, Err(error)) => Err(AutotaskError::Garbled {
            request: request.to_string(),
            reason: if is_html(&response.body) {
                "it is a web page, not JSON".to_owned()
            } else {
                format!("it is not JSON: {error}")
            },
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
            (401, Some(AutotaskError::BadIntegrationCode)) => AutotaskError::BadIntegrationCode,
            (401, _) => AutotaskError::AuthFailed {
                username: self.user.name.to_owned(),
                source_of_secret: self.user.source_of_secret,
            },
            (_, Some(error)) => error,
            (429, None) => RateLimit::Hour { wait: self.retry_after() }.into(),
            (403, None) => match self.request.endpoint() {
                Endpoint::Entity(entity) => AutotaskError::NoPermission { entity },
                _ => self.refused(),
            },
            (404, None) => AutotaskError::NotFound { request: self.request.to_string() },
            (408 | 500..=599, None) => self.failed(),
            (_, None) => self.refused(),
        }
    }

    /// What the text alone makes certain.
    fn by_text(&self) -> Option<AutotaskError> {
        let text = self.text.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
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
        if let (true, Endpoint::Entity(entity)) = (says(&["permission"]), self.request.endpoint()) {
            return Some(AutotaskError::NoPermission { entity });
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

/// The texts in `errors`, which may hold strings or objects, and, in a refusal, in `Message`.
fn error_texts(body: &Value, status: u16) -> Vec<String> {
    let Some(body) = body.as_object() else { return Vec::new() };
    let mut texts = Vec::new();
    for (key, value) in body {
        if key.eq_ignore_ascii_case("errors") {
            match value {
                Value::Array(errors) => texts.extend(errors.iter().map(error_text)),
                Value::Null => {}
                other => texts.push(error_text(other)),
            }
        } else if key.eq_ignore_ascii_case("message") && !(200..=299).contains(&status) {
            texts.push(error_text(value));
        }
    }
    texts
}

fn error_text(error: &Value) -> String {
    if let Value::String(text) = error {
        return text.clone();
    }
    let message = error.as_object().and_then(|fields| {
        let message = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case("message"));
        message.and_then(|(_, value)| value.as_str())
    });
    message.map_or_else(|| error.to_string(), str::to_owned)
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
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::model::{Code, SecretSource};

    fn now() -> DateTime<Utc> {
        "2026-10-21T07:28:00Z".parse().expect("a moment")
    }

    fn answer(status: u16, body: &str, headers: &[(&str, &str)]) -> Result<Value, AutotaskError> {
        let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let response = HttpResponse { status, headers, body: body.as_bytes().to_vec() };
        let request = Request::query(Entity::Contracts, "{}".to_owned());
        let user = ApiUser { name: "api@MSP", source_of_secret: SecretSource::File };
        classify(&request, user, &response, now())
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table of recorded answers")]
    fn every_recorded_failure_is_told_apart() {
        let permission = r#"{"errors":["The logged in Resource does not have the adequate permissions to query this entity type."]}"#;
        let threads =
            r#"{"errors":["The Autotask API thread threshold of 3 threads has been exceeded."]}"#;
        let html = "<!DOCTYPE html><html>not found</html>";
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
            (403, html, Code::NoPermission, false),
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
            (302, "", Code::AutotaskFailed, false),
            (400, "{}", Code::AutotaskFailed, false),
            (500, r#"{"errors":["Object reference not set"]}"#, Code::AutotaskFailed, true),
            (500, r#"{"errors":[{"message":"deadlocked"}]}"#, Code::AutotaskFailed, true),
            (502, html, Code::AutotaskFailed, true),
            (200, html, Code::AutotaskFailed, true),
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
        assert_eq!(wait("86400"), Some(Duration::from_secs(600)));
        assert_eq!(wait("Wed, 21 Oct 2026 07:29:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(1)));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn a_long_text_is_cut_and_stays_on_one_line() {
        let body = format!(r#"{{"errors":["line one\r\nline two {}"]}}"#, "é".repeat(1000));
        let text = answer(500, &body, &[]).expect_err("failed").to_string();
        assert!(text.contains("line one line two é") && text.chars().count() < 400, "{text}");
    }
}
