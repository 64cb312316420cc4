//! Probes: what they answer, and that no check can hold them up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use ecolaura_monitoring::health::Health;
use ecolaura_monitoring::{Error, Monitoring};
use serde_json::{Value, json};
use tower::ServiceExt as _;

fn monitoring() -> Monitoring {
    Monitoring::builder("test").build().unwrap()
}

/// The status and the body of a probe, without the times that checks took.
async fn probe(monitoring: &Monitoring, what: &str) -> (u16, Value) {
    let request = Request::get(format!("/health/{what}"))
        .body(Body::empty())
        .unwrap();
    let routes: Router = monitoring.routes();
    let response = routes.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let mut body: Value = serde_json::from_slice(&body).unwrap();
    for check in body["checks"].as_object_mut().unwrap().values_mut() {
        let time = check
            .as_object_mut()
            .unwrap()
            .remove("duration_ms")
            .unwrap();
        assert!(time.as_f64().unwrap() >= 0.0);
    }
    (status, body)
}

#[tokio::test]
async fn without_checks_everything_passes() {
    let monitoring = monitoring();
    for what in ["live", "ready", "startup"] {
        let expected = json!({ "status": "pass", "checks": {} });
        assert_eq!(probe(&monitoring, what).await, (200, expected), "{what}");
    }
}

