//! Users over all replicas, each once, from the sketches that replicas export.
//!
//! Each replica has the registers of a HyperLogLog sketch in `active_users_sketch`, eight in each number. The larger of each register, over
//! replicas and over time, is the sketch of all users together. What is estimated from it is Ertl's improved estimate
//! (arXiv 1702.01284), as the library makes it for one process.

use ecolaura_monitoring::catalog;

use crate::prometheus::rule::{Group, Rule, rule_file};

/// How many registers a sketch has, and how many of them a series tells.
const REGISTERS: f64 = 1024.0;
const PER_WORD: u32 = 8;

/// A register, and its maximum over an hour.
const REGISTER: &str = "active_users:register:max";
const HOURLY: &str = "active_users:register:max1h";
/// What an estimate is made of.
const HARMONIC: &str = "active_users:harmonic";
const ZEROS: &str = "active_users:zero_ratio";
const ESTIMATE: &str = "active_users:estimate";
const DAILY: &str = "daily_active_users";

/// The series of one user base: those of a job in an environment, hashed with one key.
const ONE: &str = "environment, job, key_id";

/// A time over which users are counted.
struct Window {
    name: &'static str,
    /// The registers over that time.
    registers: String,
}

impl Window {
    fn over(name: &'static str, of: &str) -> Self {
        let registers = format!("max_over_time({of}[{name}])");
        Self { name, registers }
    }

    fn rules(&self) -> [Rule; 3] {
        let registers = &self.registers;
        [
            (HARMONIC, format!("sum by ({ONE}) (2 ^ -({registers}))")),
            (ZEROS, format!("avg by ({ONE}) (({registers}) == bool 0)")),
            (ESTIMATE, estimate(self.name)),
        ]
        .map(|(name, expr)| Rule::record(name, expr).label("window", self.name))
    }
}

/// The rules, as a file for Prometheus.
///
/// They make `active_users:estimate{window="10m"}`, `"1h"`, `"1d"`, `"7d"` and `"30d"` of each job, and `daily_active_users`.
pub(super) fn active_users() -> String {
    rule_file(
        &[
            "Users of all replicas of a job, each once, from the sketches in active_users_sketch. Made by the crate",
            "ecolaura-monitoring-ops, compared by a test: do not edit.",
            "",
            "active_users:estimate{window=\"10m\"|\"1h\"|\"1d\"|\"7d\"|\"30d\"} has a standard error of 3.25 %, below 2,000 users less. A window",
            "reaches back up to 10 minutes further than it is called, those of days up to an hour, and the newest users of the last 30",
            "minutes may be missing in 7d and 30d. A replica that dies takes along whom it saw in its last 15 seconds, or after its last scrape.",
            "",
            "Scrape every 5 minutes or more often. 30d is what Prometheus keeps, if that is less: 15 days unless it is told otherwise",
            "(--storage.tsdb.retention.time). What has one job, one key and one `environment` counts as one.",
        ],
        &groups(),
    )
}

/// The groups in it.
pub(super) fn groups() -> [Group; 4] {
    let now = Window {
        name: "10m",
        registers: REGISTER.to_owned(),
    };
    let short = [now, Window::over("1h", REGISTER)];
    let long = [
        Window::over("1d", REGISTER),
        Window::over("7d", HOURLY),
        Window::over("30d", HOURLY),
    ];
    let rules = |windows: &[Window]| windows.iter().flat_map(Window::rules).collect();
    let mut long_rules: Vec<Rule> = rules(&long);
    let daily = format!("sum by (environment, job) ({ESTIMATE}{{window=\"1d\"}})");
    long_rules.push(Rule::record(DAILY, daily));
    let group = |name: &str, interval, rules| Group {
        name: name.to_owned(),
        interval: Some(interval),
        rules,
    };
    let hourly = Rule::record(HOURLY, format!("max_over_time({REGISTER}[1h])"));
    [
        // As often as is scraped, so that what was scraped of a replica just before it died, or began anew, counts.
        group("active_users_registers", "15s", registers()),
        group("active_users_registers_hourly", "30m", vec![hourly]),
        group("active_users_now", "1m", rules(&short)),
        // More often than series are forgotten, so that there always is one.
        group("active_users_days", "2m", long_rules),
    ]
}

