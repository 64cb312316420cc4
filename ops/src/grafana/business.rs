//! Business Metrics: money, orders, sign-ups, users, and what the service counts besides.

use ecolaura_monitoring::catalog;
use ecolaura_monitoring::metrics::Metric;

use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Heatmap, Lines, Number, Stacked};
use crate::grafana::{increase, mean, own, quantile, rate, series};
use crate::kit::Kit;

pub(super) fn dashboard(kit: &Kit) -> Dashboard {
    let mut rows = vec![now(), money(), orders(), customers()];
    rows.extend(own::rows(&kit.metrics));
    Dashboard {
        name: "business-metrics",
        title: "Business Metrics",
        about: "Key figures: money, orders, sign-ups, users and how content they are, and what the service counts besides.",
        rows,
        by_endpoint: false,
    }
}

/// Of the time that is shown, all together.
fn whole(name: &str, labels: &str) -> String {
    format!("sum(increase({}[$__range]))", series(name, labels))
}

fn now() -> Row {
    let orders = format!("{}_count", catalog::ORDER_PROCESSING.name());
    let fill = catalog::BOX_FILL.name();
    let score = catalog::SATISFACTION.name();
    Row::new(
        "In the time that is shown",
        [
            Panel::new(
                Number,
                "Revenue",
                "Money that came in, by currency, in units of it.",
            )
            .ask(
                increase("currency", catalog::REVENUE.name(), ""),
                "{{currency}}",
            ),
            Panel::new(Number, "Orders", "Orders that were completed.")
                .ask(whole(&orders, "outcome=\"completed\""), "orders"),
            Panel::new(Number, "Sign-ups", "Subscriptions that were signed up for.")
                .ask(whole(catalog::SIGN_UPS.name(), ""), "sign-ups"),
            Panel::new(
                Number,
                "Daily active users",
                "Different users of the last 24 hours, over all instances, each once; to some 3 %.",
            )
            .ask(
                "sum(daily_active_users{job=~\"$job\",environment=~\"$environment\"})",
                "users",
            ),
            Panel::new(
                Number,
                "Boxes are full",
                "The mean of boxes that were packed.{?BoxesHalfEmpty: An alert fires below {percent}.?}",
            )
            .ask(
                format!(
                    "{} / {}",
                    whole(&format!("{fill}_sum"), ""),
                    whole(&format!("{fill}_count"), "")
                ),
                "full",
            )
            .unit("percentunit")
            .bad_below(0.8, 0.7),
            Panel::new(
                Number,
                "Satisfaction",
                "The mean of the scores from 1 to 5.{?CustomersUnhappy: An alert fires below {number}.?}",
            )
            .ask(
                format!(
                    "{} / {}",
                    whole(&format!("{score}_sum"), ""),
                    whole(&format!("{score}_count"), "")
                ),
                "score",
            )
            .bad_below(4.0, 3.5),
        ],
    )
}

fn money() -> Row {
    let per_hour = |metric: &Metric| format!("3600 * {}", rate("currency", metric.name(), ""));
    Row::new(
        "Money",
        [
            Panel::new(
                Lines,
                "Revenue",
                "Money that comes in, an hour, in units of the currency.",
            )
            .ask(per_hour(&catalog::REVENUE), "{{currency}}"),
            Panel::new(
                Lines,
                "Refunds",
                "Money that goes back to customers, an hour, in units of the currency.",
            )
            .ask(per_hour(&catalog::REFUNDS), "{{currency}}"),
        ],
    )
}

fn orders() -> Row {
    let times = catalog::ORDER_PROCESSING.name();
    Row::new(
        "Orders",
        [
            Panel::new(Stacked, "Orders", "Orders an hour by outcome: rejected for a reason of the customer's, failed by our fault.")
                .ask(format!("3600 * {}", rate("outcome", &format!("{times}_count"), "")), "{{outcome}}")
                .width(8),
            Panel::new(Lines, "Processing", "Time that half and 95 of 100 completed orders took at most.")
                .ask(quantile(0.95, "", times, "outcome=\"completed\""), "p95")
                .exemplars()
                .ask(quantile(0.5, "", times, "outcome=\"completed\""), "p50")
                .unit("s")
                .width(8),
            Panel::new(Heatmap, "Processing times", "How many orders took how long; each point is an order with a trace.")
                .ask(rate("le", &format!("{times}_bucket"), ""), "{{le}}")
                .exemplars()
                .unit("s")
                .width(8),
        ],
    )
}

fn customers() -> Row {
    Row::new(
        "Customers",
        [
            Panel::new(Lines, "Users", "Different users over 1 day, 7 and 30 days, over all instances, each once.")
                .ask(
                    "sum by (window) (active_users:estimate{job=~\"$job\",environment=~\"$environment\",window=~\"1d|7d|30d\"})",
                    "{{window}}",
                )
                .width(8),
            Panel::new(Stacked, "Sign-ups", "Subscriptions that are signed up for, an hour, by plan.")
                .ask(format!("3600 * {}", rate("plan", catalog::SIGN_UPS.name(), "")), "{{plan}}")
                .width(8),
            Panel::new(Lines, "Satisfaction", "The mean of the scores from 1 to 5, by where customers were asked.")
                .ask(mean("touchpoint", catalog::SATISFACTION.name(), ""), "{{touchpoint}}")
                .max(5.0)
                .width(8),
        ],
    )
}
