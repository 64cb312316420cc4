//! What the service is for: each recorder shows what was told to it, and nothing that it is not for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ecolaura_monitoring::business::{BoxStage, Business, BusinessBuilder, OrderOutcome};
use ecolaura_monitoring::metrics::{LabelValue, Metric};
use ecolaura_monitoring::{Monitoring, MonitoringBuilder};
use support::lines::{logged, within, written};
use tracing_subscriber::layer::SubscriberExt as _;

const KEY: &str = "0123456789abcdef";

#[derive(Clone, Copy, LabelValue)]
enum Plan {
    Seedling,
    Forest,
}

fn announced(builder: BusinessBuilder) -> BusinessBuilder {
    builder
        .plans(Plan::VALUES)
        .currencies(["EUR", "JPY"])
        .touchpoints(["delivery", String::from("support").as_str()])
        .journey("subscription", ["browse", "sign_up"])
        .journey("return", ["ask", "send"])
}

fn started() -> (Monitoring, Business) {
    let monitoring = Monitoring::builder("test")
        .user_hash_key(KEY)
        .build()
        .unwrap();
    let business = announced(monitoring.business()).register().unwrap();
    (monitoring, business)
}

/// The series of a family, without those of buckets.
fn series(monitoring: &Monitoring, family: &str) -> Vec<String> {
    let text = monitoring.metrics().render();
    let rests = text.lines().filter_map(|line| line.strip_prefix(family));
    let is_one = |rest: &&str| {
        ["{", " ", "_sum", "_count"]
            .iter()
            .any(|start| rest.starts_with(start))
    };
    rests.filter(is_one).map(str::to_owned).collect()
}

#[track_caller]
fn shows(monitoring: &Monitoring, family: &str, expected: &[&str]) {
    let mut found = series(monitoring, family);
    let mut expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{family}");
}

