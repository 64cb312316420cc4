//! However a response ends, the request counts as what its client got: through a real server, by HTTP/1.1 and HTTP/2, behind
//! `layer`, `around` and `routes`, with the span and the line of the log saying the same.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use ecolaura_monitoring::Monitoring;
use http::header::TE;
use http::{HeaderMap, StatusCode, Version};
use http_body_util::BodyExt as _;
use tower::Service;

use support::battery::{in_flight, monitoring, requests};
use support::collector::Collector;
use support::eventually::eventually;
use support::lines::{Lines, logged};
use support::script::{Script, Step};
use support::served::{Client, Server};

/// What the client has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Got {
    /// A status and all of a body of so many bytes.
    Whole(u16, usize),
    /// An error instead of the head, or of the rest of the body.
    Broken,
}

use Got::{Broken, Whole};

/// How a response ends.
struct Ending {
    name: &'static str,
    method: &'static str,
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: fn() -> Script,
    /// What the client gets by HTTP/1.1 and by HTTP/2.
    got: [Got; 2],
    /// Status and outcome that it counts with by HTTP/1.1 and by HTTP/2.
    counted: [&'static str; 2],
}

impl Ending {
    const fn new(name: &'static str, body: fn() -> Script) -> Self {
        Self {
            name,
            method: "GET",
            status: 200,
            headers: &[],
            body,
            got: [Broken; 2],
            counted: [""; 2],
        }
    }

    const fn head(mut self, status: u16, headers: &'static [(&str, &str)]) -> Self {
        (self.status, self.headers) = (status, headers);
        self
    }

    const fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// The same by both protocols.
    const fn is(self, got: Got, counted: &'static str) -> Self {
        self.are([got, got], [counted, counted])
    }

