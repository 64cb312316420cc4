//! `ecolaura-ops`: writes the operations kit of a service into a folder.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ecolaura_monitoring_ops::{Error, Family, Journey, Kit, Slo};
use lexopt::prelude::*;

const HELP: &str = "\
Writes what runs beside a service that is monitored with ecolaura-monitoring: rules, alerts, routes, dashboards, probes, log pipelines and runbooks.

Usage: ecolaura-ops --job NAME --out FOLDER [FLAGS]

  --job NAME              the job under which Prometheus scrapes the service
  --out FOLDER            where to write; what was changed there by hand is never overwritten
  --target [ENVIRONMENT=]HOST:PORT
                          where an instance answers to /metrics; once for each      [production=NAME:9464]
  --probe ADDRESS         what a Blackbox Exporter asks from outside, such as https://shop.example; once for each
  --journey FILE          what customers do, in steps that a Blackbox Exporter tries; a file for each
  --team NAME             who looks after it: the label `team` of its alerts        [platform]
  --objective NAME=ROUTE,PERCENT[,TIME]
                          the share of good requests over 30 days, such as orders=/api/v1/orders,99.9,250ms, or of good calls of a
                          function that #[monitor] gives a name instead of a route; once for each
  --threshold ALERT=NUMBER
                          when an alert fires, such as HighErrorRate=0.02; once for each
  --without ALERT         leaves an alert out; once for each
  --metrics FILE          what /metrics of the service answers: a dashboard shows the metrics of its own that are in it
  --runbooks ADDRESS      where runbooks are                                        [https://runbooks.example]
  --grafana ADDRESS       where Grafana is                                          [https://grafana.example]
  --jaeger ADDRESS        where Jaeger is                                           [https://jaeger.example]
  --help                  print this";

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ecolaura-ops: {error}\nTry --help.");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Args {
    job: Option<String>,
    out: Option<PathBuf>,
    targets: BTreeMap<String, Vec<String>>,
    probes: Vec<String>,
    journeys: Vec<Journey>,
    team: Option<String>,
    objectives: Vec<Slo>,
    thresholds: Vec<(String, f64)>,
    without: Vec<String>,
    metrics: Vec<Family>,
    runbooks: Option<String>,
    grafana: Option<String>,
    jaeger: Option<String>,
}

fn run(mut parser: lexopt::Parser) -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("job") => args.job = Some(parser.value()?.string()?),
            Long("out") => args.out = Some(parser.value()?.into()),
            Long("target") => {
                let target = parser.value()?.string()?;
                let (environment, target) =
                    target.split_once('=').unwrap_or(("production", &target));
                let targets = args.targets.entry(environment.to_owned()).or_default();
                targets.push(target.to_owned());
            }
            Long("probe") => args.probes.push(parser.value()?.string()?),
            Long("journey") => args.journeys.push(journey(&parser.value()?)?),
            Long("team") => args.team = Some(parser.value()?.string()?),
            Long("objective") => args.objectives.push(objective(parser.value()?)?),
            Long("threshold") => args.thresholds.push(threshold(&parser.value()?.string()?)?),
            Long("metrics") => args.metrics.extend(metrics(&parser.value()?)?),
            Long("without") => args.without.push(parser.value()?.string()?),
            Long("runbooks") => args.runbooks = Some(parser.value()?.string()?),
            Long("grafana") => args.grafana = Some(parser.value()?.string()?),
            Long("jaeger") => args.jaeger = Some(parser.value()?.string()?),
            Short('h') | Long("help") => {
                println!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let out = args
        .out
        .take()
        .filter(|out| !out.as_os_str().is_empty())
        .ok_or("--out is missing: name the folder to write to")?;
    let written = kit(args)?.write(&out)?;
    for (what, files) in [("wrote", &written.changed), ("removed", &written.removed)] {
        files.iter().for_each(|file| println!("{what} {file}"));
    }
    println!("{} files are as they were", written.unchanged.len());
    Ok(())
}

fn kit(args: Args) -> Result<Kit, Box<dyn std::error::Error>> {
    let job = args
        .job
        .ok_or("--job is missing: name the job under which Prometheus scrapes the service")?;
    let mut kit = Kit::new(job);
    for (environment, targets) in args.targets {
        kit = match environment.as_str() {
            "production" => kit.targets(targets),
            _ => kit.environment(environment, targets),
        };
    }
    if let Some(team) = args.team {
        kit = kit.team(team);
    }
    if let Some(address) = args.runbooks {
        kit = kit.runbooks(address);
    }
    if let Some(address) = args.grafana {
        kit = kit.grafana(address);
    }
    if let Some(address) = args.jaeger {
        kit = kit.jaeger(address);
    }
    kit = args.probes.into_iter().fold(kit, Kit::probe);
    kit = args.journeys.into_iter().fold(kit, Kit::journey);
    kit = args.objectives.into_iter().fold(kit, Kit::objective);
    kit = args.metrics.into_iter().fold(kit, Kit::metric);
    let set = |kit: Kit, (alert, value): (String, f64)| kit.threshold(alert, value);
    kit = args.thresholds.into_iter().fold(kit, set);
    Ok(args.without.into_iter().fold(kit, Kit::without))
}

/// `HighErrorRate=0.02`
fn threshold(value: &str) -> Result<(String, f64), String> {
    let number = |(alert, number): (&str, &str)| Some((alert.to_owned(), number.parse().ok()?));
    value.split_once('=').and_then(number).ok_or_else(|| {
        format!("--threshold takes ALERT=NUMBER, such as HighErrorRate=0.02, not {value:?}")
    })
}

/// The metrics in a file that are not of the catalogue.
fn metrics(file: &OsString) -> Result<Vec<Family>, String> {
    read("--metrics", file, Family::added)
}

/// The journey in a file.
fn journey(file: &OsString) -> Result<Journey, String> {
    read("--journey", file, Journey::from_json)
}

/// What is in a file, or why that cannot be told.
fn read<T>(
    flag: &str,
    file: &OsString,
    parse: impl FnOnce(&str) -> Result<T, Error>,
) -> Result<T, String> {
    let path = Path::new(file);
    let told = |why: &dyn std::fmt::Display| format!("{flag} {}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| told(&error))?;
    parse(&text).map_err(|error| told(&error))
}

/// `orders=/api/v1/orders,99.9,250ms`
fn objective(value: OsString) -> Result<Slo, String> {
    let text = value.to_string_lossy();
    let wrong = || {
        format!(
            "--objective takes NAME=ROUTE,PERCENT[,TIME], such as orders=/api/v1/orders,99.9,250ms, not {text:?}"
        )
    };
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let mut parts = rest.split(',');
    let (route, percent) = (
        parts.next().ok_or_else(wrong)?,
        parts.next().ok_or_else(wrong)?,
    );
    let percent: f64 = percent.trim_end_matches('%').parse().map_err(|_| wrong())?;
    let slo = Slo::new(name, route, percent);
    let slo = match parts.next() {
        None => slo,
        Some(time) => slo.within(duration(time).ok_or_else(wrong)?),
    };
    match parts.next() {
        None => Ok(slo),
        Some(_) => Err(wrong()),
    }
}

/// `250ms`, `1s`, `2.5s`
fn duration(text: &str) -> Option<Duration> {
    let seconds = match text.strip_suffix("ms") {
        Some(milliseconds) => milliseconds.parse::<f64>().ok()? / 1000.0,
        None => text.strip_suffix('s')?.parse().ok()?,
    };
    Duration::try_from_secs_f64(seconds).ok()
}
