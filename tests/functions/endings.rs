//! However a measured call ends, it counts once: with the status its value stands for, 500 for a panic, 499 when it was dropped.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ecolaura_monitoring::{HttpStatus, Monitoring, Objective, monitor};
use http::{Response, StatusCode};

use support::monitored::{check, drop_half_way, pause, run};

#[derive(Debug)]
enum PackError {
    NoSuchBox,
    Broken,
}

impl HttpStatus for PackError {
    fn http_status(&self) -> u16 {
        match self {
            PackError::NoSuchBox => 404,
            PackError::Broken => 500,
        }
    }
}

#[test]
fn an_own_error_tells_its_status() {
    #[monitor("/boxes/{id}/pack")]
    async fn pack(id: u32) -> Result<u32, PackError> {
        match id {
            0 => Err(PackError::Broken)?,
            1 => Ok(1),
            _ => Err(PackError::NoSuchBox),
        }
    }
    check(
        "/boxes/{id}/pack",
        &[("200", 1), ("404", 2), ("500", 1)],
        || {
            for id in 0..4 {
                let _ = run(pack(id));
            }
        },
    );
}

#[test]
fn status_and_response_tell_theirs() {
    #[monitor("/answers")]
    async fn status() -> StatusCode {
        StatusCode::CREATED
    }
    #[monitor("/answers")]
    async fn tuple() -> (StatusCode, &'static str) {
        (StatusCode::ACCEPTED, "text")
    }
    #[monitor("/answers")]
    async fn response() -> Result<Response<String>, Infallible> {
        let mut response = Response::new(String::new());
        *response.status_mut() = StatusCode::NOT_FOUND;
        Ok(response)
    }
    #[monitor("/answers")]
    fn generic<T, E>(value: Result<T, E>) -> Result<T, E> {
        value
    }
    let expected = [("201", 1), ("202", 1), ("404", 1), ("200", 1), ("500", 1)];
    check("/answers", &expected, || {
        let _ = (run(status()), run(tuple()), run(response()));
        let _ = (generic::<_, ()>(Ok(1)), generic::<(), _>(Err(1)));
    });
}

#[test]
fn a_panic_counts_500() {
    #[monitor("panic")]
    fn at_once() -> u32 {
        panic!("on purpose")
    }
    #[monitor("panic")]
    async fn in_a_future() -> u32 {
        pause().await;
        panic!("on purpose")
    }
    #[monitor("panic")]
    fn never() -> ! {
        panic!("on purpose")
    }
    check("panic", &[("500", 3)], || {
        assert!(catch_unwind(at_once).is_err());
        assert!(catch_unwind(|| run(in_a_future())).is_err());
        assert!(catch_unwind(AssertUnwindSafe(|| never())).is_err());
    });
}

#[test]
fn a_dropped_future_counts_499() {
    #[monitor("dropped")]
    async fn waits() {
        pause().await;
    }
    #[monitor("dropped")]
    async fn for_ever() -> ! {
        loop {
            pause().await;
        }
    }
    check("dropped", &[("499", 2)], || {
        drop_half_way(waits());
        drop_half_way(for_ever());
    });
}

#[test]
fn a_future_that_never_ran_does_not_count() {
    #[monitor("never_ran")]
    async fn waits() {
        pause().await;
    }
    check("never_ran", &[], || drop(waits()));
}

#[test]
fn arguments_and_locals_are_dropped_once() {
    use std::rc::Rc;
    #[monitor("drops")]
    async fn holds(used: Rc<()>, _unused: Rc<()>, _: Rc<()>) -> usize {
        pause().await;
        Rc::strong_count(&used)
    }
    let counted = Rc::new(());
    check("drops", &[("200", 1), ("499", 1)], || {
        let three = || {
            (
                Rc::clone(&counted),
                Rc::clone(&counted),
                Rc::clone(&counted),
            )
        };
        let (a, b, c) = three();
        assert_eq!(run(holds(a, b, c)), 4);
        let (a, b, c) = three();
        drop_half_way(holds(a, b, c));
    });
    assert_eq!(Rc::strong_count(&counted), 1);
}

