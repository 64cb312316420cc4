//! Pools, queues and caches: what they say when somebody looks, and how long it took to get a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ecolaura_monitoring::Monitoring;
use ecolaura_monitoring::resources::{PoolState, QueueState};

fn monitoring() -> Monitoring {
    Monitoring::builder("test").build().unwrap()
}

#[track_caller]
fn shows(monitoring: &Monitoring, lines: &[&str]) {
    let text = monitoring.metrics().render();
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line}\n{text}");
    }
}

#[test]
fn a_pool_is_asked_at_each_scrape() {
    let monitoring = monitoring();
    let idle = Arc::new(AtomicUsize::new(3));
    let asked = Arc::clone(&idle);
    let state = move || {
        PoolState::new(5, asked.load(Ordering::Relaxed))
            .max(10)
            .waiting(2)
    };
    monitoring.pool("orders", state).unwrap();
    // One that tells less.
    monitoring.pool("users", || PoolState::new(1, 2)).unwrap();
    shows(
        &monitoring,
        &[
            r#"db_pool_connections{pool="orders",state="idle"} 3"#,
            r#"db_pool_connections{pool="orders",state="in_use"} 2"#,
            r#"db_pool_connections_max{pool="orders"} 10"#,
            r#"db_pool_waiting{pool="orders"} 2"#,
            r#"db_pool_connections{pool="users",state="idle"} 2"#,
            r#"db_pool_connections{pool="users",state="in_use"} 0"#,
            r#"db_pool_acquire_seconds_count{pool="orders",outcome="success"} 0"#,
        ],
    );
    assert!(
        !monitoring
            .metrics()
            .render()
            .contains(r#"_max{pool="users"}"#)
    );
    assert!(
        !monitoring
            .metrics()
            .render()
            .contains(r#"waiting{pool="users"}"#)
    );
    idle.store(0, Ordering::Relaxed);
    shows(
        &monitoring,
        &[
            r#"db_pool_connections{pool="orders",state="idle"} 0"#,
            r#"db_pool_connections{pool="orders",state="in_use"} 5"#,
        ],
    );
}

/// What a future says when it is asked once.
fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> std::task::Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

/// A real one, of which all connections are taken.
#[tokio::test]
async fn a_pool_of_sqlx() {
    let monitoring = monitoring();
    let options = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_millis(50));
    let pool = options.connect("sqlite::memory:").await.unwrap();
    let asked = pool.clone();
    let connections = monitoring
        .pool("shop", move || {
            let max = asked.options().get_max_connections();
            PoolState::new(asked.size() as usize, asked.num_idle()).max(max as usize)
        })
        .unwrap();
    let one = connections.acquire(pool.acquire()).await.unwrap();
    let _two = connections.acquire(pool.acquire()).await.unwrap();
    shows(
        &monitoring,
        &[
            r#"db_pool_connections{pool="shop",state="in_use"} 2"#,
            r#"db_pool_connections{pool="shop",state="idle"} 0"#,
            r#"db_pool_connections_max{pool="shop"} 2"#,
        ],
    );
    assert!(connections.acquire(pool.acquire()).await.is_err());
    let mut gives_up = Box::pin(connections.acquire(pool.acquire()));
    assert!(poll_once(gives_up.as_mut()).is_pending());
    drop(gives_up);
    drop(connections.acquire(pool.acquire())); // nobody asked
    shows(
        &monitoring,
        &[
            r#"db_pool_acquire_seconds_count{pool="shop",outcome="success"} 2"#,
            r#"db_pool_acquire_seconds_count{pool="shop",outcome="failure"} 1"#,
            r#"db_pool_acquire_seconds_count{pool="shop",outcome="cancelled"} 1"#,
            r#"db_pool_acquire_seconds_bucket{pool="shop",outcome="failure",le="0.025"} 0"#,
        ],
    );
    drop(one);
}

#[test]
fn a_queue_is_asked_at_each_scrape() {
    let monitoring = monitoring();
    let (emails, mut worker) = tokio::sync::mpsc::channel(3);
    let depth = emails.clone();
    monitoring
        .queue("emails", move || {
            QueueState::new(depth.max_capacity() - depth.capacity()).capacity(3)
        })
        .unwrap();
    monitoring.queue("boxes", || 7).unwrap();
    emails.try_send("one").unwrap();
    emails.try_send("two").unwrap();
    shows(
        &monitoring,
        &[
            r#"queue_depth{queue="emails"} 2"#,
            r#"queue_capacity{queue="emails"} 3"#,
            r#"queue_depth{queue="boxes"} 7"#,
        ],
    );
    assert!(
        !monitoring
            .metrics()
            .render()
            .contains(r#"queue_capacity{queue="boxes"}"#)
    );
    worker.try_recv().unwrap();
    shows(&monitoring, &[r#"queue_depth{queue="emails"} 1"#]);
}

#[test]
fn a_cache_is_counted() {
    let monitoring = monitoring();
    let products = monitoring.cache("products").unwrap();
    shows(
        &monitoring,
        &[
            r#"cache_requests_total{cache="products",outcome="hit"} 0"#,
            r#"cache_requests_total{cache="products",outcome="miss"} 0"#,
        ],
    );
    products.hit();
    products.hit();
    products.miss();
    shows(
        &monitoring,
        &[
            r#"cache_requests_total{cache="products",outcome="hit"} 2"#,
            r#"cache_requests_total{cache="products",outcome="miss"} 1"#,
        ],
    );
}

/// What panics when it is dropped.
struct Spiteful;

impl Drop for Spiteful {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new("on purpose, again"));
    }
}

/// A state that panics when it becomes one.
struct Unsound(usize);

impl From<Unsound> for QueueState {
    fn from(Unsound(depth): Unsound) -> Self {
        match depth {
            0 => std::panic::resume_unwind(Box::new(Spiteful)),
            depth => Self::new(depth),
        }
    }
}

/// A scrape goes on without what panics, whatever it panics with.
#[test]
fn what_panics_is_not_shown() {
    let monitoring = monitoring();
    let depth = Arc::new(AtomicUsize::new(0));
    let asked = Arc::clone(&depth);
    let state = move || match asked.load(Ordering::Relaxed) {
        0 => std::panic::resume_unwind(Box::new(Spiteful)),
        open => PoolState::new(open, 1).max(9).waiting(3),
    };
    monitoring.pool("orders", state).unwrap();
    monitoring.pool("users", || PoolState::new(2, 1)).unwrap();
    let asked = Arc::clone(&depth);
    let unsound = move || Unsound(asked.load(Ordering::Relaxed));
    monitoring.queue("emails", unsound).unwrap();
    let text = monitoring.metrics().render();
    assert!(!text.contains("pool=\"orders\",state"), "{text}");
    assert!(!text.contains("queue=\"emails\""), "{text}");
    shows(
        &monitoring,
        &[
            r#"db_pool_connections{pool="users",state="idle"} 1"#,
            r#"db_pool_acquire_seconds_count{pool="orders",outcome="success"} 0"#,
        ],
    );
    depth.store(4, Ordering::Relaxed);
    shows(
        &monitoring,
        &[
            r#"db_pool_connections{pool="orders",state="in_use"} 3"#,
            r#"db_pool_connections_max{pool="orders"} 9"#,
            r#"db_pool_waiting{pool="orders"} 3"#,
            r#"queue_depth{queue="emails"} 4"#,
        ],
    );
}

/// What two scrapes see at once is of one moment each.
#[test]
fn a_scrape_shows_one_moment() {
    let monitoring = monitoring();
    let is_busy = AtomicUsize::new(0);
    let state = move || match is_busy.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => PoolState::new(10, 10),
        _ => PoolState::new(10, 0),
    };
    monitoring.pool("orders", state).unwrap();
    let metrics = monitoring.metrics();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    let text = metrics.render();
                    let lines = text.lines();
                    let shown = lines.filter(|line| line.starts_with("db_pool_connections{"));
                    let numbers =
                        shown.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u32>().ok());
                    assert_eq!(numbers.sum::<u32>(), 10, "{text}");
                }
            });
        }
    });
}

