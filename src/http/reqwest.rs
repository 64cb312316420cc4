//! Requests of the crate `reqwest`, whose client is a service of its own kind of request.

use std::task::{Context, Poll};

use http::StatusCode;
use reqwest::{Request, Response, Url};
use tower_service::Service;

use crate::http::client::{Answer, ClientFuture, MonitorClient};
use crate::observe::{Outgoing, Target};

impl<S> Service<Request> for MonitorClient<S>
where
    S: Service<Request, Response = Response>,
    S::Error: 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let outgoing = self.peer.map(|peer| {
            let outgoing = Outgoing::start(peer, request.method(), request.url());
            outgoing.send_along(request.headers_mut());
            outgoing
        });
        ClientFuture::begin(outgoing, || self.inner.call(request))
    }
}

impl Answer for Response {
    fn status(&self) -> StatusCode {
        Response::status(self)
    }
}

impl<'a> From<&'a Url> for Target<'a> {
    fn from(url: &'a Url) -> Self {
        let host = url.host_str();
        Self {
            origin: host.map(|host| (url.scheme(), host, url.port())),
            path: url.path(),
        }
    }
}
