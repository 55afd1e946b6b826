//! Answers: status, body, and how the connection carries them. What is answered is decided
//! elsewhere; this file only knows the shapes (the Autotask facts, section 1.3).

use std::io;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value as Json, json};

use super::limits::Slot;

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// The page that Internet Information Services shows for a path it does not know.
const NOT_FOUND_PAGE: &str = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \
    \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\r\n<html>\r\n<head>\r\n\
    <title>404 - File or directory not found.</title>\r\n</head>\r\n<body>\r\n\
    <h2>404 - File or directory not found.</h2>\r\n<h3>The resource you are looking for might \
    have been removed, had its name changed, or is temporarily unavailable.</h3>\r\n\
    </body>\r\n</html>\r\n";

/// The page of a web filter on the way.
const FILTER_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Web Filter: access \
    denied</title></head>\n<body><h1>Access denied</h1><p>This category is blocked by your \
    administrator.</p></body></html>\n";

/// Where the fault `redirect` sends requests.
const LOGIN_PAGE: &str = "https://login.portal.example/sign-in?from=autotask";

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    content_type: &'static str,
    pub(crate) body: String,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    location: Option<&'static str>,
}

/// How the connection carries an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// The body is announced in full, and the connection closes half-way.
    CutHalfWay,
}

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: String) -> Answer {
        Answer { status, content_type, body, retry_after: None, location: None }
    }

    /// 200 with JSON text.
    pub(crate) fn text(body: String) -> Answer {
        Answer::new(StatusCode::OK, JSON, body)
    }

    /// 200 with JSON.
    pub(crate) fn json(body: &Json) -> Answer {
        Answer::text(body.to_string())
    }

    /// The shape of most refusals: `{"errors":["…"]}`.
    pub(crate) fn errors(status: StatusCode, text: &str) -> Answer {
        Answer::new(status, JSON, json!({"errors": [text]}).to_string())
    }

    /// 500 with a text: not a reason to try again by itself.
    pub(crate) fn refused(text: &str) -> Answer {
        Answer::errors(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// 401 with an empty body.
    pub(crate) fn unauthorized() -> Answer {
        Answer::new(StatusCode::UNAUTHORIZED, JSON, String::new())
    }

    /// 405, with the key that is not `errors`.
    pub(crate) fn method_not_allowed(method: &str) -> Answer {
        let text = format!("The requested resource does not support http method '{method}'.");
        Answer::new(StatusCode::METHOD_NOT_ALLOWED, JSON, json!({"Message": text}).to_string())
    }

    /// 404 of the service itself.
    pub(crate) fn no_resource(uri: &str) -> Answer {
        let text = format!("No HTTP resource was found that matches the request URI '{uri}'.");
        Answer::new(StatusCode::NOT_FOUND, JSON, json!({"Message": text}).to_string())
    }

    /// 404 of a missing id.
    pub(crate) fn no_item() -> Answer {
        Answer::new(StatusCode::NOT_FOUND, JSON, String::new())
    }

    /// 404 of the web server in front, in HTML.
    pub(crate) fn html_not_found() -> Answer {
        Answer::new(StatusCode::NOT_FOUND, HTML, NOT_FOUND_PAGE.to_owned())
    }

    /// 403 of something on the way, in HTML.
    pub(crate) fn filter_page() -> Answer {
        Answer::new(StatusCode::FORBIDDEN, HTML, FILTER_PAGE.to_owned())
    }

    /// 302 to somebody else's page.
    pub(crate) fn redirect() -> Answer {
        let answer = Answer::new(StatusCode::FOUND, HTML, String::new());
        Answer { location: Some(LOGIN_PAGE), ..answer }
    }

    /// The same answer with the first of its rows once more, at its end; changed on the way if
    /// `conflicting`. What holds no rows stays as it is.
    pub(crate) fn repeated(mut self, conflicting: bool) -> Answer {
        let Ok(mut body) = serde_json::from_str::<Json>(&self.body) else { return self };
        let Some(rows) = body["items"].as_array_mut() else { return self };
        let Some(mut row) = rows.first().cloned() else { return self };
        let fields = row.as_object_mut().into_iter().flatten();
        // Ids place a row, and a row that is placed elsewhere is another fault.
        let mut others = fields.filter(|(name, value)| {
            conflicting && !name.to_ascii_lowercase().ends_with("id") && !value.is_null()
        });
        if let Some((_, value)) = others.next() {
            *value = Json::Null;
        }
        rows.push(row);
        let count = rows.len();
        body["pageDetails"]["count"] = count.into();
        self.body = body.to_string();
        self
    }

    /// The same answer with its body cut in half: whole HTTP, broken JSON.
    pub(crate) fn truncated(mut self) -> Answer {
        let half = self.body.len() / 2;
        let end = (0..=half).rev().find(|at| self.body.is_char_boundary(*at)).unwrap_or(0);
        self.body.truncate(end);
        self
    }

    /// The same, with rows until it has so many MiB.
    pub(crate) fn endless(mut self, mebibytes: u64) -> Answer {
        let longest = usize::try_from(mebibytes).unwrap_or(usize::MAX).saturating_mul(1 << 20);
        self.body = "{\"items\":[".to_owned();
        for id in 1_u64.. {
            self.body.push_str(&format!("{{\"id\":{id}}}"));
            if self.body.len() >= longest {
                break;
            }
            self.body.push(',');
        }
        self.body.push_str("]}");
        self
    }

    /// The response. It holds the place at the endpoint until the body is written or dropped,
    /// because the real service frees it a little after the answer.
    pub(crate) fn into_response(self, slot: Option<Slot>, delivery: Delivery) -> Response {
        let length = self.body.len();
        let bytes = Bytes::from(self.body);
        let body = match delivery {
            Delivery::Whole => {
                Body::from_stream(stream::iter([Ok::<_, io::Error>(bytes)]).map(move |part| {
                    let _held = &slot;
                    part
                }))
            }
            Delivery::CutHalfWay => {
                let half = stream::iter([Ok(bytes.slice(..length / 2))]);
                Body::from_stream(half.chain(closed()))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if length > 0 {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, HeaderValue::from_static(location));
        }
        response
    }
}

/// No answer: the body fails before anything was sent, so that the server closes the connection.
/// In process, without a connection, it is a response whose body fails.
pub(crate) fn cut_connection() -> Response {
    let nothing = stream::iter([Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset))]);
    Response::new(Body::from_stream(nothing))
}

/// Fails after one turn, in which the server sends what it has.
fn closed() -> impl stream::Stream<Item = io::Result<Bytes>> {
    stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    })
}
