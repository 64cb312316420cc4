//! Every line of every stream keeps to the Elastic Common Schema, whatever is in it.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use ecolaura_monitoring::Monitoring;
use http::StatusCode;
use tracing::{debug, error, info, info_span, trace, warn};

use support::ecs;
use support::exchange::{request, send};
use support::lines::{Lines, logged, within};

/// All that was written keeps to the schema; the number of lines of each stream.
async fn checked(lines: &Lines, monitoring: &Monitoring) -> [usize; 4] {
    assert!(monitoring.flush(Duration::from_secs(20)).await.is_ok());
    let mut numbers = [0; 4];
    for line in lines.all() {
        let fields = ecs::checked(&line);
        let streams = ["application", "access", "database", "authentication"];
        let stream = streams
            .iter()
            .position(|stream| fields["event.dataset"] == *stream);
        numbers[stream.expect("one of the four")] += 1;
    }
    numbers
}

/// Texts that break what takes lines apart by hand.
fn nasty(random: &mut fastrand::Rng) -> String {
    const PIECES: [&str; 18] = [
        "a",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "\0",
        "\u{1b}[31m",
        "\u{85}",
        "\u{2028}",
        "🌱",
        "{\"a\":1}",
        "],[",
        "</script>",
        "%0a",
        "4111 1111 1111 1111",
        "mara@example.org",
        "password=hunter2",
        "\u{feff}",
    ];
    (0..random.usize(..12))
        .map(|_| PIECES[random.usize(..PIECES.len())])
        .collect()
}

#[tokio::test]
async fn lines_of_events() {
    let (lines, monitoring) = logged(|builder| {
        builder
            .logs(|logs| logs.filter("trace"))
            .logs(|logs| logs.max_lines_per_second(u32::MAX))
            .version("1.2.3")
            .resource_attribute("deployment.environment.name", "a\"b\n")
            .resource_attribute("service.instance.id", "")
    });
    let mut random = fastrand::Rng::with_seed(17);
    within(&monitoring, || {
        for _ in 0..500 {
            let text = nasty(&mut random);
            let (whole, float) = (random.i64(..), f64::from_bits(random.u64(..)));
            let span = info_span!(
                "span",
                user.id = &*text,
                whole,
                "nested.name*" = float,
                error = &*text
            );
            let _entered = span.enter();
            trace!(text, "{text}");
            debug!(
                "@timestamp" = &*text,
                message = &*text,
                labels = whole,
                labels.a.b = float
            );
            info!(
                log.level = whole,
                event.dataset = &*text,
                event.outcome = &*text,
                event.duration = whole
            );
            warn!(
                http.response.status_code = whole,
                source.ip = &*text,
                url.path = &*text,
                service.name = &*text,
                ""
            );
            error!(error = &*text, exception.type = &*text, exception.stacktrace = ?text, event.kind = &*text, "x");
        }
    });
    assert_eq!(checked(&lines, &monitoring).await, [2500, 0, 0, 0]);
}

#[tokio::test]
async fn lines_of_requests() {
    let (lines, monitoring) = logged(|builder| builder);
    let app = Router::new()
        .route("/boxes/{id}", get(async || "four"))
        .route("/fails", get(async || StatusCode::BAD_GATEWAY))
        .route("/panics", get(async || -> &'static str { panic!("no") }))
        .route("/late", get(std::future::pending::<()>))
        .layer(monitoring.layer());
    for line in [
        "GET /boxes/7",
        "HEAD /boxes/7",
        "BREW /boxes/7",
        "GET /fails",
        "GET /%22%0a%00%ff?a=b",
        "OPTIONS *",
    ] {
        send(app.clone(), request(line)).await;
    }
    use tower::ServiceExt as _;
    assert!(
        tokio::spawn(app.clone().oneshot(request("GET /panics")))
            .await
            .is_err()
    );
    let late = app.oneshot(request("GET /late"));
    assert!(
        tokio::time::timeout(Duration::from_millis(1), late)
            .await
            .is_err()
    );
    assert_eq!(checked(&lines, &monitoring).await, [0, 8, 0, 0]);
}

#[tokio::test]
async fn lines_of_queries_and_attempts() {
    let (lines, monitoring) = logged(|builder| builder.logs(|logs| logs.filter("debug")));
    let mut random = fastrand::Rng::with_seed(18);
    for _ in 0..200 {
        let text = nasty(&mut random);
        within(&monitoring, || {
            debug!(
                db.query.text = &*text,
                elapsed_secs = random.f64(),
                rows_returned = random.u64(..),
                "x"
            );
            debug!(
                db.query.text = &*text,
                elapsed_secs = f64::INFINITY,
                error = &*text,
                "x"
            );
        });
        let failing = async { Err::<(), _>(text.clone()) };
        monitoring.query(text.clone(), failing).await.unwrap_err();
        let attempt = monitoring
            .authentication()
            .failed("password", "wrong_password");
        attempt
            .user(&text)
            .source(IpAddr::from(random.u128(..).to_be_bytes()))
            .record();
        monitoring
            .authentication()
            .succeeded("token")
            .action("token-refresh")
            .record();
        monitoring
            .authentication()
            .succeeded("token")
            .action("logout")
            .record();
    }
    assert_eq!(checked(&lines, &monitoring).await, [0, 0, 600, 600]);
}
