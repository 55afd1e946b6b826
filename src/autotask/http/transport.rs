//! How a request gets to Autotask and an answer back: the [`Transport`] trait, and the one over
//! HTTP.
//!
//! Knows nothing of what is asked or answered. A redirect is not followed, because the credentials
//! would travel with it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::redirect::Policy;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::AutotaskError;
use super::request::{HttpRequest, Method};
use crate::autotask::http::options::Options;
use crate::autotask::http::transport_error::{ErrorKind, TRUST_STORE, TransportError};
use crate::config::ca_bundle;
use crate::model::error_chain;
use crate::model::text::thousands;

/// The longest answer that reports a failure, in bytes.
const LONGEST_FAILURE: usize = 256 * 1024;

/// From this length on answers are read one at a time, so that however many requests are under way,
/// only one long answer is in memory. The usual page has 300 KiB.
const LONG: usize = 1024 * 1024;

/// How long to wait for a connection; a host that does not answer is known long before the
/// timeout of a slow query.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends requests. The program has one over HTTP; tests have others.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads the whole answer.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;

    /// The same over a new connection, whatever connections are kept open. Without any, it is the
    /// same.
    fn send_anew(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.send(request)
    }
}

/// The right to have a long answer in memory; an answer that is not long needs none.
#[derive(Debug, Default)]
pub(in crate::autotask) struct Place(Option<OwnedSemaphorePermit>);

/// An answer.
#[derive(Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Held as long as the body is.
    pub(super) place: Place,
}

impl HttpResponse {
    /// An answer that is in memory already.
    pub fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> HttpResponse {
        HttpResponse { status, headers, body, place: Place::default() }
    }

    /// The value of a header; case does not matter.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The transport over HTTP(S), with the system's trust store.
pub struct HttpTransport {
    client: reqwest::Client,
    /// Keeps no connection open.
    anew: reqwest::Client,
    /// Has one place, for a long answer.
    long: Arc<Semaphore>,
}

impl HttpTransport {
    /// A transport with the proxy and the private CA of `options`.
    pub fn new(options: &Options) -> Result<HttpTransport, AutotaskError> {
        // An error means that a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trusted = if options.ca_file.is_some() { "ca-file" } else { TRUST_STORE };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| unusable(trusted, &error))
        };
        let client = build(HttpTransport::builder(options)?)?;
        let anew = build(HttpTransport::builder(options)?.pool_max_idle_per_host(0))?;
        Ok(HttpTransport { client, anew, long: Arc::new(Semaphore::new(1)) })
    }

    fn builder(options: &Options) -> Result<reqwest::ClientBuilder, AutotaskError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("lmsyncd/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .no_proxy();
        if let Some(url) = &options.proxy {
            let proxy = reqwest::Proxy::all(url)
                .map_err(|error| unusable("proxy", &error.without_url()))?;
            builder = builder.proxy(proxy);
        }
        if let Some(path) = &options.ca_file {
            let pem = ca_bundle(path).map_err(|error| unusable("ca-file", &error))?;
            let bundle = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unusable("ca-file", &error))?;
            builder = builder.tls_certs_merge(bundle);
        }
        Ok(builder)
    }

    async fn exchange(
        &self,
        client: &reqwest::Client,
        request: HttpRequest,
    ) -> Result<HttpResponse, TransportError> {
        let method = match request.method() {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut builder = client.request(method, request.url());
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        if let Some(body) = request.body() {
            builder = builder.body(body.to_owned());
        }
        let response = builder.send().await.map_err(explain)?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let longest = match status {
            200..=299 => request.longest_answer(),
            _ => LONGEST_FAILURE,
        };
        let (body, place) = self.body(response, longest).await?;
        Ok(HttpResponse { status, headers, body, place })
    }

    /// The body of a response, if it is not longer than `longest` bytes.
    async fn body(
        &self,
        mut response: reqwest::Response,
        longest: usize,
    ) -> Result<(Vec<u8>, Place), TransportError> {
        let (mut body, mut place) = (Vec::new(), Place::default());
        while let Some(chunk) = response.chunk().await.map_err(explain)? {
            let length = body.len() + chunk.len();
            if length > longest {
                let longest = thousands(longest);
                let cause = format!("it is longer than {longest} bytes");
                return Err(TransportError { kind: ErrorKind::TooLong, cause });
            }
            if length > LONG && place.0.is_none() {
                // It is never closed.
                place.0 = Arc::clone(&self.long).acquire_owned().await.ok();
            }
            if length > body.capacity() {
                body.reserve_exact(chunk.len().max(body.len().min(LONG)));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((body, place))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(&self.client, request))
    }

    fn send_anew(
        &self,
        request: HttpRequest,
    ) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(&self.anew, request))
    }
}

