//! `/metrics` as a scraper meets it: formats, compression, filters, limits, and time.

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::metrics::{Counter, DynamicFamily, Metric};
use http_body_util::BodyExt as _;

use support::eventually::eventually;
use support::scrape::{OPEN_METRICS, PROTOBUF, Scraped, begin, send};

const PACKED: Metric = Metric::counter("boxes_packed_total", "Boxes packed.");
const SENT: Metric = Metric::counter("parcels_sent_total", "Parcels sent.").labels(&["to"]);

fn monitoring() -> Monitoring {
    let monitoring = Monitoring::builder("scrapes").build();
    let monitoring = monitoring.expect("the environment is empty");
    monitoring
        .metrics()
        .counter(PACKED)
        .expect("a counter")
        .add(3);
    monitoring
}

/// One whose answer takes many pieces.
fn large() -> Monitoring {
    let monitoring = monitoring();
    let sent: DynamicFamily<Counter, 1> = monitoring.metrics().dynamic(SENT).expect("a family");
    for n in 0..9_000 {
        sent.get([&format!("{n} {}", "long ".repeat(20))]).inc();
    }
    monitoring
}

async fn get(monitoring: &Monitoring, headers: &[(&str, &str)]) -> Scraped {
    let scraped = send(monitoring, "GET /metrics", headers).await;
    assert_eq!(scraped.status, 200);
    scraped
}

// --- what is asked for -------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn each_format_comes_with_its_type_and_in_its_shape() {
    let monitoring = monitoring();
    for (accept, content_type, expected) in [
        (
            "",
            "text/plain; version=0.0.4; charset=utf-8",
            "boxes_packed_total 3\n",
        ),
        (
            "text/plain;version=1.0.0;escaping=allow-utf-8",
            "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
            "# TYPE boxes_packed_total counter\nboxes_packed_total 3\n",
        ),
        (
            OPEN_METRICS,
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
            "# TYPE boxes_packed counter\n# HELP boxes_packed Boxes packed.\nboxes_packed_total 3\n",
        ),
        (
            // a browser
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/plain; version=0.0.4; charset=utf-8",
            "boxes_packed_total 3\n",
        ),
        (
            "application/json",
            "text/plain; version=0.0.4; charset=utf-8",
            "boxes_packed_total 3\n",
        ),
    ] {
        let scraped = get(&monitoring, &[("accept", accept)]).await;
        assert_eq!(scraped.header("content-type"), content_type, "{accept}");
        assert!(
            scraped.text().contains(expected),
            "{accept}: {}",
            scraped.text()
        );
        assert_eq!(scraped.text().ends_with("# EOF\n"), accept == OPEN_METRICS);
    }
    let scraped = get(&monitoring, &[("accept", PROTOBUF)]).await;
    let expected = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; \
                    escaping=underscores";
    assert_eq!(scraped.header("content-type"), expected);
    assert!(
        scraped
            .body
            .windows(18)
            .any(|part| part == b"boxes_packed_total")
    );
}

