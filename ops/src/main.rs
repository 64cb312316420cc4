//! `ecolaura-ops`: writes the operations kit of a service into a folder.

mod report;
mod values;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use ecolaura_monitoring_ops::{Answer, Journey, Kit, Slo};
use lexopt::prelude::*;

use crate::values::{answer, journey, objective, threshold};

const HELP: &str = include_str!("help.txt");

fn main() -> ExitCode {
    match run(lexopt::Parser::from_env()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ecolaura-ops: {error}\nTry --help.");
            ExitCode::from(2)
        }
    }
}

/// What a flag does to a kit.
type Set = fn(Kit, String) -> Kit;

/// The flags that have one value, each with what it sets.
const SINGLE: [(&str, Set); 9] = [
    ("team", Kit::team),
    ("runbooks", Kit::runbooks),
    ("grafana", Kit::grafana),
    ("jaeger", Kit::jaeger),
    ("prometheus", Kit::prometheus),
    ("alertmanager", Kit::alertmanager),
    ("deadman", Kit::deadman),
    ("time-zone", Kit::time_zone),
    ("image", Kit::image),
];

/// Those that set nothing by themselves.
const OTHERS: [&str; 6] = ["job", "out", "port", "mail-host", "mail-from", "mail-to"];

#[derive(Default)]
struct Args {
    single: BTreeMap<&'static str, OsString>,
    targets: BTreeMap<String, Vec<String>>,
    probes: Vec<String>,
    journeys: Vec<Journey>,
    objectives: Vec<Slo>,
    thresholds: BTreeMap<String, f64>,
    without: Vec<String>,
    answers: Vec<Answer>,
}

impl Args {
    /// The text of a flag that has one value.
    fn text(&mut self, flag: &str) -> Result<Option<String>, lexopt::Error> {
        let value = self.single.remove(flag);
        value.map(|value| value.string()).transpose()
    }
}

fn run(mut parser: lexopt::Parser) -> Result<(), Box<dyn std::error::Error>> {
    let mut args = Args::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Long("target") => {
                let target = parser.value()?.string()?;
                let (environment, target) =
                    target.split_once('=').unwrap_or(("production", &target));
                let targets = args.targets.entry(environment.to_owned()).or_default();
                targets.push(target.to_owned());
            }
            Long("probe") => args.probes.push(parser.value()?.string()?),
            Long("journey") => args.journeys.push(journey(&parser.value()?)?),
            Long("objective") => args.objectives.push(objective(&parser.value()?.string()?)?),
            Long("threshold") => {
                let (alert, number) = threshold(&parser.value()?.string()?)?;
                if args.thresholds.insert(alert.clone(), number).is_some() {
                    return Err(format!("--threshold {alert} is there twice: give it once").into());
                }
            }
            Long("metrics") => args.answers.push(answer(&parser.value()?)?),
            Long("without") => args.without.push(parser.value()?.string()?),
            Short('h') | Long("help") => {
                return say(HELP);
            }
            Long(flag) => {
                let mut known = SINGLE.iter().map(|(flag, _)| *flag).chain(OTHERS);
                let Some(flag) = known.find(|known| *known == flag) else {
                    return Err(Long(flag).unexpected().into());
                };
                if args.single.insert(flag, parser.value()?).is_some() {
                    return Err(format!("--{flag} is there twice: give it once").into());
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let out = args.single.remove("out");
    let out = out
        .filter(|out| !out.is_empty())
        .map(PathBuf::from)
        .ok_or("--out is missing: name the folder to write to")?;
    let command = report::command(std::env::args_os().skip(1));
    let written = kit(args)?.made_by(command).write(&out)?;
    say(&report::report(&out, &written))
}

/// Says it to whoever listens; who has heard enough is no trouble.
fn say(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("what was done cannot be told: {error}").into())
        }
        _ => Ok(()),
    }
}

fn kit(mut args: Args) -> Result<Kit, Box<dyn std::error::Error>> {
    let job = args.text("job")?;
    let job =
        job.ok_or("--job is missing: name the job under which Prometheus scrapes the service")?;
    let mut kit = Kit::new(job);
    for (flag, set) in SINGLE {
        if let Some(value) = args.text(flag)? {
            kit = set(kit, value);
        }
    }
    if let Some(value) = args.text("port")? {
        let port = value.parse();
        kit = kit
            .port(port.map_err(|_| format!("--port takes a port, such as 3000, not {value:?}"))?);
    }
    let (host, from, to) = (
        args.text("mail-host")?,
        args.text("mail-from")?,
        args.text("mail-to")?,
    );
    kit = match (host, from, to) {
        (None, None, None) => kit,
        (Some(host), Some(from), Some(to)) => kit.mail(host, from, to),
        _ => return Err(
            "--mail-host, --mail-from and --mail-to are of use together: give all three, or none"
                .into(),
        ),
    };
    for (environment, targets) in args.targets {
        kit = match environment.as_str() {
            "production" => kit.targets(targets),
            _ => kit.environment(environment, targets),
        };
    }
    kit = args.probes.into_iter().fold(kit, Kit::probe);
    kit = args.journeys.into_iter().fold(kit, Kit::journey);
    kit = args.objectives.into_iter().fold(kit, Kit::objective);
    kit = args.answers.into_iter().fold(kit, Kit::answer);
    let set = |kit: Kit, (alert, value): (String, f64)| kit.threshold(alert, value);
    kit = args.thresholds.into_iter().fold(kit, set);
    Ok(args.without.into_iter().fold(kit, Kit::without))
}