fn unusable(key: &'static str, error: &dyn std::error::Error) -> AutotaskError {
    AutotaskError::BadConfiguration { key, reason: error_chain(error) }
}

/// What hyper says of a connection that the other side has closed.
const BROKEN: [&str; 2] = ["connection closed before message completed", "end of file before"];

/// What went wrong, from the chain of causes. The URL is left out: it may hold the user's name.
fn explain(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let mut kind = if error.is_timeout() { ErrorKind::Timeout } else { ErrorKind::Other };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        let text = error.to_string();
        if is_tls(error) {
            kind = ErrorKind::Tls;
        } else if text.contains("dns error") {
            kind = ErrorKind::Name;
        } else if text.contains("tunnel error: ") {
            kind = ErrorKind::Proxy;
        } else if BROKEN.iter().any(|words| text.contains(words)) {
            kind = ErrorKind::Broken;
        } else if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => kind = ErrorKind::Refused,
                io::ErrorKind::TimedOut => kind = ErrorKind::Timeout,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof
                    if kind == ErrorKind::Other =>
                {
                    kind = ErrorKind::Broken;
                }
                _ => {}
            }
        }
        cause = error.source();
    }
    TransportError { kind, cause: error_chain(&error) }
}

/// Whether rustls said it; its errors come wrapped in one or two of `io`, which hide their content
/// from the chain of causes.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || inner.is_some_and(|inner| is_tls(inner))
}

#[cfg(test)]
mod tests {
    use crate::model::SecretSource;
    use secrecy::SecretString;

    use super::*;
    use crate::autotask::http::entity::Entity;
    use crate::autotask::http::request::{Credentials, Request};

    async fn failure(base: &str) -> TransportError {
        let transport = HttpTransport::new(&Options::for_tests(base)).expect("a transport");
        let credentials = Credentials {
            username: "user".to_owned(),
            secret: SecretString::from("secret"),
            source_of_secret: SecretSource::File,
            integration_code: SecretString::from("code"),
        };
        let request = Request::query(Entity::Contracts, "{}".to_owned());
        transport.send(request.to_http(base, &credentials)).await.expect_err("no answer")
    }

    #[tokio::test]
    async fn a_closed_port_is_refused() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let error = failure(&format!("http://{address}/")).await;
        assert_eq!(error.kind, ErrorKind::Refused, "{error}");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_tls_is_told_apart() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = std::thread::spawn(move || {
            use std::io::{Read, Write};
            if let Ok((mut peer, _)) = listener.accept() {
                let _ = peer.read(&mut [0; 1024]);
                let _ = peer.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
        });
        let error = failure(&format!("https://{address}/")).await;
        server.join().expect("the server");
        assert_eq!(error.kind, ErrorKind::Tls, "{error}");
    }

    #[test]
    fn a_file_that_is_no_certificate_names_its_key() {
        let mut options = Options::for_tests("http://127.0.0.1/");
        options.ca_file = Some("/nonexistent/ca.pem".into());
        let error = HttpTransport::new(&options).err().expect("refused");
        assert!(error.to_string().contains("ca-file"), "{error}");
    }
}
