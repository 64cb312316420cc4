//! A gRPC service that ends as it is told, and its client: texts instead of protocol buffers, so that nothing is generated.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _};
use ecolaura_monitoring::monitor;
use http::uri::PathAndQuery;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::client::GrpcService;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::{Service, service_fn};

/// What the router of tonic matches.
pub const ENDPOINT: &str = "/shop.Press/{*rest}";

const PRINT: &str = "/shop.Press/Print";
const PAGES: &str = "/shop.Press/Pages";

/// `Print` answers once: with the text, or with the gRPC status whose number the text is.
#[monitor("/shop.Press/Print")]
async fn print(request: Request<String>) -> Result<Response<String>, Status> {
    let text = request.into_inner();
    match text.parse() {
        Err(_) => Ok(Response::new(text)),
        Ok(code) => Err(Status::new(Code::from_i32(code), "as told")),
    }
}

type Pages = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// `Pages` answers with two pages, and then ends: well, with the status whose number the text is, or never for `wait`.
async fn pages(request: Request<String>) -> Result<Response<Pages>, Status> {
    let pages = tokio_stream::iter(["one", "two"]).map(|page| Ok(page.to_owned()));
    let pages: Pages = match &*request.into_inner() {
        "wait" => Box::pin(pages.chain(tokio_stream::pending())),
        text => match text.parse() {
            Err(_) => Box::pin(pages),
            Ok(code) => {
                let end = Status::new(Code::from_i32(code), "as told");
                Box::pin(pages.chain(tokio_stream::once(Err(end))))
            }
        },
    };
    Ok(Response::new(pages))
}

#[derive(Clone)]
pub struct Press;

impl NamedService for Press {
    const NAME: &'static str = "shop.Press";
}

impl Service<http::Request<Body>> for Press {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            let mut grpc = Grpc::new(Text);
            Ok(match request.uri().path() {
                PRINT => grpc.unary(service_fn(print), request).await,
                PAGES => grpc.server_streaming(service_fn(pages), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

/// Calls `Print` and gives back how it ended.
pub async fn call_print<S>(service: S, text: &str) -> Result<String, Code>
where
    S: GrpcService<Body>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    call_unary(service, PRINT, text).await
}

/// Calls a method that answers once and gives back how it ended.
pub async fn call_unary<S>(service: S, path: &'static str, text: &str) -> Result<String, Code>
where
    S: GrpcService<Body>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    let mut client = tonic::client::Grpc::new(service);
    assert!(client.ready().await.is_ok(), "the service is ready");
    let request = Request::new(text.to_owned());
    let answer = client
        .unary(request, PathAndQuery::from_static(path), Text)
        .await;
    answer
        .map(Response::into_inner)
        .map_err(|status| status.code())
}

/// Calls `Pages` and gives back the stream.
pub async fn call_pages<S>(service: S, text: &str) -> Streaming<String>
where
    S: GrpcService<Body>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<tonic::codegen::StdError> + Send,
{
    let mut client = tonic::client::Grpc::new(service);
    assert!(client.ready().await.is_ok(), "the service is ready");
    let request = Request::new(text.to_owned());
    let path = PathAndQuery::from_static(PAGES);
    let answer = client.server_streaming(request, path, Text).await;
    answer.expect("pages").into_inner()
}

/// The codec: a message is its text.
#[derive(Clone, Copy)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        String::from_utf8(bytes.into())
            .map(Some)
            .map_err(|_| Status::internal("not a text"))
    }
}
