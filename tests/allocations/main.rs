//! A request that is measured allocates nothing that it would not allocate without, nor does recording a value.

use std::convert::Infallible;
use std::future::Ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::{get, post};
use ecolaura_monitoring::metrics::{
    Counter, DynamicFamily, Family, Gauge, Histogram, LabelSet, LabelValue, Metric, Unit,
};
use ecolaura_monitoring::{Monitoring, monitor};
use ecolaura_monitoring::{business::BoxStage, resources::PoolState};
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use tower::{Layer as _, Service};
use tower_http::map_response_body::MapResponseBodyLayer;

/// So many that every series has its copies for the threads.
const WARM_UP: usize = 6000;
const ROUNDS: usize = 10;
const ROUND: usize = 200;

/// What each call of `work` allocates when it has been called often: what happens once, such as the growth of a
/// series that gets hot, is in one round and not in the others.
fn allocations(work: impl FnMut()) -> f64 {
    allocations_rested(|| {}, work)
}

/// The same, with something to be done before each round.
fn allocations_rested(rest: impl Fn(), mut work: impl FnMut()) -> f64 {
    for _ in 0..WARM_UP {
        work();
    }
    let rounds = (0..ROUNDS).map(|_| {
        rest();
        let measured = allocation_counter::measure(|| (0..ROUND).for_each(|_| work()));
        measured.count_total
    });
    let least = rounds.min().expect("there are rounds");
    least as f64 / ROUND as f64
}

fn monitoring() -> Monitoring {
    let monitoring = Monitoring::builder("allocations").build();
    monitoring.expect("the environment is empty")
}

/// The output of a future that waits for nothing.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

// --- requests ---------------------------------------------------------------------------------------------------------------

/// What a request to this app allocates, from the making of it to the end of its answer.
fn per_request<S, B>(app: S, method: &str, body: &'static str) -> f64
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
{
    per_request_rested(app, method, body, || {})
}

fn per_request_rested<S, B>(app: S, method: &str, body: &'static str, rest: impl Fn()) -> f64
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = Bytes>,
{
    allocations_rested(rest, || {
        let body = Body::from(body);
        let request = Request::builder().method(method).uri("/boxes/7").body(body);
        let mut app = app.clone();
        let answer = now(app.call(request.expect("a request"))).expect("an answer");
        assert_eq!(answer.status(), 200);
        let mut body = pin!(answer.into_body());
        let mut context = Context::from_waker(Waker::noop());
        let mut bytes = 0;
        while let Poll::Ready(Some(frame)) = body.as_mut().poll_frame(&mut context) {
            let frame = frame.ok().expect("no failure");
            bytes += frame.data_ref().expect("data").len();
        }
        assert_eq!(bytes, 4);
    })
}

/// A layer that does nothing. As any that does something it holds a value, of which axum makes a box for each request, and as any
/// that sees the end of a body it changes its type, which axum boxes as well.
fn pass_through() -> MapResponseBodyLayer<impl Fn(Body) -> Passed + Clone> {
    static VALUE: AtomicBool = AtomicBool::new(true);
    let value = &VALUE;
    MapResponseBodyLayer::new(move |body| {
        assert!(value.load(Ordering::Relaxed));
        Passed(body)
    })
}

struct Passed(Body);

impl http_body::Body for Passed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

/// The router as `axum::serve` has it.
fn served(router: Router) -> Router {
    router.with_state(())
}

async fn plain() -> &'static str {
    "four"
}

#[monitor("/boxes/{id}")]
async fn monitored() -> &'static str {
    "four"
}

#[test]
fn the_layer_allocates_as_one_that_does_nothing() {
    let monitoring = monitoring();
    let app = Router::new().route("/boxes/{id}", get(plain));
    let passed = app.clone().layer(pass_through());
    let layered = app.layer(monitoring.layer());
    let expected = per_request(passed, "GET", "");
    assert_eq!(per_request(layered, "GET", ""), expected);
    assert_recorded(&monitoring);
}

