//! API Performance: how fast it answers, and what fails.

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::Metric;

use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Bars, Heatmap, Lines, Number, Stacked, Table};
use crate::grafana::{journey, mean, quantile, rate, series};
use crate::kit::Kit;
use crate::objective::Slo;
use crate::prometheus::recording::{FAULTS, MEAN_LATENCY};

/// The endpoints that are chosen.
const CHOSEN: &str = "endpoint=~\"$endpoint\"";

pub(super) fn dashboard(kit: &Kit) -> Dashboard {
    let mut rows = vec![requests(kit), endpoints(kit)];
    rows.extend(objectives(kit));
    rows.extend([functions(), queries(), streams().closed()]);
    // With a business they are on a dashboard about its users.
    if !kit.has_business() {
        rows.push(Row::new("Logins", journey::logins()).closed());
    }
    rows.push(others().closed());
    Dashboard {
        name: "api-performance",
        title: "API Performance",
        about: "How many requests there are, how fast they are answered, which fail, and what they wait for.",
        rows,
        by_endpoint: true,
    }
}

/// The share of requests that failed by the service's fault: 0 also where nothing has failed yet.
pub(super) fn error_ratio(labels: &str) -> String {
    let requests = catalog::HTTP_REQUESTS.name();
    let comma = if labels.is_empty() { "" } else { "," };
    let rate = |labels: &str| format!("sum(rate({}[$__rate_interval]))", series(requests, labels));
    let all = rate(labels);
    format!(
        "({} or 0 * {all})\n/ {all}",
        rate(&format!("{FAULTS}{comma}{labels}"))
    )
}

fn requests(kit: &Kit) -> Row {
    let (requests, times) = (
        catalog::HTTP_REQUESTS.name(),
        catalog::HTTP_REQUEST_DURATION.name(),
    );
    let (job, traces) = (&kit.job, traces(kit));
    let number = |title: &str, about: &str, at: f64| {
        Panel::new(Number, title, about)
            .ask(quantile(at, "", times, CHOSEN), title)
            .unit("s")
            .bad_above(0.5, 1.0)
    };
    Row::new(
        "Requests",
        [
            Panel::new(Number, "Requests", "Requests that ended, a second.")
                .ask(format!("sum(rate({}[$__rate_interval]))", series(requests, CHOSEN)), "requests")
                .unit("reqps"),
            Panel::new(Number, "Errors", "Share of requests that ended in 5xx, a panic or a timeout.{?HighErrorRate: An alert fires at {percent}.?}")
                .ask(error_ratio(CHOSEN), "errors")
                .unit("percentunit")
                .bad_above(0.01, 0.05),
            number("50 % within", "Time that half of the requests took at most.", 0.5),
            number("95 % within", "Time that 95 of 100 requests took at most.", 0.95),
            number("99 % within", "Time that 99 of 100 requests took at most.", 0.99),
            Panel::new(Number, "In flight", "Requests that have begun and not ended, open streams among them.")
                .ask(format!("sum({})", series(catalog::HTTP_REQUESTS_IN_FLIGHT.name(), CHOSEN)), "in flight"),
            Panel::new(
                Stacked,
                "Request Rate",
                format!("Requests a second by status. To ask Prometheus directly: sum(rate({requests}{{job=\"{job}\"}}[5m])) by (status_code)."),
            )
            .ask(format!("sum(rate({}[$__rate_interval])) by (status_code)", series(requests, CHOSEN)), "{{status_code}}")
            .unit("reqps"),
            Panel::new(
                Heatmap,
                "Response Time",
                format!("How many requests took how long; each point is a request with a trace. To ask Prometheus directly: sum(rate({times}_bucket{{job=\"{job}\"}}[5m])) by (le)."),
            )
            .ask(format!("sum(rate({}[$__rate_interval])) by (le)", series(&format!("{times}_bucket"), CHOSEN)), "{{le}}")
            .exemplars()
            .unit("s")
            .link("Traces", &traces),
            Panel::new(Lines, "Latency", "Time that half, 90, 95 and 99 of 100 requests took at most; each point is a request with a trace.")
                .ask(quantile(0.99, "", times, CHOSEN), "p99")
                .exemplars()
                .ask(quantile(0.95, "", times, CHOSEN), "p95")
                .ask(quantile(0.9, "", times, CHOSEN), "p90")
                .ask(quantile(0.5, "", times, CHOSEN), "p50")
                .unit("s")
                .link("Traces", &traces),
            Panel::new(Lines, "Failed", "Requests a second that did not end in success, by how they ended.")
                .ask(rate("outcome", requests, &format!("outcome!=\"success\",{CHOSEN}")), "{{outcome}}")
                .unit("reqps")
                .link("Failed traces", format!("{traces}&tags=%7B%22error%22%3A%22true%22%7D")),
        ],
    )
}

