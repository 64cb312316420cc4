//! Without any feature the layer, the engine and the text remain, for any tower service of HTTP.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Metric};
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer as _;
use tower_service::Service;

/// Answers with a text, or with 404 for what it does not know.
struct Shop;

impl Service<Request<String>> for Shop {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<String>) -> Self::Future {
        let status = if request.uri().path() == "/nothing" {
            404
        } else {
            200
        };
        let response = Response::builder()
            .status(status)
            .body("twelve bytes".to_owned());
        ready(Ok(response.unwrap()))
    }
}

/// Sends a request and reads the answer to its end.
fn send(service: &mut impl ServiceOfText, path: &str, body: &str) {
    let request = Request::post(path).body(body.to_owned()).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Ok(response)) = pin!(service.call(request)).poll(&mut cx) else {
        panic!("no answer");
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut cx) {
        assert!(frame.is_ok());
    }
}

trait ServiceOfText:
    Service<
        Request<String>,
        Response = Response<ecolaura_monitoring::http::ResponseBody<String>>,
        Error = Infallible,
    >
{
}

impl<S> ServiceOfText for S where
    S: Service<
            Request<String>,
            Response = Response<ecolaura_monitoring::http::ResponseBody<String>>,
            Error = Infallible,
        >
{
}

fn lines(monitoring: &Monitoring, family: &str) -> Vec<String> {
    let text = monitoring.metrics().render();
    let of_family = |line: &&str| line.starts_with(family) && !line.contains("_bucket");
    text.lines().filter(of_family).map(str::to_owned).collect()
}

#[test]
fn a_tower_service_is_measured() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let mut shop = monitoring.layer().layer(Shop);
    send(&mut shop, "/products/7", "");
    let expected = [
        r#"http_requests_total{method="POST",endpoint="unmatched",status_code="200",outcome="success"} 1"#,
    ];
    assert_eq!(lines(&monitoring, "http_requests_total"), expected);
    for (family, sum) in [
        ("http_request_size_bytes_sum", 0),
        ("http_response_size_bytes_sum", 12),
    ] {
        let expected = format!(r#"{family}{{method="POST",endpoint="unmatched"}} {sum}"#);
        assert_eq!(lines(&monitoring, family), [expected]);
    }
}

#[test]
fn a_table_of_routes_names_endpoints() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let shop = monitoring.around(Shop);
    let shop = shop.routes(["/products", "/products/{id}"]).unwrap();
    let mut shop = shop.routes(["/nothing"]).unwrap();
    for path in [
        "/products/7",
        "/products/8",
        "/products",
        "/nothing",
        "/else",
    ] {
        send(&mut shop, path, "");
    }
    let expected = [
        ("/products/{id}", 200, "success", 2),
        ("/products", 200, "success", 1),
        ("/nothing", 404, "client_error", 1),
        ("unmatched", 200, "success", 1),
    ];
    let expected = expected.map(|(endpoint, code, outcome, n)| {
        format!(r#"http_requests_total{{method="POST",endpoint="{endpoint}",status_code="{code}",outcome="{outcome}"}} {n}"#)
    });
    assert_eq!(lines(&monitoring, "http_requests_total"), expected);
}

#[test]
fn a_malformed_table_of_routes_is_refused() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    for routes in [["/a/{id", "/b"], ["/a/{id}", "/a/{other}"], ["/a", "/a"]] {
        let error = monitoring.around(Shop).routes(routes).unwrap_err();
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().contains(routes[1]) || error.to_string().contains(routes[0]));
    }
}

#[test]
fn own_metrics_are_rendered() {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let metric = Metric::counter("sent_total", "S.").labels(&["carrier"]);
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(metric).unwrap();
    sent.get(["bike"]).add(2);
    assert_eq!(
        lines(&monitoring, "sent_total"),
        [r#"sent_total{carrier="bike"} 2"#]
    );
}