/// A trace that is not recorded allocates nothing; one of which that is known only at its end, what is known of the request and of its
/// function's span.
#[test]
fn a_trace_that_is_not_recorded() {
    use ecolaura_monitoring::Sampling;

    let app = Router::new().route("/boxes/{id}", get(monitored));
    let expected = per_request(app.clone().layer(pass_through()), "GET", "");
    let none = Sampling::ratio(0.0).keep_failed(false);
    for (sampling, more) in [(none, 0.0), (none.keep_failed(true), 5.0)] {
        let builder = Monitoring::builder("allocations").traces(|traces| traces.sampling(sampling));
        // Nobody is there, nor is anything sent.
        let builder = builder.traces(|traces| traces.otlp_endpoint("http://127.0.0.1:9"));
        let monitoring = builder.build().expect("the environment is empty");
        let layered = app.clone().layer(monitoring.layer());
        let found = per_request(layered, "GET", "") - expected;
        assert!(found <= more, "{found} with {sampling:?}");
        assert_recorded(&monitoring);
    }
}

/// What goes along with requests to other services costs one allocation for the headers of the trace, and for baggage those to read it.
#[test]
fn headers_that_go_along() {
    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let monitoring = monitoring();
    let app = Router::new().route("/boxes/{id}", get(monitored));
    let app = monitoring.around(app);
    let per_request = |headers: &[(&'static str, &'static str)]| {
        allocations(|| {
            let mut request = Request::get("/boxes/7");
            for (name, value) in headers {
                let value = http::HeaderValue::from_static(value);
                request = request.header(*name, value);
            }
            let request = request.body(Body::empty()).expect("a request");
            drop(now(app.clone().call(request)).expect("an answer"));
        })
    };
    let of_two = per_request(&[("other", PARENT), ("another", "a=1")]);
    let trace = per_request(&[("traceparent", PARENT), ("tracestate", "a=1")]);
    assert!(trace <= of_two + 1.0, "{trace}, {of_two}");
    let of_one = per_request(&[("another", "plan=forest")]);
    let baggage = per_request(&[("baggage", "plan=forest")]);
    assert!(baggage <= of_one + 5.0, "{baggage}, {of_one}");
}

/// What a request has with it is freed, also where the service panics as soon as it is called.
#[test]
fn a_service_that_panics_leaves_nothing_behind() {
    let monitoring = monitoring();
    let broken = tower::service_fn(
        |_: Request<Body>| -> Ready<Result<Response<Body>, Infallible>> {
            std::panic::resume_unwind(Box::new(()))
        },
    );
    let mut app = monitoring.layer().layer(broken);
    let mut call = || {
        let request = Request::get("/boxes/7")
            .header(
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            )
            .header("baggage", "plan=forest,plot=7")
            .body(Body::empty());
        let request = request.expect("a request");
        let called = catch_unwind(AssertUnwindSafe(|| drop(app.call(request))));
        assert!(called.is_err(), "it panics");
    };
    (0..WARM_UP).for_each(|_| call());
    let rounds = (0..ROUNDS).map(|_| {
        let measured = allocation_counter::measure(|| (0..ROUND).for_each(|_| call()));
        measured.count_current
    });
    assert_eq!(rounds.min(), Some(0));
}

#[test]
fn the_layer_on_monitored_handlers_allocates_no_more() {
    let monitoring = monitoring();
    let app = Router::new().route("/boxes/{id}", get(plain));
    let passed = app.layer(pass_through());
    let app = Router::new().route("/boxes/{id}", get(monitored));
    let layered = app.layer(monitoring.layer());
    let expected = per_request(passed, "GET", "");
    assert_eq!(per_request(layered, "GET", ""), expected);
    assert_recorded(&monitoring);
}

#[test]
fn around_monitored_handlers_allocates_nothing() {
    let monitoring = monitoring();
    let bare = served(Router::new().route("/boxes/{id}", get(plain)));
    let app = Router::new().route("/boxes/{id}", get(monitored));
    let expected = per_request(bare, "GET", "");
    assert_eq!(per_request(monitoring.around(app), "GET", ""), expected);
    assert_recorded(&monitoring);
}