/// Each register of the words, the largest of all replicas.
fn registers() -> Vec<Rule> {
    let sketch = catalog::ACTIVE_USERS_SKETCH.name();
    let rule = |position: u32| {
        let divisor = 64_u64.pow(position);
        let expr = format!("max by ({ONE}, word) (floor({sketch} / {divisor}) % 64)");
        Rule::record(REGISTER, expr).label("position", position.to_string())
    };
    (0..PER_WORD).map(rule).collect()
}

/// m² / (2 ln 2) / (harmonic mean's denominator, with Ertl's sigma in the place of the empty registers).
///
/// Those with another key are users that nobody can compare: they are added up.
fn estimate(window: &str) -> String {
    let scale = REGISTERS * REGISTERS / (2.0 * std::f64::consts::LN_2);
    let of = |name: &str| format!("{name}{{window=\"{window}\"}}");
    let (harmonic, zeros) = (of(HARMONIC), of(ZEROS));
    // z + z^2 + 2 z^4 + 4 z^8 + …, cut where no further term counts for so few registers.
    let terms = (1..=14).map(|k: u32| {
        let (factor, power) = (1_u32 << (k - 1), 1_u32 << k);
        match factor {
            1 => format!("    + {zeros} ^ {power}"),
            _ => format!("    + {factor} * {zeros} ^ {power}"),
        }
    });
    let terms: Vec<String> = terms.collect();
    format!(
        "round(sum by (environment, job) (\n  {scale:.4} / ({harmonic} - {REGISTERS} * {zeros} + {REGISTERS} * (\n    {zeros}\n{}\n  ))\n))",
        terms.join("\n")
    )
}

/// Tests of the rules that promtool runs: a replica that dies, and one that begins anew, between two evaluations.
pub(crate) fn trial() -> String {
    let sketch = catalog::ACTIVE_USERS_SKETCH.name();
    let series = format!("{sketch}{{job='shop',instance='a',key_id='k',word='0'}}");
    // 5 in the first register, 7 in the eighth.
    let word = 5 + 7 * 64_u64.pow(7);
    let mut text = String::from(
        "# Tests of active-users.rules.yml: promtool test rules active-users.test.yml\n",
    );
    text += "rule_files:\n  - active-users.rules.yml\nevaluation_interval: 15s\ntests:\n";
    for (about, values) in [
        (
            "a replica that dies 15 seconds after it saw somebody",
            format!("0x4 {word} stale"),
        ),
        (
            "a replica that begins anew at once",
            format!("0x4 {word} 0x40"),
        ),
        ("a replica that goes on", format!("0x4 {word}x40")),
    ] {
        text += &format!(
            "  - name: \"{about}\"\n    interval: 15s\n    input_series:\n      - series: \"{series}\"\n        values: \"{values}\"\n    promql_expr_test:\n"
        );
        for (position, rank) in [(0, 5), (7, 7)] {
            text += &format!(
                "      - eval_time: 8m\n        expr: \"max_over_time({REGISTER}{{position='{position}'}}[1h])\"\n        exp_samples:\n          - labels: \"{{job='shop', key_id='k', word='0', position='{position}'}}\"\n            value: {rank}\n"
            );
        }
    }
    let of = |environment: &str| {
        let series = series.replacen("job", &format!("environment='{environment}',job"), 1);
        format!("      - series: \"{series}\"\n        values: \"{word}x40\"\n")
    };
    let known = |environment: &str| {
        format!("          - labels: \"{{environment='{environment}'}}\"\n            value: 1\n")
    };
    text += &format!(
        "  - name: \"environments\"\n    interval: 15s\n    input_series:\n{}{}    promql_expr_test:\n      - eval_time: 8m\n        expr: \"count by (environment) ({ESTIMATE}{{window='10m'}})\"\n        exp_samples:\n{}{}",
        of("production"),
        of("staging"),
        known("production"),
        known("staging")
    );
    text
}