/// Families that are not wanted are not asked for.
#[tokio::test]
async fn only_what_is_wanted_is_asked() {
    use tower::ServiceExt as _;
    let monitoring = monitoring();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let depth = move || count.fetch_add(1, Ordering::Relaxed);
    monitoring.queue("emails", depth).unwrap();
    let ask = async |path: &str| {
        let request = http::Request::get(path).body(axum::body::Body::empty());
        let app: axum::Router = monitoring.routes();
        let answer = app.oneshot(request.unwrap()).await.unwrap();
        axum::body::to_bytes(answer.into_body(), usize::MAX)
            .await
            .unwrap()
    };
    ask("/metrics?name[]=http_requests_total").await;
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    ask("/metrics?name[]=queue_depth").await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn names_are_checked() {
    // Each pool has three series of its times, each cache two.
    let monitoring = Monitoring::builder("test")
        .metrics(|metrics| metrics.max_series(5))
        .build()
        .unwrap();
    let pool = || PoolState::new(0, 0);
    for name in ["", " ", "_overflow", &"x".repeat(101)] {
        let error = monitoring.pool(name, pool).unwrap_err();
        assert!(error.to_string().starts_with("pool(): "), "{error}");
        let error = monitoring.queue(name, || 0).unwrap_err();
        assert!(error.to_string().starts_with("queue(): "), "{error}");
        let error = monitoring.cache(name).unwrap_err();
        assert!(error.to_string().starts_with("cache(): "), "{error}");
    }
    monitoring.pool("one", pool).unwrap();
    monitoring.queue("one", || 0).unwrap();
    monitoring.cache("one").unwrap();
    for error in [
        monitoring.pool("one", pool).unwrap_err(),
        monitoring.queue("one", || 0).unwrap_err(),
        monitoring.cache("one").unwrap_err(),
    ] {
        assert!(error.is_configuration());
        assert!(
            error.to_string().contains("`one` is there already"),
            "{error}"
        );
    }
    let error = monitoring.pool("two", pool).unwrap_err();
    assert!(error.to_string().contains("max_series is 5"), "{error}");
    monitoring.cache("two").unwrap();
    let error = monitoring.cache("three").unwrap_err();
    assert!(error.to_string().contains("max_series is 5"), "{error}");
    assert!(!monitoring.metrics().render().contains("_overflow"));
}
