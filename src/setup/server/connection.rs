//! Connections that know when they end, so that the life of an upgraded one can be observed.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::Body as AxumBody;
use axum::extract::{ConnectInfo, Request};
use axum::http::Version;
use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::service::TowerToHyperService;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use crate::http::Upgraded;
use crate::observe;

/// The request that a connection was upgraded by, for as long as the connection lives.
#[derive(Clone, Default)]
struct Life(Arc<Mutex<Option<observe::Request>>>);

impl Life {
    fn set(&self, request: Option<observe::Request>) {
        let before = {
            let mut life = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *life, request)
        };
        drop(before);
    }
}

/// A connection and the service of its requests.
pub(crate) fn of<A>(
    stream: TcpStream,
    peer: SocketAddr,
    app: A,
) -> (Connection, TowerToHyperService<OneConnection<A>>) {
    let _ = stream.set_nodelay(true); // a slower connection is better than none
    let life = Life::default();
    let service = OneConnection {
        app,
        peer,
        life: life.clone(),
    };
    (
        Connection { stream, life },
        TowerToHyperService::new(service),
    )
}

/// A TCP connection that ends the life of what it was upgraded to.
pub(crate) struct Connection {
    stream: TcpStream,
    life: Life,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.life.set(None);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}

/// The app, for the requests of one connection.
#[derive(Clone)]
pub(crate) struct OneConnection<A> {
    app: A,
    peer: SocketAddr,
    life: Life,
}

impl<A, B> Service<axum::http::Request<Incoming>> for OneConnection<A>
where
    A: Service<Request, Response = Response<B>, Error = Infallible>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Answer<A::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.app.poll_ready(cx)
    }

    fn call(&mut self, request: axum::http::Request<Incoming>) -> Self::Future {
        let mut request = request.map(AxumBody::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // The streams of an HTTP/2 connection end one by one, which the connection does not see.
        let is_alone = request.version() < Version::HTTP_2;
        Answer {
            inner: self.app.call(request),
            life: is_alone.then(|| self.life.clone()),
        }
    }
}

pin_project! {
    /// An answer; one that upgrades gives its request to the connection.
    pub(crate) struct Answer<F> {
        #[pin]
        inner: F,
        life: Option<Life>,
    }
}

impl<F, B> Future for Answer<F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
{
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.inner.poll(cx))?;
        if let (Some(life), Some(upgraded)) = (this.life, response.extensions().get::<Upgraded>()) {
            life.set(upgraded.take());
        }
        Poll::Ready(Ok(response))
    }
}
