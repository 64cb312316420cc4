//! `init` makes a monitoring the one of the process, once.

use ecolaura_monitoring::{Monitoring, monitor};
use support::alone;
use support::client::Client;

#[monitor("/api/v1/products")]
fn get_products() -> u32 {
    7
}

#[tokio::test]
async fn init_is_once_and_takes_what_monitored_functions_record() {
    if !alone!() {
        return;
    }
    prometheus::register_int_counter!("default_registry_total", "In the default registry.")
        .unwrap()
        .inc();
    let monitoring = Monitoring::builder("test")
        .listen(([127, 0, 0, 1], 0))
        .init()
        .unwrap();

    let error = Monitoring::init("again").unwrap_err();
    assert!(error.is_already_initialised(), "{error}");
    assert!(error.to_string().contains("call `init` once"));

    assert_eq!(get_products(), 7);
    let text = monitoring.metrics().render();
    for line in [
        r#"request_count_total{method="GET",endpoint="/api/v1/products",http_status="200"} 1"#,
        r#"request_latency_seconds_count{endpoint="/api/v1/products"} 1"#,
        "default_registry_total 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }

    let apart = Monitoring::builder("apart").build().unwrap();
    apart.enter(get_products);
    let count = |of: &Monitoring| of.recorded().value("request_count_total", &[]);
    assert_eq!((count(&monitoring), count(&apart)), (Some(1.0), Some(1.0)));

    // The listener outlives the value, and liveness asks for this runtime.
    let live = format!("http://{}/health/live", monitoring.listen_addr().unwrap());
    drop(monitoring);
    let body = Client::new().get(&live).await.unwrap();
    assert!(body.contains(r#""runtime":{"#), "{body}");
    assert!(body.contains(r#""status":"pass""#), "{body}");
}