#[test]
fn what_is_announced_is_there_from_the_start() {
    let (monitoring, _) = started();
    shows(
        &monitoring,
        "subscription_signups_total",
        &[r#"{plan="seedling"} 0"#, r#"{plan="forest"} 0"#],
    );
    for family in ["revenue_total", "refunds_total"] {
        let zeros = [r#"{currency="EUR"} 0"#, r#"{currency="JPY"} 0"#];
        shows(&monitoring, family, &zeros);
    }
    shows(
        &monitoring,
        "user_journey_steps_total",
        &[
            r#"{journey="subscription",step="browse"} 0"#,
            r#"{journey="subscription",step="sign_up"} 0"#,
            r#"{journey="return",step="ask"} 0"#,
            r#"{journey="return",step="send"} 0"#,
        ],
    );
    let stages = [
        "created",
        "curated",
        "packed",
        "shipped",
        "delivered",
        "returned",
    ];
    let zero = stages.map(|stage| format!(r#"{{stage="{stage}"}} 0"#));
    let zero: Vec<&str> = zero.iter().map(String::as_str).collect();
    shows(&monitoring, "subscription_box_stage_total", &zero);
    let outcomes = ["completed", "rejected", "failed", "cancelled"];
    let counts = series(&monitoring, "order_processing_seconds");
    for outcome in outcomes {
        assert!(
            counts.contains(&format!(r#"_count{{outcome="{outcome}"}} 0"#)),
            "{counts:?}"
        );
    }
    for (family, label) in [
        ("subscription_box_fill_ratio", r#"plan="forest""#),
        ("customer_satisfaction_score", r#"touchpoint="support""#),
        ("subscription_box_stage_seconds", r#"stage="packed""#),
    ] {
        let counts = series(&monitoring, family);
        assert!(
            counts.contains(&format!("_count{{{label}}} 0")),
            "{counts:?}"
        );
    }
    // Users have series when there are some.
    shows(&monitoring, "active_users", &[]);
    shows(&monitoring, "active_users_sketch", &[]);
}

#[test]
fn names_are_texts_or_types() {
    let (monitoring, business) = started();
    business.signed_up("forest");
    business.signed_up(String::from("forest"));
    let kept = String::from("forest");
    business.signed_up(&kept);
    assert_eq!(kept, "forest", "it is only looked at");
    business.signed_up(Plan::Forest);
    business.signed_up(Plan::Seedling);
    business.step("subscription", "browse");
    business.step(String::from("subscription"), "browse");
    shows(
        &monitoring,
        "subscription_signups_total",
        &[r#"{plan="seedling"} 1"#, r#"{plan="forest"} 4"#],
    );
    let steps = series(&monitoring, "user_journey_steps_total");
    assert!(steps.contains(&r#"{journey="subscription",step="browse"} 2"#.to_owned()));
}

#[test]
fn money_is_exact_in_every_currency() {
    let (monitoring, business) = started();
    for _ in 0..10 {
        business.revenue(10, "EUR");
    }
    business.revenue(20, "eur");
    business.revenue(0, "EUR");
    business.revenue(1_999, "JPY"); // has no minor unit
    business.revenue(1_999, "KWD"); // was not announced; thousandths
    business.refund(5, "EUR");
    shows(
        &monitoring,
        "revenue_total",
        &[
            r#"{currency="EUR"} 1.2"#,
            r#"{currency="JPY"} 1999"#,
            r#"{currency="KWD"} 1.999"#,
        ],
    );
    shows(
        &monitoring,
        "refunds_total",
        &[
            r#"{currency="EUR"} 0.05"#,
            r#"{currency="JPY"} 0"#,
            r#"{currency="KWD"} 0"#,
        ],
    );
}

/// The sum of many amounts that no floating-point number holds is what whole numbers add up to.
#[test]
fn money_does_not_drift() {
    let (monitoring, business) = started();
    let mut cents: u64 = 0;
    let mut random = fastrand::Rng::with_seed(11);
    for _ in 0..200_000 {
        let amount = random.u64(1..10_000_000);
        cents += amount;
        business.revenue(amount as i64, "EUR");
    }
    let expected = format!(r#"{{currency="EUR"}} {}.{:02}"#, cents / 100, cents % 100);
    let expected = expected.trim_end_matches('0').trim_end_matches('.');
    assert!(series(&monitoring, "revenue_total").contains(&expected.to_owned()));
}

#[test]
fn an_order_counts_once_by_its_outcome() {
    let (monitoring, business) = started();
    business.order().completed();
    business.order().rejected();
    business.order().failed();
    business.order().end(OrderOutcome::Completed);
    assert_eq!(business.order().settled(Ok::<_, ()>(7)), Ok(7));
    assert_eq!(
        business.order().settled(Err::<(), _>("no paper")),
        Err("no paper")
    );
    drop(business.order());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _order = business.order();
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    business.order_processed(OrderOutcome::Cancelled, Duration::from_secs(90));
    let counts = series(&monitoring, "order_processing_seconds");
    for (outcome, count) in [
        ("completed", 3),
        ("rejected", 1),
        ("failed", 3),
        ("cancelled", 2),
    ] {
        let line = format!(r#"_count{{outcome="{outcome}"}} {count}"#);
        assert!(counts.contains(&line), "{line} {counts:?}");
    }
    let text = monitoring.metrics().render();
    assert!(text.contains(r#"order_processing_seconds_bucket{outcome="cancelled",le="60"} 1"#));
    assert!(text.contains(r#"order_processing_seconds_bucket{outcome="cancelled",le="300"} 2"#));
}

/// As the handler of a client that goes away.
#[tokio::test]
async fn an_order_is_cancelled_with_its_future() {
    let (monitoring, business) = started();
    let handler = async move {
        let order = business.order();
        std::future::pending::<()>().await;
        order.completed();
    };
    let gave_up = tokio::time::timeout(Duration::from_millis(5), handler).await;
    assert!(gave_up.is_err());
    let counts = series(&monitoring, "order_processing_seconds");
    assert!(counts.contains(&r#"_count{outcome="cancelled"} 1"#.to_owned()));
    let sum = counts
        .iter()
        .find_map(|line| line.strip_prefix(r#"_sum{outcome="cancelled"} "#));
    assert!(sum.unwrap().parse::<f64>().unwrap() >= 0.005, "{sum:?}");
}

#[test]
fn boxes_go_from_stage_to_stage() {
    let (monitoring, business) = started();
    let day = Duration::from_secs(86_400);
    for _ in 0..3 {
        business.box_created();
    }
    for (from, to, spent) in [
        (BoxStage::Created, BoxStage::Curated, day),
        (BoxStage::Created, BoxStage::Curated, day),
        (BoxStage::Curated, BoxStage::Packed, day / 24),
        (BoxStage::Packed, BoxStage::Shipped, Duration::ZERO),
        (BoxStage::Shipped, BoxStage::Delivered, 2 * day),
        (BoxStage::Delivered, BoxStage::Returned, 40 * day),
    ] {
        business.box_moved(from, to, spent);
    }
    shows(
        &monitoring,
        "subscription_box_stage_total",
        &[
            r#"{stage="created"} 3"#,
            r#"{stage="curated"} 2"#,
            r#"{stage="packed"} 1"#,
            r#"{stage="shipped"} 1"#,
            r#"{stage="delivered"} 1"#,
            r#"{stage="returned"} 1"#,
        ],
    );
    let times = series(&monitoring, "subscription_box_stage_seconds");
    for line in [
        r#"_sum{stage="created"} 172800"#,
        r#"_count{stage="created"} 2"#,
        r#"_sum{stage="curated"} 3600"#,
        r#"_sum{stage="packed"} 0"#,
        r#"_count{stage="packed"} 1"#,
        r#"_sum{stage="delivered"} 3456000"#,
        r#"_count{stage="returned"} 0"#,
    ] {
        assert!(times.contains(&line.to_owned()), "{line} {times:?}");
    }
}

/// Every pair of stages, against the life of a box as it is drawn in the documentation.
#[test]
fn no_box_goes_backwards() {
    let legal = [
        "created curated",
        "curated packed",
        "packed shipped",
        "shipped delivered",
        "shipped returned",
        "delivered returned",
    ];
    let (monitoring, business) = started();
    for from in BoxStage::ALL {
        assert_eq!(BoxStage::named(from.as_str()), Some(from));
        for to in BoxStage::ALL {
            assert_eq!(
                from.leads_to(to),
                legal.contains(&format!("{from} {to}").as_str())
            );
            business.box_moved(from, to, Duration::from_secs(1));
        }
    }
    assert_eq!(BoxStage::named("lost"), None);
    let refused = 6 * 6 - legal.len();
    let refusals = series(&monitoring, "monitoring_observations_refused_total");
    let line = format!(r#"{{metric="subscription_box_stage_total"}} {refused}"#);
    assert!(refusals.contains(&line), "{refusals:?}");
    let entered = series(&monitoring, "subscription_box_stage_total");
    assert!(
        entered.contains(&r#"{stage="created"} 0"#.to_owned()),
        "{entered:?}"
    );
    assert!(
        entered.contains(&r#"{stage="returned"} 2"#.to_owned()),
        "{entered:?}"
    );
}

#[test]
fn ratios_and_scores() {
    let (monitoring, business) = started();
    for ratio in [0.0, 0.875, 1.0] {
        business.box_filled(Plan::Forest, ratio);
    }
    for score in 1..=5 {
        business.satisfaction("delivery", score);
    }
    let text = monitoring.metrics().render();
    for line in [
        r#"subscription_box_fill_ratio_sum{plan="forest"} 1.875"#,
        r#"subscription_box_fill_ratio_bucket{plan="forest",le="0.85"} 1"#,
        r#"subscription_box_fill_ratio_bucket{plan="forest",le="0.9"} 2"#,
        r#"customer_satisfaction_score_sum{touchpoint="delivery"} 15"#,
        r#"customer_satisfaction_score_bucket{touchpoint="delivery",le="3"} 3"#,
        r#"customer_satisfaction_score_bucket{touchpoint="delivery",le="5"} 5"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

/// What is not recorded, to which family that counts, and how often.
#[test]
fn what_is_wrong_is_refused_and_counted() {
    let (_, monitoring) = logged(|builder| builder.user_hash_key(KEY));
    let business = announced(monitoring.business()).register().unwrap();
    let before = monitoring.metrics().render();
    within(&monitoring, || {
        for _ in 0..2 {
            business.signed_up("jungle");
            business.signed_up("");
            business.revenue(-1, "EUR");
            business.revenue(i64::MIN, "EUR");
            business.revenue(i64::MAX, "EUR");
            business.revenue(1_000_000_000_000_000, "EUR");
            for currency in ["EURO", "", "XXX", "XAU", "ABC", "€", "E R"] {
                business.revenue(1, currency);
            }
            business.refund(-1, "JPY");
            for ratio in [f64::NAN, -0.1, 1.01, 87.5, f64::INFINITY, f64::NEG_INFINITY] {
                business.box_filled("forest", ratio);
            }
            business.box_filled("jungle", 0.5);
            business.satisfaction("delivery", 0);
            business.satisfaction("delivery", 6);
            business.satisfaction("post", 5);
            business.step("subscription", "ask");
            business.step("cancellation", "ask");
            business.user_seen("");
            business.user_seen(vec![b'x'; 1 << 20]);
            business.user_seen([b'y'; 1025]);
        }
    });
    let after = monitoring.metrics().render();
    let changed = after.lines().filter(|line| {
        let is_own = line.contains("_log_lines") || line.starts_with("process_");
        !is_own && !before.lines().any(|known| known == *line)
    });
    let changed: Vec<&str> = changed.collect();
    let expected = [
        ("subscription_signups_total", 4),
        ("revenue_total", 22),
        ("refunds_total", 2),
        ("subscription_box_fill_ratio", 14),
        ("customer_satisfaction_score", 6),
        ("user_journey_steps_total", 4),
        ("active_users_sketch", 6),
    ];
    assert_eq!(changed.len(), expected.len(), "{changed:?}");
    for (metric, count) in expected {
        let line = format!(r#"monitoring_observations_refused_total{{metric="{metric}"}} {count}"#);
        assert!(changed.contains(&line.as_str()), "{line} {changed:?}");
    }
}

/// The same is told once, something else too, and no more than five a minute of each family.
#[test]
fn what_is_refused_is_told_now_and_then() {
    let (lines, monitoring) = logged(|builder| builder.user_hash_key(KEY));
    let business = announced(monitoring.business()).register().unwrap();
    within(&monitoring, || {
        for _ in 0..100 {
            business.signed_up("jungle");
        }
        business.signed_up("Forest");
        business.revenue(-5, "EUR");
        business.revenue(-6, "EUR");
        business.revenue(1, "EURO");
        business.box_filled("forest", 87.5);
        business.satisfaction("delivery", 6);
        let (packed, created) = (BoxStage::Packed, BoxStage::Created);
        business.box_moved(packed, created, Duration::ZERO);
        business.user_seen([b'y'; 1025]);
        for step in 0..100 {
            business.step("subscription", step.to_string());
        }
    });
    let told = written(&lines, &monitoring);
    let told: Vec<String> = told
        .iter()
        .map(|line| {
            let (metric, value) = (&line["labels"]["metric"], &line["labels"]["value"]);
            format!("{metric} {value}").replace('"', "")
        })
        .collect();
    let expected = [
        "subscription_signups_total jungle",
        "subscription_signups_total Forest",
        "revenue_total EUR",
        "revenue_total EURO",
        "subscription_box_fill_ratio 87.5",
        "customer_satisfaction_score 6",
        "subscription_box_stage_total packed to created",
        "active_users_sketch 1025",
        "user_journey_steps_total 0",
        "user_journey_steps_total 1",
        "user_journey_steps_total 2",
        "user_journey_steps_total 3",
        "user_journey_steps_total 4",
    ];
    assert_eq!(told, expected);
}

/// A name that somebody else chose is not told whole.
#[test]
fn what_is_told_of_a_wrong_name_is_short() {
    let (lines, monitoring) = logged(|builder| builder);
    let business = announced(monitoring.business()).register().unwrap();
    within(&monitoring, || business.signed_up("ü".repeat(1 << 20)));
    let told = written(&lines, &monitoring);
    assert_eq!(told[0]["labels"]["value"], "ü".repeat(20));
}

#[test]
fn users_are_told_as_a_sketch() {
    let (monitoring, business) = started();
    let users: Vec<String> = (0..50).map(|n| format!("user-{n}@example.org")).collect();
    for _ in 0..3 {
        users.iter().for_each(|user| business.user_seen(user));
    }
    let words = series(&monitoring, "active_users_sketch");
    assert_eq!(words.len(), 128);
    let ranks = words.iter().flat_map(|line| {
        let word: f64 = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        (0..8).map(move |at| (word / 64_f64.powi(at)).floor() % 64.0)
    });
    let filled = ranks.filter(|rank| *rank > 0.0).count();
    assert!(
        (40..=50).contains(&filled),
        "{filled} registers of 50 users"
    );
    let active: f64 = series(&monitoring, "active_users")[0]
        .trim()
        .parse()
        .unwrap();
    assert!((48.0..=52.0).contains(&active), "{active}");
    assert!(!monitoring.metrics().render().contains("example.org"));
}

fn sketch(key: Option<&str>, users: std::ops::Range<u32>) -> Vec<String> {
    let builder = Monitoring::builder("test");
    let builder: MonitoringBuilder = match key {
        Some(key) => builder.user_hash_key(key),
        None => builder,
    };
    let monitoring = builder.build().unwrap();
    let business = monitoring.business().register().unwrap();
    users.for_each(|user| business.user_seen(user.to_string()));
    series(&monitoring, "active_users_sketch")
}

/// Replicas with one key tell the same of the same users, and others nothing that could be mixed up with it.
#[test]
fn a_key_makes_the_sketch() {
    assert_eq!(sketch(Some(KEY), 0..100), sketch(Some(KEY), 0..100));
    let label = |words: &[String]| words[0].split(r#"key_id=""#).nth(1).unwrap()[..8].to_owned();
    let values = |words: &[String]| -> Vec<String> {
        let value = |word: &String| word.rsplit_once(' ').unwrap().1.to_owned();
        words.iter().map(value).collect()
    };
    let (one, other) = (
        sketch(Some(KEY), 0..100),
        sketch(Some("fedcba9876543210"), 0..100),
    );
    assert_ne!(label(&one), label(&other));
    assert_ne!(values(&one), values(&other));
    assert!(!one[0].contains(KEY));
    // With a key that is public there is no secret, and it is said so.
    let public = sketch(None, 0..100);
    assert_eq!(public, sketch(None, 0..100));
    assert!(public[0].contains(r#"key_id="public""#));
    assert_ne!(values(&public), values(&one));
}

#[test]
fn a_missing_key_is_told_once() {
    let (lines, monitoring) = logged(|builder| builder);
    let business = monitoring.business().register().unwrap();
    within(&monitoring, || {
        business.user_seen("1");
        business.user_seen("2");
    });
    let told = written(&lines, &monitoring);
    assert_eq!(told.len(), 1);
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("MONITORING_USER_HASH_KEY"), "{message}");
}

#[track_caller]
fn is_refused(choose: impl FnOnce(BusinessBuilder) -> BusinessBuilder, says: &str) {
    let monitoring = Monitoring::builder("test").build().unwrap();
    let error = choose(monitoring.business()).register().unwrap_err();
    assert!(error.is_configuration(), "{error}");
    assert!(error.to_string().contains(says), "{error}");
}

#[test]
fn announcing_what_cannot_be() {
    is_refused(
        |builder| builder.plans(["a", "a"]),
        "plans: `a` is announced twice",
    );
    is_refused(
        |builder| builder.plans(["a", " "]),
        "plans: a name is empty",
    );
    is_refused(|builder| builder.plans(["_overflow"]), "plans: `_overflow`");
    is_refused(|builder| builder.plans(["x".repeat(101)]), "101 bytes");
    let many = (0..1001).map(|n| n.to_string());
    is_refused(
        |builder| builder.touchpoints(many),
        "touchpoints: there are 1001",
    );
    is_refused(
        |builder| builder.currencies(["EUR", "EURO"]),
        "no currency `EURO`",
    );
    is_refused(|builder| builder.currencies(["XAU"]), "no currency `XAU`");
    is_refused(
        |builder| builder.journey("a", ["x"]).journey("a", ["y"]),
        "journeys: `a` is announced twice",
    );
    is_refused(
        |builder| builder.journey("a", [""; 0]),
        "steps of the journey `a`: there are none",
    );
    is_refused(
        |builder| builder.journey("a", ["x", "x"]),
        "steps of the journey `a`: `x` is announced twice",
    );
}

#[test]
fn registering_twice_and_without_room() {
    let (monitoring, _) = started();
    let again = monitoring.business().register().unwrap_err();
    assert!(again.to_string().contains("registered already"), "{again}");
    let small = Monitoring::builder("test")
        .metrics(|metrics| metrics.max_series(255))
        .build()
        .unwrap();
    let error = small.business().register().unwrap_err();
    assert!(error.to_string().contains("max_series is 255"), "{error}");
    // Together the steps are too many, whatever each journey has.
    let full = Monitoring::builder("test")
        .metrics(|metrics| metrics.max_series(300))
        .build()
        .unwrap();
    let steps = |of: u32| (0..200).map(move |n| format!("{of}-{n}"));
    let journeys = full
        .business()
        .journey("a", steps(1))
        .journey("b", steps(2));
    let error = journeys.register().unwrap_err();
    assert!(
        error.to_string().contains("400 steps of all journeys"),
        "{error}"
    );
}

/// A subscriber that hears of the missing key may see users too.
#[test]
fn who_hears_of_users_may_count_users() {
    struct Counts(Business);
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counts {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.user_seen("the listener");
        }
    }
    let monitoring = Monitoring::builder("test").build().unwrap();
    let business = monitoring.business().register().unwrap();
    let subscriber = tracing_subscriber::registry().with(Counts(business));
    tracing::subscriber::with_default(subscriber, || business.user_seen("mara"));
    shows(&monitoring, "active_users", &[" 2"]);
}

/// Names that a service may not take, since they are the library's, in one format or another, whether or not it has them already.
#[test]
fn names_of_the_library_are_its_own() {
    let metrics = Monitoring::builder("test").build().unwrap().metrics();
    for taken in [
        "active_users_total",
        "revenue_total",
        "queue_depth_total",
        "db_pool_waiting_total",
    ] {
        let error = metrics
            .counter(Metric::counter(taken, "Something."))
            .unwrap_err();
        assert!(
            error.to_string().contains("belongs to the library"),
            "{error}"
        );
    }
    for taken in ["revenue", "cache_requests", "active_users"] {
        let error = metrics
            .gauge(Metric::gauge(taken, "Something."))
            .unwrap_err();
        assert!(
            error.to_string().contains("belongs to the library"),
            "{error}"
        );
    }
}

/// Money of a currency that nobody announced is shown from its first amount on, whichever threads come with it.
#[test]
fn threads_that_begin_a_currency_together() {
    let (monitoring, business) = started();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| business.revenue(1, "CHF")));
        }
    });
    let revenue = series(&monitoring, "revenue_total");
    assert!(
        revenue.contains(&r#"{currency="CHF"} 40"#.to_owned()),
        "{revenue:?}"
    );
}