#[tokio::test]
async fn two_accept_headers_are_one_list() {
    let headers = [("accept", "text/plain;q=0.1"), ("accept", OPEN_METRICS)];
    let scraped = get(&monitoring(), &headers).await;
    assert!(
        scraped
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
}

#[tokio::test]
async fn head_says_what_get_would() {
    let monitoring = monitoring();
    for accept in ["", OPEN_METRICS, PROTOBUF] {
        let headers = [("accept", accept)];
        let head = send(&monitoring, "HEAD /metrics", &headers).await;
        let get = get(&monitoring, &headers).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        for name in ["content-type", "vary", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
        let length: usize = head.header("content-length").parse().expect("a length");
        assert!(length > 1000);
        assert_eq!(get.header("content-length"), get.body.len().to_string());
        assert_eq!(get.header("vary"), "Accept, Accept-Encoding");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PURGE"] {
        let scraped = send(&monitoring(), &format!("{method} /metrics"), &[]).await;
        assert_eq!(scraped.status, 405);
        assert_eq!(scraped.header("allow"), "GET, HEAD");
    }
}

#[tokio::test]
async fn gzip_for_those_who_want_it() {
    for monitoring in [monitoring(), large()] {
        let plain = get(&monitoring, &[]).await;
        assert_eq!(plain.header("content-encoding"), "");
        let zipped = get(&monitoring, &[("accept-encoding", "gzip")]).await;
        assert_eq!(zipped.header("content-encoding"), "gzip");
        assert!(zipped.body.len() < plain.body.len() / 3);
        let without_scrapes = |text: &str| {
            let lines = text
                .lines()
                .filter(|line| !line.contains("monitoring_scrapes"));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(
            without_scrapes(&zipped.gunzipped()),
            without_scrapes(plain.text())
        );
    }
    let refused = get(&monitoring(), &[("accept-encoding", "gzip;q=0, br")]).await;
    assert_eq!(refused.header("content-encoding"), "");
}
#[tokio::test]
async fn zstd_for_those_who_want_it() {
    let monitoring = large();
    let zipped = get(&monitoring, &[("accept-encoding", "zstd, gzip")]).await;
    assert_eq!(zipped.header("content-encoding"), "zstd");
    let text = zstd::decode_all(&zipped.body[..]).expect("zstd");
    assert!(
        String::from_utf8(text)
            .expect("text")
            .contains("boxes_packed_total 3\n")
    );
}

#[tokio::test]
async fn some_families_by_name() {
    let monitoring = monitoring();
    let of = async |query: &str| {
        let scraped = send(&monitoring, &format!("GET /metrics{query}"), &[]).await;
        let names = scraped
            .text()
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "));
        let names = names.map(|line| line.split(' ').next().unwrap_or_default().to_owned());
        (scraped.status, names.collect::<Vec<_>>())
    };
    assert_eq!(
        of("?name[]=boxes_packed_total").await,
        (200, vec!["boxes_packed_total".to_owned()])
    );
    let two = "?name%5B%5D=boxes_packed_total&name[]=target_info&name[]=nothing";
    let expected = vec!["target_info".to_owned(), "boxes_packed_total".to_owned()];
    assert_eq!(of(two).await, (200, expected));
    assert_eq!(of("?name[]=nothing").await, (200, vec![]));
    assert_eq!(
        of(&format!("?{}", "name[]=x&".repeat(101))).await,
        (400, vec![])
    );
    assert_eq!(of("?native=perhaps").await, (400, vec![]));
}

#[tokio::test]
async fn hostile_headers_get_an_answer() {
    let many = "a/b;c=\"d,e\";q=0.1,".repeat(400);
    let long = "x".repeat(32 * 1024);
    let monitoring = monitoring();
    for value in [
        &*many,
        &*long,
        "*/*;q=NaN",
        ";;;===,,,\"",
        "text/plain;q=\"",
        "\u{fe}\u{ff}",
    ] {
        for name in [
            "accept",
            "accept-encoding",
            "x-prometheus-scrape-timeout-seconds",
        ] {
            let scraped = get(&monitoring, &[(name, value)]).await;
            assert!(scraped.text().contains("boxes_packed_total 3\n"));
        }
    }
    for timeout in ["NaN", "-1", "inf", "1e400", "0", ""] {
        let headers = [("x-prometheus-scrape-timeout-seconds", timeout)];
        get(&monitoring, &headers).await;
    }
}

// --- limits ------------------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_four_answers_wait_for_their_scrapers() {
    let monitoring = large();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let answer = begin(&monitoring, "GET /metrics", &[]).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().get("content-length"), None);
        waiting.push(answer);
    }
    let soon = [("x-prometheus-scrape-timeout-seconds", "0.1")];
    let refused = send(&monitoring, "GET /metrics", &soon).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    let refusals = [("status_code", "503")];
    let counted = monitoring
        .recorded()
        .value("monitoring_scrapes_total", &refusals);
    assert_eq!(counted, Some(1.0));
    waiting.pop();
    eventually("a free place", async || {
        match begin(&monitoring, "GET /metrics?name[]=up", &[])
            .await
            .status()
            .as_u16()
        {
            200 => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    let whole = waiting
        .pop()
        .expect("an answer")
        .into_body()
        .collect()
        .await;
    let whole = whole.expect("a whole body").to_bytes();
    assert_eq!(
        whole.iter().filter(|byte| **byte == b'\n').count(),
        lines_of(&monitoring)
    );
}

/// Four who ask and do not read keep nobody out.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_makes_room_for_who_waits() {
    let monitoring = large();
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(begin(&monitoring, "GET /metrics", &[]).await);
    }
    let answer = get(&monitoring, &[]).await;
    assert_eq!(answer.status, 200);
    let mut cut_off = 0;
    for answer in unread {
        cut_off += usize::from(answer.into_body().collect().await.is_err());
    }
    assert!(cut_off > 0, "somebody made room");
}

fn lines_of(monitoring: &Monitoring) -> usize {
    let text = monitoring.metrics().render();
    // The refusal is counted by now, in a series of its own.
    text.lines()
        .filter(|line| !line.contains("status_code=\"503\""))
        .count()
}

/// An answer that is cut off must not look like a whole one.
#[tokio::test(flavor = "multi_thread")]
async fn a_scraper_that_takes_too_long_gets_no_end() {
    let monitoring = large();
    let headers = [("x-prometheus-scrape-timeout-seconds", "0.05")];
    let answer = begin(&monitoring, "GET /metrics", &headers).await;
    eventually("all places free, with the answer unread", async || {
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(begin(&monitoring, "GET /metrics", &[]).await);
        }
        match all.iter().all(|answer| answer.status() == 200) {
            true => Ok(()),
            false => Err("a place is taken".to_owned()),
        }
    })
    .await;
    let mut answer = answer.into_body();
    let mut bytes = 0;
    let end = loop {
        match answer.frame().await {
            Some(Ok(frame)) => bytes += frame.into_data().expect("data").len(),
            end => break end.map(|end| end.map(drop).map_err(|error| error.to_string())),
        }
    };
    assert!(bytes < monitoring.metrics().render().len());
    assert_eq!(end, Some(Err("the scrape was given up".to_owned())));
}

/// Where the service's own blocking work takes every thread, a scrape does not wait for ever.
#[test]
fn no_thread_is_free() {
    let monitoring = monitoring();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build();
    let runtime = runtime.expect("a runtime");
    let (done, wait) = std::sync::mpsc::channel::<()>();
    runtime.block_on(async {
        let busy = tokio::task::spawn_blocking(move || wait.recv());
        let headers = [("x-prometheus-scrape-timeout-seconds", "0.05")];
        let refused = send(&monitoring, "GET /metrics", &headers).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
        drop(done);
        let _ = busy.await;
        assert_eq!(send(&monitoring, "GET /metrics", &[]).await.status, 200);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_taken_whole_is_counted() {
    let monitoring = large();
    let cut_off = || {
        monitoring
            .recorded()
            .value("monitoring_scrapes_cut_off_total", &[])
    };
    get(&monitoring, &[]).await;
    get(&monitoring, &[("accept-encoding", "gzip")]).await;
    send(&monitoring, "HEAD /metrics", &[]).await;
    assert_eq!(cut_off(), Some(0.0));
    drop(begin(&monitoring, "GET /metrics", &[]).await);
    eventually("one that is counted", async || match cut_off() {
        Some(1.0) => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
}