#[test]
fn outside_a_request_the_method_is_the_one_given() {
    #[monitor("/orders", method = "POST")]
    fn place() {}
    let monitoring = Monitoring::builder("test").build().expect("a monitoring");
    monitoring.enter(place);
    let labels = [
        ("method", "POST"),
        ("endpoint", "/orders"),
        ("http_status", "200"),
    ];
    assert_eq!(
        monitoring.recorded().value("request_count_total", &labels),
        Some(1.0)
    );
}

#[test]
fn objectives_are_listed_also_of_functions_that_never_run() {
    #[monitor("/objective", slo(latency = "200ms", target = 99.9))]
    #[expect(dead_code)]
    async fn never_called<T>(_: T) {}
    let all = Objective::all();
    let found = all
        .iter()
        .find(|objective| objective.endpoint() == "/objective");
    let found = found.expect("the objective");
    assert_eq!(found.latency(), Some(std::time::Duration::from_millis(200)));
    assert_eq!(found.target(), 99.9);
    assert_eq!(found.function(), (module_path!(), "never_called"));
}

#[test]
fn what_is_no_status_counts_as_an_error() {
    struct Odd(u16);
    impl HttpStatus for Odd {
        fn http_status(&self) -> u16 {
            self.0
        }
    }
    #[monitor("/odd")]
    fn odd(status: u16) -> Odd {
        Odd(status)
    }
    check("/odd", &[("999", 1), ("500", 3)], || {
        for status in [0, 99, 999, 1000] {
            odd(status);
        }
    });
}

#[test]
fn an_endpoint_that_only_a_function_names_is_not_in_flight() {
    #[monitor("/named/by/a/function")]
    fn named() {}
    let monitoring = Monitoring::builder("test").build().unwrap();
    monitoring.enter(named);
    let recorded = monitoring.recorded();
    assert_eq!(recorded.value("request_count_total", &[]), Some(1.0));
    assert_eq!(recorded.value("http_requests_in_flight", &[]), None);
}

/// A task does several things at once, and one of them panics: the others are given up.
#[test]
fn a_call_that_waits_while_another_one_panics_counts_499() {
    #[monitor("at_once")]
    async fn waits() {
        pause().await;
        unreachable!("nobody goes on with it");
    }
    #[monitor("at_once")]
    fn waits_in_a_future() -> impl Future<Output = ()> {
        pause_for_good()
    }
    async fn pause_for_good() {
        pause().await;
        unreachable!("nobody goes on with it");
    }
    #[monitor("at_once")]
    async fn panics() {
        pause().await;
        panic!("on purpose")
    }
    #[monitor("at_once")]
    fn panics_at_once() {
        panic!("on purpose")
    }
    check("at_once", &[("499", 3), ("500", 3)], || {
        let both = async { tokio::join!(waits_in_a_future(), panics()) };
        assert!(catch_unwind(AssertUnwindSafe(|| run(both))).is_err());
        let both = async { tokio::join!(waits(), panics()) };
        assert!(catch_unwind(AssertUnwindSafe(|| run(both))).is_err());
        let both = async { tokio::join!(waits(), async { panics_at_once() }) };
        assert!(catch_unwind(AssertUnwindSafe(|| run(both))).is_err());
    });
}

/// The panic of a value that is asked for its status is the call's own.
#[test]
fn a_status_that_panics_counts_500() {
    struct Broken;
    impl HttpStatus for Broken {
        fn http_status(&self) -> u16 {
            panic!("on purpose")
        }
    }
    #[monitor("broken_status")]
    async fn broken() -> Broken {
        pause().await;
        Broken
    }
    check("broken_status", &[("500", 1)], || {
        let asked = catch_unwind(AssertUnwindSafe(|| run(broken())));
        assert!(asked.is_err());
    });
}
