//! Who watches the watchers, with the rules and routes in `deploy/`: a Prometheus that dies is missed by the receiver of the dead man's switch, an
//! Alertmanager that dies by Prometheus.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use support::alertmanager::{Alertmanager, Told};
use support::eventually::eventually;
use support::folder::empty_folder;
use support::prometheus::{Prometheus, Server};

const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.rules.yml");

/// For so long the receiver of the dead man's switch is never without news, and after so long without it raises its alarm. The kit's times are
/// sixty times as long as those of the test.
const GRACE: Duration = Duration::from_secs(5);

/// A Prometheus with the alerts of the kit that scrapes itself; where it is and where Alertmanager is stand in files of `folder`.
async fn prometheus(server: Server, folder: &Path, alertmanager: SocketAddr) -> Prometheus {
    let (itself, alertmanagers) = (
        folder.join("itself.json"),
        folder.join("alertmanagers.json"),
    );
    are(&itself, &[]);
    are(&alertmanagers, &[alertmanager]);
    let found = |file: &Path| json!([{ "files": [file], "refresh_interval": "1s" }]);
    let alerting = json!({ "alertmanagers": [{ "file_sd_configs": found(&alertmanagers) }] });
    let prometheus = Prometheus::start_with(
        server,
        folder,
        "prometheus",
        json!({ "file_sd_configs": found(&itself) }),
        &ALERTS.replace("for: 5m", "for: 2s"),
        json!({ "alerting": alerting }),
    )
    .await;
    are(&itself, &[prometheus.address]);
    prometheus
}

fn are(file: &Path, targets: &[SocketAddr]) {
    let targets = json!([{ "targets": targets }]).to_string();
    fs::write(file, targets).expect("it can be written");
}

/// Until this alert fires: what Prometheus itself says of it.
async fn fires(prometheus: &Prometheus, alert: &str) {
    eventually(&format!("{alert} to fire"), async || {
        let alerts = prometheus.api("alerts").await?;
        let all = alerts["alerts"].as_array().ok_or("no list")?;
        let found = all
            .iter()
            .any(|one| one["labels"]["alertname"] == alert && one["state"] == "firing");
        found.then_some(()).ok_or(alerts.to_string())
    })
    .await;
}

/// Until the dead man's switch has been told so often since it was told the first `after` times.
async fn beats(told: &Told, after: usize, times: usize) {
    eventually("the dead man's switch to be told", async || {
        let all = told.times("deadman").len();
        (all >= after + times).then_some(()).ok_or(format!("{all}"))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prometheus_that_dies_is_missed() {
    let folder = empty_folder("e2e_watchers_prometheus");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let prometheus = prometheus(Server::THREE, &folder, alertmanager.address).await;
    beats(&told, 0, 10).await;
    let times = told.times("deadman");
    let longest = times.windows(2).map(|two| two[1] - two[0]).max();
    assert!(longest < Some(GRACE), "{times:?}");

    drop(prometheus);
    eventually("the dead man's switch to be silent", async || {
        let times = told.times("deadman");
        let silent = times.last().map(|last| last.elapsed());
        (silent > Some(GRACE))
            .then_some(())
            .ok_or(format!("{silent:?}"))
    })
    .await;
    // That nothing fires any more is no good news.
    assert_eq!(
        told.of("Watchdog"),
        [("deadman".to_owned(), "firing".to_owned())]
    );
}

/// Where an Alertmanager that died is there again.
enum Returns {
    AtItsAddress,
    Elsewhere,
}

async fn an_alertmanager_that_dies_is_missed(server: Server, name: &str, returns: Returns) {
    let folder = empty_folder(name);
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let prometheus = prometheus(server, &folder, alertmanager.address).await;
    beats(&told, 0, 2).await;
    eventually("Prometheus to scrape itself", async || {
        let known = "prometheus_notifications_alertmanagers_discovered";
        let known = prometheus.value(known).await?;
        (known == 1.0).then_some(()).ok_or(known.to_string())
    })
    .await;
    let firing = "count(ALERTS{alertname=~\"NotificationsDropped|NoAlertmanager\"})";
    assert!(prometheus.value(firing).await.is_err());

    let address = alertmanager.address;
    drop(alertmanager);
    fires(&prometheus, "NotificationsDropped").await;

    // It is told to who is on call as soon as it is there again, also where nothing is counted any more of the one that died.
    let (again, told) = match returns {
        Returns::AtItsAddress => Alertmanager::start_at(&folder, address).await,
        Returns::Elsewhere => Alertmanager::start(&folder).await,
    };
    are(&folder.join("alertmanagers.json"), &[again.address]);
    is_told(&told, "NotificationsDropped").await;
    beats(&told, 0, 2).await;
}

/// Until who is on call was told of it, and that it goes on.
async fn is_told(told: &Told, alert: &str) {
    eventually(&format!("{alert} to be told"), async || {
        let found = told.of(alert);
        let expected = [("shop-page".to_owned(), "firing".to_owned())];
        (found == expected)
            .then_some(())
            .ok_or(format!("{found:?}"))
    })
    .await;
}

/// Where none is found nothing is dropped, and nobody is told: that is told by the one that is found then.
#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_that_is_not_found_is_told_of() {
    let folder = empty_folder("e2e_watchers_unfound");
    let (alertmanager, told) = Alertmanager::start(&folder).await;
    let prometheus = prometheus(Server::THREE, &folder, alertmanager.address).await;
    beats(&told, 0, 2).await;
    let found = folder.join("alertmanagers.json");
    are(&found, &[]);
    fires(&prometheus, "NoAlertmanager").await;
    are(&found, &[alertmanager.address]);
    is_told(&told, "NoAlertmanager").await;
    // It goes on for a while: Prometheus says it again once a minute, and is not always as quick as here.
    eventually(
        "the one that was found to be there for a while",
        async || {
            let known = "min_over_time(prometheus_notifications_alertmanagers_discovered[4s])";
            let known = prometheus.value(known).await?;
            (known == 1.0).then_some(()).ok_or(known.to_string())
        },
    )
    .await;
    let firing = "count(ALERTS{alertname=\"NoAlertmanager\",alertstate=\"firing\"})";
    assert_eq!(prometheus.value(firing).await, Ok(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_that_dies_is_missed_by_an_old_prometheus() {
    let (server, returns) = (Server::PACKAGED, Returns::AtItsAddress);
    an_alertmanager_that_dies_is_missed(server, "e2e_watchers_old", returns).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_that_dies_is_missed_by_a_new_prometheus() {
    let (server, returns) = (Server::THREE, Returns::Elsewhere);
    an_alertmanager_that_dies_is_missed(server, "e2e_watchers_new", returns).await;
}