/// axum makes a route of each handler for each request, unless told to do it once.
#[test]
fn around_a_router_makes_its_routes_once() {
    let app = Router::new().route("/boxes/{id}", get(monitored));
    let each_time = per_request(app.clone(), "GET", "");
    let once = per_request(served(app.clone()), "GET", "");
    assert!(once < each_time, "{once} is not less than {each_time}");
    assert_eq!(per_request(monitoring().around(app), "GET", ""), once);
}

#[test]
fn around_with_a_table_of_routes_allocates_nothing() {
    let monitoring = monitoring();
    let app = Router::new().route("/boxes/{id}", get(plain));
    let around = monitoring.around(app.clone()).routes(["/boxes/{id}"]);
    let expected = per_request(served(app), "GET", "");
    let around = around.expect("good templates");
    assert_eq!(per_request(around, "GET", ""), expected);
    assert_recorded(&monitoring);
}

/// To count the bytes that the service reads costs what holds the count and the box around the body that counts.
#[test]
fn a_request_body_costs_two_allocations() {
    async fn read(body: Bytes) -> Bytes {
        body
    }
    let monitoring = monitoring();
    let app = Router::new().route("/boxes/{id}", post(read));
    let around = monitoring.around(app.clone()).routes(["/boxes/{id}"]);
    let expected = per_request(served(app), "POST", "four") + 2.0;
    let around = around.expect("good templates");
    assert_eq!(per_request(around, "POST", "four"), expected);
    assert_recorded(&monitoring);
}

/// A service that panics when it is called takes its request with it, but nothing of ours stays behind.
#[test]
fn a_panic_of_the_service_leaves_nothing_behind() {
    let monitoring = monitoring();
    let panicking = tower::service_fn(
        |_: Request<Body>| -> std::future::Ready<Result<Response<Body>, Infallible>> {
            std::panic::resume_unwind(Box::new("called"))
        },
    );
    let call = || {
        let mut app = monitoring.layer().layer(panicking);
        let request = Request::new(Body::from("four"));
        let called = std::panic::AssertUnwindSafe(|| drop(app.call(request)));
        assert!(std::panic::catch_unwind(called).is_err());
    };
    (0..10).for_each(|_| call());
    let kept = allocation_counter::measure(|| (0..100).for_each(|_| call()));
    assert_eq!(kept.bytes_current, 0);
}

/// Expects every request to have been recorded under its endpoint.
fn assert_recorded(monitoring: &Monitoring) {
    let requests = (WARM_UP + ROUNDS * ROUND) as f64;
    let labels = [("endpoint", "/boxes/{id}"), ("outcome", "success")];
    let counted = monitoring.recorded().value("http_requests_total", &labels);
    assert_eq!(counted, Some(requests));
}

// --- functions --------------------------------------------------------------------------------------------------------------

#[test]
fn a_monitored_function_allocates_nothing() {
    #[monitor("pack")]
    fn pack(n: u64) -> u64 {
        n + 1
    }
    #[monitor("/pack/{id}")]
    async fn pack_async(n: u64) -> Result<u64, Infallible> {
        Ok(n + 1)
    }
    let monitoring = monitoring();
    let sync = || assert_eq!(monitoring.enter(|| pack(1)), 2);
    assert_eq!(allocations(sync), 0.0);
    let asynchronous = || assert_eq!(monitoring.enter(|| now(pack_async(1))), Ok(2));
    assert_eq!(allocations(asynchronous), 0.0);
    let calls = monitoring.recorded().value("request_count_total", &[]);
    assert_eq!(calls, Some(2.0 * (WARM_UP + ROUNDS * ROUND) as f64));
}

/// Without an entered scope it records to the monitoring of the process, or to none.
#[test]
fn a_monitored_function_without_a_monitoring_allocates_nothing() {
    #[monitor("pack")]
    async fn pack(n: u64) -> u64 {
        n + 1
    }
    assert_eq!(allocations(|| assert_eq!(now(pack(1)), 2)), 0.0);
}