#[tokio::test]
async fn each_check_is_named_and_its_error_is_not_shown() {
    let monitoring = monitoring();
    monitoring
        .health()
        .ready("database", || async {
            Err::<(), _>("postgres://user:secret@host")
        })
        .unwrap();
    monitoring
        .health()
        .ready("cache", || async { Ok::<(), &str>(()) })
        .unwrap();
    let expected = json!({
        "status": "fail",
        "checks": {
            "cache": { "status": "pass" },
            "database": { "status": "fail", "reason": "failed" },
        },
    });
    assert_eq!(probe(&monitoring, "ready").await, (503, expected));
    assert_eq!(probe(&monitoring, "live").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_fails_after_its_time_limit() {
    let monitoring = monitoring();
    monitoring
        .health()
        .live("stuck", std::future::pending::<Result<(), String>>)
        .unwrap();
    let expected = json!({
        "status": "fail",
        "checks": { "stuck": { "status": "fail", "reason": "timed out" } },
    });
    assert_eq!(probe(&monitoring, "live").await, (503, expected));
}

#[tokio::test]
async fn a_check_that_panics_fails() {
    let monitoring = monitoring();
    monitoring
        .health()
        .ready("late", || async {
            panic!("in the future") as Result<(), String>
        })
        .unwrap();
    monitoring
        .health()
        .live("early", || -> std::future::Ready<Result<(), String>> {
            panic!("at once")
        })
        .unwrap();
    let reason = |(_, body): (u16, Value), check: &str| body["checks"][check]["reason"].clone();
    assert_eq!(
        reason(probe(&monitoring, "ready").await, "late"),
        "panicked"
    );
    assert_eq!(
        reason(probe(&monitoring, "live").await, "early"),
        "panicked"
    );
}

#[tokio::test]
async fn probes_that_come_together_share_one_run() {
    let monitoring = monitoring();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    monitoring
        .health()
        .ready("counted", move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { Ok::<(), String>(()) }
        })
        .unwrap();
    let probes = (0..20).map(|_| {
        let monitoring = monitoring.clone();
        tokio::spawn(async move { probe(&monitoring, "ready").await.0 })
    });
    for status in probes.collect::<Vec<_>>() {
        assert_eq!(status.await.unwrap(), 200);
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

type Passes = std::future::Ready<Result<(), String>>;

fn passes() -> Passes {
    std::future::ready(Ok(()))
}

/// A copied line would otherwise switch the first check off without a word.
#[tokio::test]
async fn a_second_check_of_one_name_is_an_error() {
    type Add = fn(&Health, &'static str, fn() -> Passes) -> Result<(), Error>;
    let monitoring = monitoring();
    let health = monitoring.health();
    for (path, add) in [
        ("/health/ready", Health::ready as Add),
        ("/health/live", Health::live),
        ("/health/startup", Health::startup),
    ] {
        let fails = || std::future::ready(Err("no".to_owned()));
        add(&health, "database", fails).expect("the first one");
        let error = add(&health, "database", passes).expect_err("the second one");
        assert!(error.is_configuration());
        let expected =
            format!("{path} already has a check `database`: give each check a name of its own");
        assert_eq!(error.to_string(), expected);
        add(&health, "cache", passes).expect("another name");
        let error = add(&health, " ", passes).expect_err("no name");
        assert!(error.to_string().contains("has no name"), "{error}");
        // The first one is still asked.
        let what = path.rsplit('/').next().expect("a probe");
        let (status, body) = probe(&monitoring, what).await;
        assert_eq!(
            (status, &body["checks"]["database"]["status"]),
            (503, &json!("fail"))
        );
        assert_eq!(body["checks"]["cache"]["status"], "pass");
    }
}

#[tokio::test]
async fn ready_waits_for_start_up_and_ends_with_the_drain() {
    let monitoring = monitoring();
    let migrated = Arc::new(AtomicBool::new(false));
    let state = Arc::clone(&migrated);
    monitoring
        .health()
        .startup("migration", move || {
            let done = state.load(Ordering::SeqCst);
            async move { if done { Ok(()) } else { Err("still running") } }
        })
        .unwrap();
    let (status, body) = probe(&monitoring, "ready").await;
    assert_eq!((status, &body["reason"]), (503, &json!("starting")));
    assert_eq!(probe(&monitoring, "startup").await.0, 503);

    migrated.store(true, Ordering::SeqCst);
    // The check's result is kept for a while, so ask until it is run again.
    while probe(&monitoring, "startup").await.0 != 200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(probe(&monitoring, "ready").await.0, 200);
    migrated.store(false, Ordering::SeqCst);
    assert_eq!(
        probe(&monitoring, "startup").await.0,
        200,
        "started once is started"
    );

    monitoring.health().drain();
    let (status, body) = probe(&monitoring, "ready").await;
    assert_eq!((status, &body["reason"]), (503, &json!("draining")));
    assert_eq!(probe(&monitoring, "live").await.0, 200);
}

/// A runtime of the service's, apart from the one that answers probes.
fn service_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

/// By the real clock: where a paused one is at the limit at once, the run never begins.
#[tokio::test]
async fn a_check_that_blocks_its_thread_holds_one_thread_and_no_probe() {
    let (monitoring, service) = (monitoring(), service_runtime());
    let runs = Arc::new(AtomicUsize::new(0));
    let (release, blocked) = std::sync::mpsc::channel::<()>();
    let blocked = Arc::new(std::sync::Mutex::new(blocked));
    let counted = Arc::clone(&runs);
    {
        let _within = service.enter();
        // Blocks in the part that makes the future, which is the check's own code as well.
        monitoring
            .health()
            .live("blocking", move || {
                counted.fetch_add(1, Ordering::SeqCst);
                let _ = blocked.lock().unwrap().recv();
                std::future::ready(Ok::<(), String>(()))
            })
            .unwrap();
    }
    // A run that has not begun within its limit is given up: ask until one has.
    while runs.load(Ordering::SeqCst) == 0 {
        assert_eq!(probe(&monitoring, "live").await.0, 503);
        tokio::task::yield_now().await;
    }
    // A result is kept for a second, so this asks for the check several times over.
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_millis(2500) {
        let (status, body) = probe(&monitoring, "live").await;
        assert_eq!(status, 503);
        assert_eq!(body["checks"]["blocking"]["reason"], "timed out");
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    drop(release);
    service.shutdown_background();
}

#[test]
fn a_check_that_cannot_be_run_does_not_pass() {
    let no_timers = tokio::runtime::Builder::new_current_thread().build();
    no_timers.unwrap().block_on(async {
        let monitoring = monitoring();
        monitoring
            .health()
            .ready("any", || async { Ok::<(), String>(()) })
            .unwrap();
        let (status, body) = probe(&monitoring, "ready").await;
        assert_eq!(
            (status, &body["checks"]["any"]["status"]),
            (503, &json!("fail"))
        );
    });
}
