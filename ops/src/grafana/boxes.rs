//! Subscription Box Lifecycle: from the order of a box to its delivery.

use ecolaura_monitoring::catalog;

use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Bars, Heatmap, Lines, Number};
use crate::grafana::{increase, mean, quantile, rate, series};

pub(super) fn dashboard() -> Dashboard {
    Dashboard {
        name: "box-lifecycle",
        title: "Subscription Box Lifecycle",
        about: "Where boxes are on their way, how long they stay there, how full they are, and what comes back.",
        rows: vec![way(), times(), fill()],
        by_endpoint: false,
    }
}

fn way() -> Row {
    let stages = catalog::BOX_STAGES.name();
    let number = |title: &str, stage: &str| {
        let labels = format!("stage=\"{stage}\"");
        Panel::new(
            Number,
            title,
            format!("Boxes that came to the stage `{stage}` in the time that is shown."),
        )
        .ask(
            format!("sum(increase({}[$__range]))", series(stages, &labels)),
            title,
        )
    };
    let came = |stage: &str| {
        let of = series(stages, &format!("stage=\"{stage}\""));
        format!("sum by (job) (increase({of}[$__range]))")
    };
    Row::new(
        "On their way",
        [
            number("Created", "created"),
            number("Curated", "curated"),
            number("Packed", "packed"),
            number("Shipped", "shipped"),
            number("Delivered", "delivered"),
            Panel::new(Number, "Come back", "Boxes that were returned, as a share of those that were delivered in the time that is shown.")
                .ask(format!("{} / {}", came("returned"), came("delivered")), "returned")
                .unit("percentunit")
                .bad_above(0.05, 0.1),
            Panel::new(Bars, "Stages", "How many boxes came to each stage in the time that is shown, the most first.")
                .ask(format!("sort_desc({})", increase("stage", stages, "")), "{{stage}}"),
            Panel::new(Lines, "Flow", "Boxes that come to each stage, an hour. Where one line stays below the one before it, boxes pile up.")
                .ask(format!("3600 * {}", rate("stage", stages, "")), "{{stage}}"),
        ],
    )
}

fn times() -> Row {
    let times = catalog::BOX_STAGE_TIME.name();
    Row::new(
        "How long they stay",
        [
            Panel::new(Lines, "Time in a stage", "Time that half and 90 of 100 boxes were in each stage at most, of those that left it.")
                .ask(quantile(0.9, "stage", times, ""), "{{stage}} p90")
                .ask(quantile(0.5, "stage", times, ""), "{{stage}} p50")
                .unit("s"),
            Panel::new(Bars, "Mean time in a stage", "Of the boxes that left it in the time that is shown: the longest are where the way is held up.")
                .ask(
                    format!(
                        "sort_desc({}\n/ ({} > 0))",
                        increase("stage", &format!("{times}_sum"), ""),
                        increase("stage", &format!("{times}_count"), "")
                    ),
                    "{{stage}}",
                )
                .unit("s"),
        ],
    )
}

fn fill() -> Row {
    let (fill, score) = (catalog::BOX_FILL.name(), catalog::SATISFACTION.name());
    Row::new(
        "What is in them",
        [
            Panel::new(
                Lines,
                "Fill rate",
                "The mean of boxes that are packed, by plan.{?BoxesHalfEmpty: An alert fires below {percent}.?}",
            )
            .ask(mean("plan", fill, ""), "{{plan}}")
            .unit("percentunit")
            .max(1.0)
            .width(8),
            Panel::new(Heatmap, "How full", "How many boxes are how full.")
                .ask(rate("le", &format!("{fill}_bucket"), ""), "{{le}}")
                .unit("percentunit")
                .width(8),
            Panel::new(
                Lines,
                "What customers say of the delivery",
                "The mean of the scores from 1 to 5 at the touchpoint of delivery.",
            )
            .ask(
                mean("touchpoint", score, "touchpoint=\"delivery\""),
                "{{touchpoint}}",
            )
            .max(5.0)
            .width(8),
        ],
    )
}
