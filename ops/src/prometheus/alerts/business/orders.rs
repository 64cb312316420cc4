//! What is sold: orders that stop, or fail.

use ecolaura_monitoring::catalog;

use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

pub(super) fn stalled(kit: &Kit) -> Alert {
    let orders = format!("{}_count", catalog::ORDER_PROCESSING.name());
    let completed = series(kit, &orders, "outcome=\"completed\"");
    let increase =
        |offset: &str| format!("sum by (environment, job) (increase({completed}[30m]{offset}))");
    Alert {
        name: "OrdersStalled".into(),
        tier: Tier::Critical,
        pending: "5m",
        keeps: None,
        holds: 1530,
        source: Source::Service,
        // As many as to expect several in half an hour, by the same time yesterday, unless this weekday is known to be quiet.
        expr: format!(
            "{} == 0\nand {} > 10\nunless {} <= 10",
            increase(""),
            increase(" offset 1d"),
            increase(" offset 1w")
        ),
        threshold: None,
        by: &["job"],
        summary: "No order was completed in half an hour".into(),
        description: "Yesterday in the same half hour there were more than ten. Orders are turned away, fail, or do not come: see order_processing_seconds_count by outcome.".into(),
        reason: "Where ten came in the same half hour yesterday, none at all is no chance, unless a week ago it was as quiet.".into(),
        cases: vec![
            Case {
                about: "orders that stop",
                series: told([(completed.clone(), "0+0.375x1500 562.5x60")]),
                at: 1545,
                fires: &[&[JOB]],
            },
            Case {
                about: "orders that go on",
                series: told([(completed.clone(), "0+1x1600")]),
                at: 1545,
                fires: &[],
            },
            Case {
                about: "nine in the same half hour of yesterday",
                series: told([(completed.clone(), "0+0.3125x1500 468.75x60")]),
                at: 1545,
                fires: &[],
            },
            Case {
                about: "twelve in the same half hour of this weekday",
                series: told([(completed.clone(), "0+0.375x1600 600+1x9900 10500x200")]),
                at: 11625,
                fires: &[&[JOB]],
            },
            Case {
                about: "nine in the same half hour of this weekday",
                series: told([(completed.clone(), "0+0.3125x1600 500+1x9900 10400x200")]),
                at: 11625,
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while none comes",
                series: told([(completed, "0+1x1500 0x60")]),
                at: 1545,
                fires: &[&[JOB]],
            },
        ],
    }
}

pub(super) fn failing(kit: &Kit) -> Alert {
    let orders = format!("{}_count", catalog::ORDER_PROCESSING.name());
    let of = |outcome: &str| series(kit, &orders, &format!("outcome=\"{outcome}\""));
    let (failed, completed) = (of("failed"), of("completed"));
    let rate = |of: &str| format!("sum by (environment, job) (rate({of}[15m]))");
    Alert {
        name: "OrdersFail".into(),
        tier: Tier::Error,
        pending: "5m",
        keeps: None,
        holds: 3,
        source: Source::Service,
        expr: format!(
            "{} / {} > {{threshold}}\nand sum by (environment, job) (increase({failed}[15m])) > 2.5",
            rate(&failed),
            rate(&series(kit, &orders, ""))
        ),
        threshold: Some(0.05),
        by: &["job"],
        summary: "{{ $value | humanizePercentage }} of the orders fail by our fault".into(),
        description: "Not those that are rejected for a reason of the customer's. See the traces of order_processing_seconds with outcome=\"failed\".".into(),
        reason: "Each is a customer who wanted to buy; one in twenty is no accident, if it is more than two in a quarter of an hour.".into(),
        cases: vec![
            Case {
                about: "more than one in twenty",
                series: told([(completed.clone(), "0+19x60"), (failed.clone(), "0+1.1x60")]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "one in twenty",
                series: told([(completed.clone(), "0+19x60"), (failed.clone(), "0+1x60")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "an instance that begins anew while they fail",
                series: told([
                    (completed.clone(), "0+9x28 0+9x30"),
                    (failed.clone(), "0+1x28 0+1x30"),
                ]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "three of a few",
                series: told([(completed.clone(), "0x60"), (failed.clone(), "0x20 1 2 3x40")]),
                at: 30,
                fires: &[&[JOB]],
            },
            Case {
                about: "two of a few",
                series: told([(completed.clone(), "0x60"), (failed.clone(), "0x20 1 2x40")]),
                at: 30,
                fires: &[],
            },
            Case {
                about: "many that are rejected",
                series: told([(completed, "0+1x60"), (of("rejected"), "0+50x60"), (failed, "0x60")]),
                at: 30,
                fires: &[],
            },
        ],
    }
}