fn traces(kit: &Kit) -> String {
    format!("{}/search?service={}&lookback=1h", kit.traces, kit.job)
}

fn endpoints(kit: &Kit) -> Row {
    let (requests, times) = (
        catalog::HTTP_REQUESTS.name(),
        catalog::HTTP_REQUEST_DURATION.name(),
    );
    // To the same dashboard, of that endpoint alone.
    let this = format!(
        "{}/d/{}?${{datasource:queryparam}}&${{job:queryparam}}&var-endpoint=${{__field.labels.endpoint}}",
        kit.dashboards,
        kit.dashboard("api-performance")
    );
    let size = |title: &str, about: &str, metric: &Metric| {
        Panel::new(Lines, title, about)
            .ask(
                quantile(0.95, "endpoint", metric.name(), CHOSEN),
                "{{endpoint}}",
            )
            .unit("bytes")
            .width(8)
    };
    Row::new(
        "Endpoints",
        [
            Panel::new(Lines, "99 % within, by endpoint", "Time that 99 of 100 requests to each endpoint took at most.")
                .ask(quantile(0.99, "endpoint", times, CHOSEN), "{{endpoint}}")
                .exemplars()
                .unit("s")
                .link("This endpoint", &this),
            Panel::new(Lines, "Errors, by endpoint", "Share of the requests to each endpoint that ended in 5xx, a panic or a timeout.")
                .ask(
                    format!(
                        "{}\n/ {}",
                        rate("endpoint", requests, &format!("{FAULTS},{CHOSEN}")),
                        rate("endpoint", requests, CHOSEN)
                    ),
                    "{{endpoint}}",
                )
                .unit("percentunit")
                .link("This endpoint", &this),
            Panel::new(Lines, "Requests, by endpoint", "Requests a second to each endpoint. Those that no route matched are `unmatched`.")
                .ask(rate("endpoint, method", requests, CHOSEN), "{{method}} {{endpoint}}")
                .unit("reqps")
                .link("This endpoint", &this),
            Panel::new(Bars, "Where time goes", "Seconds of work that requests to each endpoint took in each second, those first that take most.")
                .ask(format!("sort_desc({})", rate("endpoint", &format!("{times}_sum"), CHOSEN)), "{{endpoint}}")
                .unit("s"),
            size("Request size", "Bytes of the request body that 95 of 100 had at most.", &catalog::HTTP_REQUEST_SIZE),
            size("Response size", "Bytes of the response body that 95 of 100 had at most, after compression.", &catalog::HTTP_RESPONSE_SIZE),
            Panel::new(Lines, "In flight", "Requests that have begun and not ended, open streams among them.")
                .ask(format!("sum by (endpoint) ({})", series(catalog::HTTP_REQUESTS_IN_FLIGHT.name(), CHOSEN)), "{{endpoint}}")
                .width(8),
            Panel::new(Table, "All endpoints", "Requests a second by endpoint, method and status.")
                .ask(rate("endpoint, method, status_code", requests, CHOSEN), "")
                .unit("reqps"),
        ],
    )
}

