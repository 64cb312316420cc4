//! Apps on a real socket, clients that talk to them, and counts that come when both are done.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use ecolaura_monitoring::Monitoring;
use http::{Request, Version};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tower::Service;

use super::battery::{check, compare};
use super::eventually::eventually;

/// Waits for the counts that [`check`] expects.
pub async fn settled(monitoring: &Monitoring, expected: &[&str]) {
    eventually("the counts", async || compare(monitoring, expected)).await;
}

/// An app on a port of its own.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    /// Served by the monitoring.
    pub async fn ours<A, B>(monitoring: &Monitoring, app: A) -> Self
    where
        A: Service<axum::extract::Request, Response = Response<B>, Error = Infallible>,
        A: Clone + Send + 'static,
        A::Future: Send,
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>>,
        B: Send + 'static,
    {
        let monitoring = monitoring.clone();
        Self::start(|listener, stopped| async move {
            let serving = monitoring.serve_until(listener, app, stopped);
            serving.await.expect("it ends well");
        })
        .await
    }

    /// Served by axum.
    pub async fn axum(app: Router) -> Self {
        Self::start(|listener, stopped| async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(stopped);
            serving.await.expect("it ends well");
        })
        .await
    }

    /// Served by hyper, as it comes. When it is told to stop, connections go on by themselves.
    pub async fn hyper<A, B>(app: A) -> Self
    where
        A: Service<Request<hyper::body::Incoming>, Response = Response<B>, Error = Infallible>,
        A: Clone + Send + 'static,
        A::Future: Send,
        B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>>,
        B: Send + 'static,
    {
        Self::start(|listener, mut stopped| async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.expect("a connection").0,
                    () = &mut stopped => return,
                };
                let service = TowerToHyperService::new(app.clone());
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    let stream = TokioIo::new(stream);
                    // A client that leaves is an error of the connection; the counts tell the rest.
                    let _ = server.serve_connection_with_upgrades(stream, service).await;
                });
            }
        })
        .await
    }

    async fn start<F>(serve: impl FnOnce(TcpListener, Stopped) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped: Stopped = Box::pin(async {
            let _ = stopped.await;
        });
        Self {
            address,
            stop: Some(stop),
            serving: tokio::spawn(serve(listener, stopped)),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A request to it, written as `METHOD path`.
    pub fn request(&self, line: &str, body: Body) -> Request<Body> {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let url = format!("http://{}{path}", self.address);
        let request = Request::builder().method(method).uri(url).body(body);
        request.expect("a valid request")
    }

    /// Tells it to stop.
    pub fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it takes no connections any more.
    pub async fn refuses(&self) {
        eventually("refused connections", async || {
            match TcpStream::connect(self.address).await {
                Ok(_) => Err("a connection".to_owned()),
                Err(_) => Ok(()),
            }
        })
        .await;
    }

    /// Whether it has not stopped.
    pub fn is_serving(&self) -> bool {
        !self.serving.is_finished()
    }

    /// Waits until it has stopped.
    pub async fn stopped(self) {
        self.serving.await.expect("it does not panic");
    }

    /// Stops it, waits until it has, and then expects these counts to stand.
    pub async fn end(mut self, monitoring: &Monitoring, expected: &[&str]) {
        settled(monitoring, expected).await;
        drop(self.stop.take());
        self.serving.await.expect("it does not panic");
        check(monitoring, expected);
    }
}

type Stopped = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client of HTTP/1.1 or HTTP/2 that keeps its connections.
#[derive(Clone)]
pub struct Client(legacy::Client<HttpConnector, Body>);

impl Client {
    pub fn new(version: Version) -> Self {
        let mut client = legacy::Client::builder(TokioExecutor::new());
        client.http2_only(version == Version::HTTP_2);
        Self(client.build_http())
    }

    /// The head of the answer.
    pub async fn head(
        &self,
        request: Request<Body>,
    ) -> Result<Response<hyper::body::Incoming>, legacy::Error> {
        self.0.request(request).await
    }

    /// The status and the whole body of the answer.
    pub async fn send(&self, request: Request<Body>) -> (u16, Bytes) {
        let answer = self.head(request).await.expect("an answer");
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a whole body");
        (status, body.to_bytes())
    }
}

/// A connection on which every byte is written by hand.
pub struct Wire(TcpStream);

impl Wire {
    pub async fn open(server: &Server) -> Self {
        Self(
            TcpStream::connect(server.address)
                .await
                .expect("a connection"),
        )
    }

    pub async fn write(&mut self, text: &str) {
        self.0
            .write_all(text.as_bytes())
            .await
            .expect("it is written");
    }

    /// Reads until the server closes the connection.
    pub async fn read_to_end(&mut self) -> String {
        let mut read = Vec::new();
        self.0.read_to_end(&mut read).await.expect("an end");
        String::from_utf8(read).expect("text")
    }

    /// Reads until this text has come.
    pub async fn read_until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(text.as_bytes()) {
            let byte = self.0.read_u8().await;
            read.push(byte.unwrap_or_else(|error| {
                panic!("{error} after {}", String::from_utf8_lossy(&read))
            }));
        }
        String::from_utf8(read).expect("text")
    }
}
