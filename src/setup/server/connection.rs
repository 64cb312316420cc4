//! Connections that know when they end, and the requests on them.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, StatusCode, Version};
use axum::response::Response;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::http::Upgraded;
use crate::setup::server::tracked::Tracked;

/// A connection and the service of its requests.
pub(super) fn new<A>(
    stream: TcpStream,
    peer: SocketAddr,
    app: A,
    tracked: &Arc<Tracked>,
) -> (Connection, TowerToHyperService<OneConnection<A>>) {
    let _ = stream.set_nodelay(true); // a slower connection is better than none
    let (socket, service) = (Arc::clone(tracked), Arc::clone(tracked));
    let connection = Connection {
        stream,
        tracked: socket,
    };
    let service = OneConnection {
        app,
        peer,
        tracked: service,
    };
    (connection, TowerToHyperService::new(service))
}

/// A TCP connection that knows when it ends, whatever it was upgraded to.
pub(super) struct Connection {
    stream: TcpStream,
    tracked: Arc<Tracked>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.tracked.ended();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, into);
        if into.filled().len() > before {
            self.tracked.has_read();
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.tracked.has_written(polled.is_pending());
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.tracked.has_written(polled.is_pending());
        polled
    }
}

/// The app, for the requests of one connection.
#[derive(Clone)]
pub(super) struct OneConnection<A> {
    app: A,
    peer: SocketAddr,
    tracked: Arc<Tracked>,
}

impl<A, B> Service<axum::http::Request<Incoming>> for OneConnection<A>
where
    A: Service<Request, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<AnswerBody<B>>;
    type Error = Infallible;
    type Future = Answer<A::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, request: axum::http::Request<Incoming>) -> Self::Future {
        let mut request = request.map(AxumBody::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        let under_way = UnderWay::begin(&self.tracked, request.version());
        let is_connect = request.method() == Method::CONNECT;
        Answer {
            inner: self.app.call(request),
            is_connect,
            under_way: Some(under_way),
        }
    }
}

/// A request, until its answer is sent.
struct UnderWay {
    tracked: Arc<Tracked>,
    version: Version,
}

impl UnderWay {
    fn begin(tracked: &Arc<Tracked>, version: Version) -> Self {
        tracked.asked(version);
        Self {
            tracked: Arc::clone(tracked),
            version,
        }
    }

    /// The head of its answer is there.
    fn answered<B>(&self, response: &mut Response<B>, is_connect: bool) {
        // The streams of an HTTP/2 connection end one by one, which the connection does not see.
        if self.version >= Version::HTTP_2 {
            return;
        }
        if let Some(upgraded) = response.extensions().get::<Upgraded>() {
            self.tracked.upgraded_by(upgraded.take());
        }
        let status = response.status();
        let is_upgrade =
            status == StatusCode::SWITCHING_PROTOCOLS || (is_connect && status.is_success());
        if self.tracked.is_last_answer() && !is_upgrade {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(CONNECTION, close);
            // Else hyper says `keep-alive` beside it to a client of HTTP/1.0.
            *response.version_mut() = self.version;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.version < Version::HTTP_2 {
            self.tracked.answered();
        }
    }
}

pin_project! {
    /// An answer. One that upgrades gives its request to the connection; the last one says that it is.
    pub(super) struct Answer<F> {
        #[pin]
        inner: F,
        is_connect: bool,
        under_way: Option<UnderWay>,
    }
}

impl<F, B> Future for Answer<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<AnswerBody<B>>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(cx))?;
        let under_way = this.under_way.take();
        if let Some(under_way) = &under_way {
            under_way.answered(&mut response, *this.is_connect);
        }
        Poll::Ready(Ok(response.map(|inner| AnswerBody {
            inner,
            _under_way: under_way,
        })))
    }
}

pin_project! {
    /// The body of an answer, whose end is that of its request.
    pub(super) struct AnswerBody<B> {
        #[pin]
        inner: B,
        _under_way: Option<UnderWay>,
    }
}

impl<B: Body> Body for AnswerBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