/// What is left of the budgets of objectives, and how fast they burn.
pub(super) fn objectives(kit: &Kit) -> Option<Row> {
    let chosen = "job=~\"$job\",environment=~\"$environment\"";
    let of = |slo: &Slo| format!("{chosen},slo=\"{}\"", slo.name);
    let left = |slo: &Slo| {
        let over = |name: &str| format!("sum_over_time({name}{{{}}}[30d])", of(slo));
        let spent = format!(
            "{} / ({} > 0)",
            over("slo:requests_bad:rate5m"),
            over("slo:requests:rate5m")
        );
        format!("1 - {spent} / {}", slo.budget())
    };
    let burn = |slo: &Slo| {
        format!(
            "max by (slo) (slo:requests_bad:ratio{{{},window=\"1h\"}}) / {}",
            of(slo),
            slo.budget()
        )
    };
    let panel = |view, title: &str, about: &str, of: &dyn Fn(&Slo) -> String| {
        let panel = Panel::new(view, title, about);
        kit.objectives
            .iter()
            .fold(panel, |panel, slo| panel.ask(of(slo), &slo.name))
    };
    (!kit.objectives.is_empty()).then(|| {
        Row::new(
            "Objectives",
            [
                panel(Number, "Budget left", "What is left of what may fail in 30 days, or in what Prometheus keeps if that is less. Below 0 the objective is missed.", &left)
                    .unit("percentunit")
                    .bad_below(0.25, 0.0)
                    .width(12)
                    .height(8),
                panel(Lines, "Burn rate", "How many times as fast as lasts the budget was used in the last hour. Somebody is woken up at 14.4.", &burn)
                    .bad_above(1.0, 14.4)
                    .width(12),
            ],
        )
    })
}

fn functions() -> Row {
    let (calls, times) = (
        catalog::REQUEST_COUNT.name(),
        catalog::REQUEST_LATENCY.name(),
    );
    Row::new(
        "Functions that carry #[monitor]",
        [
            Panel::new(Lines, "Calls", "Calls a second by status.")
                .ask(rate("endpoint, http_status", calls, ""), "{{endpoint}} {{http_status}}")
                .unit("reqps")
                .width(8),
            Panel::new(Lines, "99 % within", "Time that 99 of 100 calls took at most.")
                .ask(quantile(0.99, "endpoint", times, ""), "{{endpoint}}")
                .exemplars()
                .unit("s")
                .width(8),
            Panel::new(Lines, "Mean", "The mean of all calls.{?HighRequestLatency: The alert HighRequestLatency fires at {milliseconds}.?}")
                .ask(format!("{MEAN_LATENCY}{{job=~\"$job\",environment=~\"$environment\"}}"), "{{job}}")
                .unit("s")
                .bad_above(0.25, 0.5)
                .width(8),
        ],
    )
}

fn queries() -> Row {
    let times = catalog::DB_QUERY_DURATION.name();
    Row::new(
        "Database",
        [
            Panel::new(
                Lines,
                "Queries",
                "Queries a second by operation and outcome.",
            )
            .ask(
                rate("operation, outcome", &format!("{times}_count"), ""),
                "{{operation}} {{outcome}}",
            )
            .unit("ops")
            .width(8),
            Panel::new(
                Lines,
                "99 % within",
                "Time that 99 of 100 queries took at most, by operation.",
            )
            .ask(quantile(0.99, "operation", times, ""), "{{operation}}")
            .exemplars()
            .unit("s")
            .width(8),
            Panel::new(
                Lines,
                "Time in queries",
                "Seconds of queries in each second, by operation.",
            )
            .ask(
                rate("operation", &format!("{times}_sum"), ""),
                "{{operation}}",
            )
            .unit("s")
            .width(8),
        ],
    )
}

fn streams() -> Row {
    let lives = catalog::HTTP_STREAM_DURATION.name();
    Row::new(
        "Streams",
        [Panel::new(Lines, "Life of streams", "How long half and 95 of 100 streams lived at most (server-sent events, upgraded connections).")
            .ask(quantile(0.95, "endpoint", lives, CHOSEN), "{{endpoint}} p95")
            .ask(quantile(0.5, "endpoint", lives, CHOSEN), "{{endpoint}} p50")
            .unit("s")
            .width(24)],
    )
}

fn others() -> Row {
    let times = catalog::HTTP_CLIENT_REQUEST_DURATION.name();
    Row::new(
        "Other services that are asked",
        [
            Panel::new(Lines, "Requests to others", "Requests a second by peer and status.")
                .ask(rate("peer, status_code", &format!("{times}_count"), ""), "{{peer}} {{status_code}}")
                .unit("reqps"),
            Panel::new(Lines, "Their answers", "Time to the head of the answer: its mean, and what 99 of 100 took at most, by peer.")
                .ask(quantile(0.99, "peer", times, ""), "{{peer}} p99")
                .exemplars()
                .ask(mean("peer", times, ""), "{{peer}} mean")
                .unit("s"),
        ],
    )
}
