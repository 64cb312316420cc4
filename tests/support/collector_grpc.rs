//! A collector that takes spans by gRPC, spoken by tonic, which knows nothing of our call.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use bytes::{Buf as _, BufMut as _, Bytes};
use prost::Message;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tower::Service;

use super::collector::{Answer, Collector};

const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Listens, and answers these before it takes all; of what fails the number is gRPC's.
pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Collector {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let collector = Collector::at(address, answers);
    tokio::spawn(serve(listener, collector.clone(), std::future::pending()));
    collector
}

/// Serves until it is told to stop, and says so to those who are connected.
pub async fn serve(
    listener: TcpListener,
    collector: Collector,
    stop: impl Future<Output = ()> + Send,
) {
    let served = Server::builder().add_service(Traces(collector));
    let served = served.serve_with_incoming_shutdown(TcpIncoming::from(listener), stop);
    served.await.expect("it serves");
}

/// Answers what comes over other connections.
pub fn over<L: Listener<Addr: Debug>>(listener: L, address: SocketAddr) -> Collector {
    let collector = Collector::at(address, []);
    let served = Routes::new(Traces(collector.clone())).into_axum_router();
    tokio::spawn(async move { axum::serve(listener, served).await });
    collector
}

#[derive(Clone)]
struct Traces(Collector);

impl NamedService for Traces {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

type Answered<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl Service<http::Request<Body>> for Traces {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answered<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let call = Export(self.0.clone());
        Box::pin(async move {
            assert_eq!(request.uri().path(), EXPORT);
            let grpc = Grpc::new(Plain);
            let mut grpc = grpc.accept_compressed(CompressionEncoding::Gzip);
            Ok(grpc.unary(call, request).await)
        })
    }
}

struct Export(Collector);

impl Service<Request<Bytes>> for Export {
    type Response = Response<Bytes>;
    type Error = Status;
    type Future = Answered<Result<Response<Bytes>, Status>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let collector = self.0.clone();
        Box::pin(async move {
            let (metadata, _, message) = request.into_parts();
            let answer = match collector.asked(metadata.into_headers()) {
                Answer::Takes => Bytes::new(),
                Answer::Slowly => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    Bytes::new()
                }
                Answer::Rejects(number) => vec![0x0a, 2, 0x08, number].into(),
                Answer::Garbage => Bytes::from_static(b"what do you want?"),
                Answer::Never => std::future::pending().await,
                Answer::Together(number) => {
                    collector.together(number).await;
                    Bytes::new()
                }
                Answer::FailsFor(code, milliseconds) => {
                    let code = Code::from_i32(i32::from(code));
                    let details = details(milliseconds).into();
                    return Err(Status::with_details(code, "as told", details));
                }
                Answer::Fails(code) => {
                    let code = Code::from_i32(i32::from(code));
                    return Err(Status::new(code, "as told: \u{fc}%"));
                }
            };
            collector.takes(&message);
            Ok(Response::new(answer))
        })
    }
}

/// A `google.rpc.Status` with what it says after `RetryInfo`.
fn details(milliseconds: u16) -> Vec<u8> {
    let nanos = i32::from(milliseconds % 1000) * 1_000_000;
    let delay = Delay {
        seconds: i64::from(milliseconds / 1000),
        nanos,
    };
    let retry_info = RetryInfo { delay: Some(delay) };
    let of = |name: &str, value| Any {
        type_url: format!("type.googleapis.com/google.rpc.{name}"),
        value,
    };
    let details = vec![
        of("RequestInfo", b"\x0a\x011".to_vec()),
        of("RetryInfo", retry_info.encode_to_vec()),
    ];
    let status = StatusDetails {
        message: "as told".to_owned(),
        details,
    };
    status.encode_to_vec()
}

#[derive(Clone, PartialEq, Message)]
struct StatusDetails {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// The codec: a message is its bytes.
#[derive(Clone, Copy)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = message.remaining();
        Ok(Some(message.copy_to_bytes(length)))
    }
}
