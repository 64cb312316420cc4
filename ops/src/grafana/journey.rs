//! User Journey: how far people come, and where they stop.

use ecolaura_monitoring::catalog;

use crate::grafana::dashboard::{Dashboard, Row};
use crate::grafana::panel::Panel;
use crate::grafana::panel::View::{Bars, Heatmap, Lines, Number, Stacked};
use crate::grafana::{increase, mean, rate, series};
use crate::kit::Kit;

pub(super) fn dashboard(kit: &Kit) -> Dashboard {
    Dashboard {
        name: "user-journey",
        title: "User Journey",
        about: "How many people are there, how far they come, and where they are stopped.",
        rows: vec![people(), steps(kit), stopped(kit), content()],
        by_endpoint: false,
    }
}

fn people() -> Row {
    let estimate = |window: &str| {
        format!(
            "sum(active_users:estimate{{job=~\"$job\",environment=~\"$environment\",window=\"{window}\"}})"
        )
    };
    let number = |title: &str, window: &str| {
        Panel::new(
            Number,
            title,
            "Different users, over all instances, each once; to some 3 %.",
        )
        .ask(estimate(window), title)
    };
    Row::new(
        "People",
        [
            number("Now", "10m"),
            number("In an hour", "1h"),
            number("In a day", "1d"),
            number("In a week", "7d"),
            number("In 30 days", "30d"),
            Panel::new(
                Number,
                "Sign-ups",
                "Subscriptions that were signed up for in the time that is shown.",
            )
            .ask(
                format!(
                    "sum(increase({}[$__range]))",
                    series(catalog::SIGN_UPS.name(), "")
                ),
                "sign-ups",
            ),
            Panel::new(
                Lines,
                "Users",
                "Different users of the last ten minutes and of the last hour.",
            )
            .ask(estimate("10m"), "10 minutes")
            .ask(estimate("1h"), "an hour"),
            Panel::new(
                Lines,
                "Users that each instance sees",
                "Not to be added up: a user who comes to two instances is in both.",
            )
            .ask(series(catalog::ACTIVE_USERS.name(), ""), "{{instance}}"),
        ],
    )
}

fn steps(kit: &Kit) -> Row {
    let steps = catalog::JOURNEY_STEPS.name();
    let by = "journey, step";
    let traces = format!("{}/search?service={}&lookback=1h", kit.traces, kit.job);
    Row::new(
        "Journeys",
        [
            Panel::new(
                Bars,
                "How far they come",
                "How often each step was taken in the time that is shown, the most frequent first.",
            )
            .ask(
                format!("sort_desc({})", increase(by, steps, "")),
                "{{journey}}: {{step}}",
            ),
            Panel::new(Lines, "Steps", "How often each step is taken, an hour.")
                .ask(
                    format!("3600 * {}", rate(by, steps, "")),
                    "{{journey}}: {{step}}",
                )
                .link("Traces", traces),
            Panel::new(
                Bars,
                "Of the first step",
                "Each step as a share of the step of its journey that is taken most.",
            )
            .ask(
                format!(
                    "sort_desc({}\n/ on (journey) group_left () max by (journey) ({}))",
                    increase(by, steps, ""),
                    increase(by, steps, "")
                ),
                "{{journey}}: {{step}}",
            )
            .unit("percentunit")
            .max(1.0),
            Panel::new(
                Stacked,
                "Sign-ups",
                "Subscriptions that are signed up for, an hour, by plan.",
            )
            .ask(
                format!("3600 * {}", rate("plan", catalog::SIGN_UPS.name(), "")),
                "{{plan}}",
            ),
        ],
    )
}

/// How many log in, and how many fail to.
pub(super) fn logins() -> [Panel; 2] {
    let attempts = catalog::AUTHENTICATION_ATTEMPTS.name();
    [
            Panel::new(Lines, "Logins", "Attempts to log in a second, by mechanism and outcome.")
                .ask(rate("mechanism, outcome", attempts, ""), "{{mechanism}} {{outcome}}")
                .unit("ops")
                .width(8),
            Panel::new(Lines, "Logins that fail", "Share of the attempts that fail.{?LoginsFail: An alert fires where most do, and many.?}")
                .ask(
                    format!(
                        "{}\n/ {}",
                        rate("mechanism", attempts, "outcome=\"failure\""),
                        rate("mechanism", attempts, "")
                    ),
                    "{{mechanism}}",
                )
                .unit("percentunit")
                .max(1.0)
                .width(8),
    ]
}

fn stopped(kit: &Kit) -> Row {
    let requests = catalog::HTTP_REQUESTS.name();
    let api = format!("{}/d/{}", kit.dashboards, kit.dashboard("api-performance"));
    Row::new(
        "What stops them",
        logins().into_iter().chain([
            Panel::new(Lines, "Answers that are no help", "Requests a second that ended otherwise than in success: 4xx is what people asked wrongly, cancelled is what took them too long.")
                .ask(rate("outcome", requests, "outcome!=\"success\""), "{{outcome}}")
                .unit("reqps")
                .link("API Performance", api)
                .width(8),
        ]),
    )
}

fn content() -> Row {
    let score = catalog::SATISFACTION.name();
    Row::new(
        "How content they are",
        [
            Panel::new(Lines, "Score", "The mean of the scores from 1 to 5, by where customers were asked.{?CustomersUnhappy: An alert fires below {number}.?}")
                .ask(mean("touchpoint", score, ""), "{{touchpoint}}")
                .max(5.0),
            Panel::new(Heatmap, "Scores", "How many gave which score: what is above a line was more than that.")
                .ask(rate("le", &format!("{score}_bucket"), ""), "{{le}}"),
        ],
    )
}