// --- lines ------------------------------------------------------------------------------------------------------------------

/// Neither the line of a request nor that of an event takes anything that was not there before, once there are some buffers.
#[test]
fn lines_allocate_nothing() {
    use tracing_subscriber::layer::SubscriberExt as _;
    let builder = Monitoring::builder("allocations").logs(|logs| logs.writer(std::io::sink()));
    let builder = builder.logs(|logs| logs.max_lines_per_second(u32::MAX));
    let monitoring = builder.build().expect("the environment is empty");
    let router = || Router::new().route("/boxes/{id}", get(async || "four"));
    let expected = per_request(served(router().layer(pass_through())), "GET", "");
    let app = served(router().layer(monitoring.layer()));
    // A round begins when the lines of the one before are written, and their buffers free again.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    let flush = || monitoring.flush(Duration::from_secs(20));
    let rest = || runtime.block_on(flush()).expect("lines are written");
    assert_eq!(per_request_rested(app, "GET", "", rest), expected);
    assert_recorded(&monitoring);

    let subscriber = tracing_subscriber::registry().with(monitoring.log_layer());
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("pack", shelf = "B", order = 7);
        let _entered = span.enter();
        let log = || tracing::info!(parcels = 2, weight = 1.5, by = %"bike", "packed {}", "twice");
        assert_eq!(allocations_rested(rest, log), 0.0);
    });
    let text = monitoring.metrics().render();
    let written = |dataset: &str| {
        let series = format!("log_lines_total{{dataset=\"{dataset}\"");
        text.lines().any(|line| line.contains(&series))
    };
    assert!(written("access") && written("application"), "{text}");
}

// --- values -----------------------------------------------------------------------------------------------------------------

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    Forest,
}

#[derive(Clone, Copy, LabelSet)]
struct Packed {
    plan: Plan,
    gift: bool,
}

const COUNT: Metric = Metric::counter("boxes_packed_total", "Boxes packed.");
const DEPTH: Metric = Metric::gauge("orders_waiting", "Orders waiting.");
const TIME: Metric = Metric::histogram("packing_seconds", "Time to pack.").unit(Unit::Seconds);
const SENT: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["to", "by"]);

#[test]
fn values_allocate_nothing() {
    let metrics = monitoring().metrics();
    let counter: Counter = metrics.counter(COUNT).expect("a counter");
    assert_eq!(allocations(|| counter.inc()), 0.0);
    assert_eq!(allocations(|| counter.add(3)), 0.0);
    let gauge: Gauge = metrics.gauge(DEPTH).expect("a gauge");
    assert_eq!(allocations(|| gauge.set(3.0)), 0.0);
    assert_eq!(allocations(|| gauge.sub(1.0)), 0.0);
    let histogram: Histogram = metrics.histogram(TIME).expect("a histogram");
    assert_eq!(allocations(|| histogram.observe(0.07)), 0.0);
    let time = Duration::from_millis(70);
    assert_eq!(allocations(|| histogram.observe_duration(time)), 0.0);
    for not_recorded in [-1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(allocations(|| histogram.observe(not_recorded)), 0.0);
    }
}

#[test]
fn families_allocate_nothing() {
    let metrics = monitoring().metrics();
    let packed: Family<Counter, Packed> = metrics.counter_family(COUNT).expect("a family");
    let get = || {
        for plan in [Plan::Seedling, Plan::Forest] {
            packed.get(Packed { plan, gift: true }).inc();
        }
    };
    assert_eq!(allocations(get), 0.0);
    let sent: DynamicFamily<Counter, 2> = metrics.dynamic(SENT).expect("a family");
    let resolve = || sent.get(["Oslo", "bike"]).inc();
    assert_eq!(allocations(resolve), 0.0);
}

