//! The fake tenant called as a service, without a socket: for tests on a paused clock.

use axum::body::Body;
use futures_util::future::BoxFuture;
use lmsyncd::autotask::{ErrorKind, HttpRequest, HttpResponse, Transport, TransportError};
use lmsyncd::demo::tenant::Tenant;
use tower::ServiceExt;

/// The tenant called as a service, so that a paused clock never waits for a socket.
pub struct InProcess(pub Tenant);

impl Transport for InProcess {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let mut builder =
            axum::http::Request::builder().method(request.method().as_str()).uri(request.url());
        for (name, value) in request.headers() {
            builder = builder.header(name, value);
        }
        let body = Body::from(request.body().unwrap_or_default().to_owned());
        let request = builder.body(body).expect("a request");
        Box::pin(async move {
            let Ok(response) = self.0.router().oneshot(request).await;
            let (head, body) = response.into_parts();
            let headers = head.headers.iter().map(|(name, value)| {
                (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            });
            let headers = headers.collect();
            let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|error| {
                TransportError { kind: ErrorKind::Other, cause: error.to_string() }
            })?;
            Ok(HttpResponse::new(head.status.as_u16(), headers, body.to_vec()))
        })
    }
}
