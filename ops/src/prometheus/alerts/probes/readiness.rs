//! Whether instances say that they are ready.
//!
//! On machines the Blackbox Exporter asks them; Kubernetes asks by itself, and kube-state-metrics tells.

use crate::blackbox;
use crate::kit::Kit;
use crate::prometheus::alert::{Alert, Case, JOB, Source, Told, told};
use crate::prometheus::alerts::series;
use crate::tier::Tier;

/// What an instance answers that is not ready.
const NOT_READY: &str = "503";

pub(super) fn of_service(kit: &Kit) -> Alert {
    let expr = match kit.in_kubernetes {
        true => format!("max by (environment, job) ({}) == 0", ready_pods(kit)),
        // One that gives no answer says nothing.
        false => format!(
            "max by (environment, job) ({}) == 0\nand max by (environment, job) ({}) == {NOT_READY}",
            lately(&health(kit, "probe_success", "")),
            lately(&health(kit, "probe_http_status_code", "")),
        ),
    };
    let a = |answers| instance(kit, "a", answers);
    let b = |answers| instance(kit, "b", answers);
    Alert {
        name: "ServiceNotReady".into(),
        tier: Tier::Critical,
        pending: "1m",
        keeps: None,
        holds: if kit.in_kubernetes { 6 } else { 8 },
        source: Source::Prober,
        expr,
        threshold: None,
        by: &["job"],
        summary: "No instance is ready".into(),
        description: "They run, and say themselves that they are not to get requests: a check fails, most often the database's. /health/ready tells which.".into(),
        reason: "A load balancer sends requests to nobody then; start-up and a drain are shorter than three minutes, of which two are looked back on.".into(),
        cases: vec![
            Case {
                about: "none is ready",
                series: [a(FAILS_LATER), b(FAILS)].concat(),
                at: 10,
                fires: &[&[JOB]],
            },
            Case {
                about: "one of two is",
                series: [a(READY), b(FAILS)].concat(),
                at: 10,
                fires: &[],
            },
            Case {
                about: "both begin anew again and again, and never get ready",
                series: [a(STARTS), b(STARTS)].concat(),
                at: 20,
                fires: &[&[JOB]],
            },
            Case {
                about: "one is not, and the other one is gone",
                series: [a(FAILS_LATER), b(GONE)].concat(),
                at: 10,
                fires: &[&[JOB]],
            },
            Case {
                about: "they give no answer, which is another alert's",
                series: [a(GONE), b(GONE)].concat(),
                at: 10,
                fires: &[],
            },
        ],
    }
}

pub(super) fn of_instance(kit: &Kit) -> Alert {
    let expr = match kit.in_kubernetes {
        true => format!(
            "max by (environment, job, instance) ({}) == 0",
            ready_pods(kit)
        ),
        false => format!(
            "max by (environment, job, instance) ({}) == {NOT_READY}",
            lately(&health(kit, "probe_http_status_code", "")),
        ),
    };
    let a = |answers| instance(kit, "a", answers);
    let b = |answers| instance(kit, "b", answers);
    Alert {
        name: "InstanceNotReady".into(),
        tier: Tier::Warning,
        pending: "10m",
        keeps: None,
        holds: 6,
        source: Source::Prober,
        expr,
        threshold: None,
        by: &["job", "instance"],
        summary: "{{ $labels.instance }} is not ready".into(),
        description: "It runs, and says itself that it is not to get requests: a check fails, or it does not come to the end of its start. /health/ready tells which.".into(),
        reason: "A start or a drain is over in ten minutes; the other instances go on meanwhile.".into(),
        cases: vec![
            Case {
                about: "one of two is not ready",
                series: [a(FAILS_LATER), b(READY)].concat(),
                at: 20,
                fires: &[&[JOB, "a:9464"]],
            },
            Case {
                about: "it gives no answer, which is another alert's",
                series: [a(GONE), b(READY)].concat(),
                at: 20,
                fires: &[],
            },
        ],
    }
}

/// What an instance answers: whether it is up, whether it is ready, and by which status.
#[derive(Clone, Copy)]
struct Answers {
    up: &'static str,
    ready: &'static str,
    status: &'static str,
}

const READY: Answers = Answers {
    up: "1x35",
    ready: "1x35",
    status: "200x35",
};
const FAILS: Answers = Answers {
    up: "1x35",
    ready: "0x35",
    status: "503x35",
};
const FAILS_LATER: Answers = Answers {
    up: "1x35",
    ready: "1x5 0x30",
    status: "200x5 503x30",
};
const STARTS: Answers = Answers {
    up: "1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0 1 0",
    ready: "0x24",
    status: "503 0 503 0 503 0 503 0 503 0 503 0 503 0 503 0 503 0 503 0 503 0 503 0",
};
const GONE: Answers = Answers {
    up: "1x5 0x30",
    ready: "1x5 0x30",
    status: "200x5 0x30",
};

/// The series of an instance.
fn instance(kit: &Kit, name: &str, answers: Answers) -> Vec<Told> {
    let instance = format!("instance=\"{name}:9464\"");
    if !kit.in_kubernetes {
        return told([
            (health(kit, "probe_success", &instance), answers.ready),
            (
                health(kit, "probe_http_status_code", &instance),
                answers.status,
            ),
        ]);
    }
    let pod = format!("namespace=\"shop\",pod=\"{name}\"");
    let ready = format!("kube_pod_status_ready{{condition=\"true\",{pod}}}");
    told([
        (series(kit, "up", &format!("{instance},{pod}")), answers.up),
        (ready, answers.ready),
    ])
}

/// What the exporter was answered by an instance.
fn health(kit: &Kit, name: &str, labels: &str) -> String {
    let comma = if labels.is_empty() { "" } else { "," };
    format!(
        "{name}{{job=\"{}\"{comma}{labels}}}",
        blackbox::health_job(kit)
    )
}

/// 1 for each pod that is ready, 0 for one that runs and is not.
fn ready_pods(kit: &Kit) -> String {
    format!(
        "({} == 1)\n  * on (namespace, pod) group_left () max by (namespace, pod) (kube_pod_status_ready{{condition=\"true\"}})",
        lately(&series(kit, "up", ""))
    )
}

/// The highest of these of two minutes: what begins anew again and again answers now and then.
fn lately(of: &str) -> String {
    format!("max_over_time({of}[2m])")
}