    const fn are(mut self, got: [Got; 2], counted: [&'static str; 2]) -> Self {
        (self.got, self.counted) = (got, counted);
        self
    }

    fn response(&self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a status");
        let mut response = (status, (self.body)().body()).into_response();
        for (name, value) in self.headers {
            let name = http::HeaderName::from_static(name);
            response
                .headers_mut()
                .append(name, value.parse().expect("a value"));
        }
        response
    }
}

/// Trailers of a gRPC call.
fn grpc_status(code: &str) -> Step {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", code.parse().expect("a value"));
    Step::Trailers(trailers)
}

fn trailers() -> Step {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "7".parse().expect("a value"));
    Step::Trailers(trailers)
}

const TEN: &[(&str, &str)] = &[("content-length", "10")];
const CHUNKED_TEN: &[(&str, &str)] = &[("transfer-encoding", "chunked"), ("content-length", "10")];
const GRPC: &[(&str, &str)] = &[("content-type", "application/grpc")];
const WITH_TRAILER: &[(&str, &str)] = &[("trailer", "x-checksum")];

const SUCCESS: &str = "200 success";
const FAILED: &str = "200 server_error";

/// Every way in which a response ends that a test can tell apart.
fn endings() -> Vec<Ending> {
    [
        whole_bodies(),
        bodies_with_trailers(),
        grpc_calls(),
        announced_lengths(),
        broken_lengths(),
        answers_without_a_body(),
        broken_bodies(),
        refused_heads(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn whole_bodies() -> Vec<Ending> {
    vec![
        Ending::new("data, then the end", || {
            Script::new([Step::Data(4), Step::Data(2)])
        })
        .is(Whole(200, 6), SUCCESS),
        Ending::new("data, and says its end", || {
            Script::new([Step::Data(4), Step::Data(2)]).saying_its_end()
        })
        .is(Whole(200, 6), SUCCESS),
        Ending::new("nothing", || Script::new([])).is(Whole(200, 0), SUCCESS),
        Ending::new("nothing, and says its end", || {
            Script::new([]).saying_its_end()
        })
        .is(Whole(200, 0), SUCCESS),
        Ending::new("data of a client error", || Script::new([Step::Data(4)]))
            .head(404, &[])
            .is(Whole(404, 4), "404 client_error"),
    ]
}

fn bodies_with_trailers() -> Vec<Ending> {
    vec![
        Ending::new("data, then trailers", || {
            Script::new([Step::Data(4), trailers()])
        })
        .is(Whole(200, 4), SUCCESS),
        Ending::new("data, then trailers that the head announces", || {
            Script::new([Step::Data(4), trailers()])
        })
        .head(200, WITH_TRAILER)
        .is(Whole(200, 4), SUCCESS),
        Ending::new("data, then trailers, and says its end", || {
            Script::new([Step::Data(4), trailers()]).saying_its_end()
        })
        .is(Whole(200, 4), SUCCESS),
        Ending::new("trailers alone", || Script::new([trailers()])).is(Whole(200, 0), SUCCESS),
        Ending::new("trailers, after which the body would wait", || {
            Script::new([Step::Data(4), trailers(), Step::Wait])
        })
        .is(Whole(200, 4), SUCCESS),
        Ending::new("trailers after a length that is kept", || {
            Script::new([Step::Data(10), trailers()])
        })
        .head(200, TEN)
        .is(Whole(200, 10), SUCCESS),
        Ending::new("trailers before a length that is kept", || {
            Script::new([Step::Data(4), trailers()])
        })
        .head(200, TEN)
        .is(Broken, FAILED),
        Ending::new("trailers of a server error", || {
            Script::new([Step::Data(4), trailers()])
        })
        .head(503, &[])
        .is(Whole(503, 4), "503 server_error"),
    ]
}

fn grpc_calls() -> Vec<Ending> {
    let call = |name, body: fn() -> Script| Ending::new(name, body).head(200, GRPC);
    vec![
        call("gRPC that ends well", || {
            Script::new([Step::Data(4), grpc_status("0")])
        })
        .is(Whole(200, 4), SUCCESS),
        call("gRPC whose deadline has passed", || {
            Script::new([Step::Data(4), grpc_status("4")])
        })
        .is(Whole(200, 4), "200 timeout"),
        call("gRPC that the client asked wrongly", || {
            Script::new([grpc_status("3")])
        })
        .is(Whole(200, 0), "200 client_error"),
        call("gRPC with a malformed status", || {
            Script::new([Step::Data(4), grpc_status("many")])
        })
        .is(Whole(200, 4), FAILED),
        call("gRPC with trailers without a status", || {
            Script::new([Step::Data(4), trailers()])
        })
        .is(Whole(200, 4), FAILED),
        call("gRPC without trailers", || Script::new([Step::Data(4)])).is(Whole(200, 4), FAILED),
        call("gRPC that fails after a message of known length", || {
            let steps = [Step::Data(4), grpc_status("13")];
            Script::new(steps).announcing(4)
        })
        // By HTTP/1.1, which is not for gRPC, nobody asks for the trailers.
        .are([Whole(200, 4); 2], [SUCCESS, FAILED]),
        call("gRPC that says its end", || {
            Script::new([Step::Data(4), grpc_status("0")]).saying_its_end()
        })
        .is(Whole(200, 4), SUCCESS),
    ]
}

fn announced_lengths() -> Vec<Ending> {
    vec![
        Ending::new("a length in one piece", || Script::new([Step::Data(10)]))
            .head(200, TEN)
            .is(Whole(200, 10), SUCCESS),
        Ending::new("a length in two pieces", || {
            Script::new([Step::Data(4), Step::Data(6)])
        })
        .head(200, TEN)
        .is(Whole(200, 10), SUCCESS),
        Ending::new("a length of the body itself", || {
            Script::new([Step::Data(4), Step::Data(6)]).announcing(10)
        })
        .is(Whole(200, 10), SUCCESS),
        Ending::new("the length twice", || Script::new([Step::Data(10)]))
            .head(200, &[("content-length", "10"), ("content-length", "10")])
            .is(Whole(200, 10), SUCCESS),
    ]
}

fn broken_lengths() -> Vec<Ending> {
    vec![
        Ending::new("less than the head says", || Script::new([Step::Data(4)]))
            .head(200, TEN)
            .is(Broken, FAILED),
        Ending::new("less than the head says, and says its end", || {
            Script::new([Step::Data(4)]).saying_its_end()
        })
        .head(200, TEN)
        .is(Broken, FAILED),
        Ending::new("less than the body itself says", || {
            Script::new([Step::Data(4)]).announcing(10)
        })
        .is(Broken, FAILED),
        Ending::new("another length than the body says", || {
            Script::new([Step::Data(4)]).announcing(4).saying_its_end()
        })
        .head(200, TEN)
        .is(Broken, FAILED),
        // By HTTP/1.1 the client gets what the head says, and takes it for all.
        Ending::new("more than the head says", || Script::new([Step::Data(14)]))
            .head(200, TEN)
            .are([Whole(200, 10), Broken], [FAILED, FAILED]),
        Ending::new("more than the head says, in the end", || {
            Script::new([Step::Data(4), Step::Data(10)]).saying_its_end()
        })
        .head(200, TEN)
        .are([Whole(200, 10), Broken], [FAILED, FAILED]),
        // By HTTP/1.1 the server asks for no more when it has what the head says.
        Ending::new("more after what the head says", || {
            Script::new([Step::Data(10), Step::Data(4)])
        })
        .head(200, TEN)
        .are([Whole(200, 10), Broken], [SUCCESS, FAILED]),
        // By HTTP/1.1 hyper corrects the head.
        Ending::new("nothing of what the head says", || {
            Script::new([]).saying_its_end()
        })
        .head(200, TEN)
        .are([Whole(200, 0), Broken], [FAILED, FAILED]),
        Ending::new("nothing of what the head says, asked for", || {
            Script::new([])
        })
        .head(200, TEN)
        .is(Broken, FAILED),
        Ending::new("two lengths", || Script::new([Step::Data(10)]))
            .head(200, &[("content-length", "10"), ("content-length", "4")])
            .is(Broken, FAILED),
        // HTTP/2 has no `transfer-encoding`: it is left out.
        Ending::new("a length beside a transfer encoding", || {
            Script::new([Step::Data(10)])
        })
        .head(200, CHUNKED_TEN)
        .are([Broken, Whole(200, 10)], [FAILED, SUCCESS]),
        Ending::new("a transfer encoding", || Script::new([Step::Data(10)]))
            .head(200, &[("transfer-encoding", "chunked")])
            .is(Whole(200, 10), SUCCESS),
        Ending::new("a length that is no number", || {
            Script::new([Step::Data(4)])
        })
        .head(200, &[("content-length", "four")])
        .is(Broken, FAILED),
    ]
}

fn answers_without_a_body() -> Vec<Ending> {
    vec![
        Ending::new("HEAD of a length", || Script::new([]).saying_its_end())
            .head(200, TEN)
            .method("HEAD")
            .is(Whole(200, 0), SUCCESS),
        Ending::new("HEAD with a body", || Script::new([Step::Data(4)]))
            .method("HEAD")
            .is(Whole(200, 0), SUCCESS),
        Ending::new("204", || Script::new([]).saying_its_end())
            .head(204, &[])
            .is(Whole(204, 0), "204 success"),
        Ending::new("304 with the length of what it stands for", || {
            Script::new([]).saying_its_end()
        })
        .head(304, TEN)
        .is(Whole(304, 0), "304 success"),
    ]
}

fn broken_bodies() -> Vec<Ending> {
    vec![
        Ending::new("an error at once", || Script::new([Step::Fail])).is(Broken, FAILED),
        Ending::new("an error after data", || {
            Script::new([Step::Data(4), Step::Fail])
        })
        .is(Broken, FAILED),
        Ending::new("an error after a part of a length", || {
            Script::new([Step::Data(4), Step::Fail])
        })
        .head(200, TEN)
        .is(Broken, FAILED),
        Ending::new("a panic after data", || {
            Script::new([Step::Data(4), Step::Panic])
        })
        .is(Broken, "200 panic"),
        Ending::new("a panic when it is asked whether it has ended", || {
            Script::new([Step::Data(4)]).panicking_at_its_end()
        })
        .is(Broken, "200 panic"),
    ]
}

/// The head of an answer that no server sends. hyper puts 500 in its place by HTTP/1.1, and leaves the client alone by HTTP/2.
fn refused_heads() -> Vec<Ending> {
    let refused = |name, status| {
        Ending::new(name, || Script::new([]).saying_its_end())
            .head(status, &[])
            .are([Whole(500, 0), Broken], ["500 server_error"; 2])
    };
    vec![
        refused("100 as an answer", 100),
        refused("102 as an answer", 102),
        refused("103 as an answer", 103),
        refused("199 as an answer", 199),
        Ending::new("103 with a body", || Script::new([Step::Data(4)]))
            .head(103, &[])
            .are([Whole(500, 0), Broken], ["500 server_error"; 2]),
        // By HTTP/1.1 it is how a connection is upgraded.
        Ending::new("101 as an answer", || Script::new([]).saying_its_end())
            .head(101, &[])
            .are([Whole(101, 0), Broken], ["101 success", "500 server_error"]),
    ]
}

const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// What a client gets of one request.
async fn ask(server: &Server, ending: &Ending, path: &str, version: Version) -> Got {
    let line = format!("{} {path}", ending.method);
    let mut request = server.request(&line, Body::empty());
    request
        .headers_mut()
        .insert(TE, "trailers".parse().expect("a value"));
    let asked = async {
        let answer = Client::new(version).head(request).await.ok()?;
        let status = answer.status().as_u16();
        let length = answer.into_body().collect().await.ok()?.to_bytes().len();
        Some(Whole(status, length))
    };
    let got = tokio::time::timeout(Duration::from_secs(20), asked).await;
    got.expect("an answer in time").unwrap_or(Broken)
}

/// Serves an app, asks it once by each protocol for each ending, and compares what the client got and what was counted.
async fn check<A, B>(endpoint: &str, around: impl Fn(&Monitoring, Router) -> A)
where
    A: Service<Request, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    A::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut differences = Vec::new();
    for (at, version) in VERSIONS.into_iter().enumerate() {
        for ending in endings() {
            let monitoring = monitoring();
            let expected = (ending.got[at], ending.counted[at]);
            let line = format!("{} {endpoint} {} 1", ending.method, expected.1);
            let (name, method) = (ending.name, ending.method);
            let ending = std::sync::Arc::new(ending);
            let handler = {
                let ending = std::sync::Arc::clone(&ending);
                move || async move { ending.response() }
            };
            let app = around(&monitoring, Router::new().route("/boxes", any(handler)));
            let server = Server::ours(&monitoring, app).await;
            let got = ask(&server, &ending, "/boxes", version).await;
            let counted = counted(&monitoring).await;
            if got != expected.0 || counted != [line.clone()] {
                differences.push(format!(
                    "{version:?} {method}, {name}: got {got:?}, expected {:?}; counted {counted:?}, expected {line:?}",
                    expected.0
                ));
            } else {
                server.end(&monitoring, &[&line]).await;
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What was counted once the request has ended.
async fn counted(monitoring: &Monitoring) -> Vec<String> {
    eventually("the end of the request", async || {
        let counted = requests(monitoring);
        match counted.is_empty() || !in_flight(monitoring).is_empty() {
            true => Err(format!(
                "{counted:?}, in flight {:?}",
                in_flight(monitoring)
            )),
            false => Ok(()),
        }
    })
    .await;
    requests(monitoring)
}

#[tokio::test]
async fn behind_the_layer() {
    check("/boxes", |monitoring, app| app.layer(monitoring.layer())).await;
}

#[tokio::test]
async fn around_the_router() {
    check("unmatched", |monitoring, app| monitoring.around(app)).await;
}

#[tokio::test]
async fn around_the_router_with_routes() {
    check("/boxes", |monitoring, app| {
        let routes = monitoring.around(app).routes(["/boxes"]);
        routes.expect("a good template")
    })
    .await;
}

/// Of each ending, by its number, the status and the outcome that a span and a line of the log tell.
#[tokio::test]
async fn in_spans_and_lines() {
    for (at, version) in VERSIONS.into_iter().enumerate() {
        let collector = Collector::start().await;
        let (lines, monitoring) =
            logged(|builder| builder.traces(|traces| traces.otlp_endpoint(collector.endpoint())));
        let handler = async |Path(number): Path<usize>| endings()[number].response();
        let app = Router::new()
            .route("/endings/{number}", any(handler))
            .layer(monitoring.layer());
        let server = Server::ours(&monitoring, app).await;
        let endings = endings();
        for (number, ending) in endings.iter().enumerate() {
            ask(&server, ending, &format!("/endings/{number}"), version).await;
        }
        let number = endings.len();
        let (spans, lines) = eventually("all spans and lines", async || {
            let _ = monitoring.flush(Duration::from_secs(20)).await;
            let (spans, lines) = (told_by_spans(&collector), told_by_lines(&lines));
            if spans.len() == number && lines.len() == number {
                Ok((spans, lines))
            } else {
                Err(format!("{} spans, {} lines", spans.len(), lines.len()))
            }
        })
        .await;
        let mut differences = Vec::new();
        for (number, ending) in endings.iter().enumerate() {
            let path = format!("/endings/{number}");
            let (status, outcome) = ending.counted[at].split_once(' ').expect("both");
            let error = error_type(status, outcome);
            if spans[&path] != (status.to_owned(), error.clone()) {
                let found = &spans[&path];
                differences.push(format!("{version:?} {}: span {found:?}", ending.name));
            }
            if lines[&path] != (status.to_owned(), outcome.to_owned()) {
                let found = &lines[&path];
                differences.push(format!("{version:?} {}: line {found:?}", ending.name));
            }
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

/// `error.type` of a server's span.
fn error_type(status: &str, outcome: &str) -> String {
    match outcome {
        "success" | "client_error" => "",
        "server_error" if status.starts_with('5') => status,
        other => other,
    }
    .to_owned()
}

type Told = BTreeMap<String, (String, String)>;

/// By path, the status and `error.type` of each span.
fn told_by_spans(collector: &Collector) -> Told {
    let told = collector.spans().into_iter().map(|span| {
        let attribute = |key| span.attribute(key).unwrap_or_default();
        let error = attribute("error.type");
        assert_eq!(span.error().is_some(), !error.is_empty(), "{error}");
        let status = attribute("http.response.status_code");
        (attribute("url.path"), (status, error))
    });
    told.collect()
}

/// By path, the status and the outcome of each line of a request.
fn told_by_lines(lines: &Lines) -> Told {
    let read = |line: String| -> serde_json::Value { serde_json::from_str(&line).expect("JSON") };
    let lines = lines.all().into_iter().map(read);
    let told = lines
        .filter(|line| line["event.dataset"] == "access")
        .map(|line| {
            let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
            let status = line["http.response.status_code"].to_string();
            (
                text(&line["url.path"]),
                (status, text(&line["labels"]["outcome"])),
            )
        });
    told.collect()
}