#[test]
fn recorders_allocate_nothing() {
    let monitoring = Monitoring::builder("allocations").user_hash_key("a key of this test");
    let monitoring = monitoring.build().expect("a monitoring");
    let names = monitoring
        .business()
        .plans(Plan::VALUES)
        .touchpoints(["post"]);
    let names = names
        .currencies(["EUR"])
        .journey("subscription", ["browse"]);
    let business = names.register().expect("recorders");
    assert_eq!(allocations(|| business.signed_up(Plan::Forest)), 0.0);
    assert_eq!(allocations(|| business.signed_up("jungle")), 0.0);
    assert_eq!(allocations(|| business.revenue(1, "eur")), 0.0);
    assert_eq!(allocations(|| business.refund(1, "EUR")), 0.0);
    assert_eq!(allocations(|| business.order().completed()), 0.0);
    assert_eq!(allocations(|| drop(business.order())), 0.0);
    assert_eq!(allocations(|| business.box_filled("forest", 0.5)), 0.0);
    assert_eq!(allocations(|| business.box_created()), 0.0);
    let (packed, shipped) = (BoxStage::Packed, BoxStage::Shipped);
    let hour = Duration::from_secs(3600);
    assert_eq!(
        allocations(|| business.box_moved(packed, shipped, hour)),
        0.0
    );
    assert_eq!(
        allocations(|| business.box_moved(shipped, packed, hour)),
        0.0
    );
    assert_eq!(allocations(|| business.satisfaction("post", 5)), 0.0);
    assert_eq!(allocations(|| business.step("subscription", "browse")), 0.0);
    let mut user = 0_u64;
    let seen = || {
        user += 1;
        business.user_seen(user.to_le_bytes());
    };
    assert_eq!(allocations(seen), 0.0);
    let cache = monitoring.cache("products").expect("a cache");
    assert_eq!(allocations(|| cache.hit()), 0.0);
    let pool = || PoolState::new(1, 1);
    let connections = monitoring.pool("orders", pool).expect("a pool");
    let acquire = || {
        let connection = connections.acquire(std::future::ready(Ok::<_, Infallible>(())));
        let Ok(()) = now(connection);
    };
    assert_eq!(allocations(acquire), 0.0);
}

/// Also in the series that takes what finds no room.
#[test]
fn a_full_family_allocates_nothing() {
    let monitoring = Monitoring::builder("allocations")
        .metrics(|metrics| metrics.max_series(1))
        .build();
    let metrics = monitoring.expect("a monitoring").metrics();
    let sent: DynamicFamily<Counter, 2> = metrics.dynamic(SENT).expect("a family");
    sent.get(["Oslo", "bike"]).inc();
    let mut n = 0_u8;
    let resolve = || {
        n = n.wrapping_add(1);
        let by = ["train", "ship", "balloon"][usize::from(n) % 3];
        sent.get(["Bergen", by]).inc();
    };
    assert_eq!(allocations(resolve), 0.0);
}

// --- scrapes ----------------------------------------------------------------------------------------------------------------

/// Ten times as many series make the one buffer grow a few times more often, and that is all.
#[test]
fn rendering_allocates_nothing_for_a_series() {
    const OPEN_METRICS: &str = "application/openmetrics-text;version=1.0.0";
    const PROTOBUF: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";
    let rendering = |series: usize, accept: &str| {
        let metrics = monitoring().metrics();
        let sent: DynamicFamily<Counter, 2> = metrics.dynamic(SENT).expect("a family");
        let time: DynamicFamily<Histogram, 1> =
            metrics.dynamic(TIME.labels(&["to"])).expect("a family");
        for number in 0..series {
            let to = number.to_string();
            sent.get([&to, "bike"]).inc();
            time.get([&to]).observe(number as f64);
        }
        let encode = || metrics.encode([accept.as_bytes()]);
        drop(encode());
        allocation_counter::measure(|| drop(encode())).count_total
    };
    for accept in ["text/plain", OPEN_METRICS, PROTOBUF] {
        let (few, many) = (rendering(100, accept), rendering(1_000, accept));
        assert!(many <= few + 10, "{accept}: {few} and {many}");
    }
}
