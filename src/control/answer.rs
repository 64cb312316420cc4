//! The answers of `/control`.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::control::{Control, dial};

/// The longest body.
const LONGEST_BODY: usize = 4096;

/// How long a change lasts unless it says so.
const USUAL_TIME: u64 = 600;

/// How long it lasts at most: a day.
const LONGEST_TIME: u64 = 86_400;

const FOR_SECONDS: &str = "for_seconds";

/// Why a request is refused.
struct Refusal(StatusCode, String);

impl Control {
    pub(crate) async fn answer(self, request: Request<Body>) -> Response {
        let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let from = from.map(|from| from.0.ip());
        let [known, strangers] = self.0.attempts;
        if !self.knows(request.headers()) {
            strangers.inc();
            return self.turn_away(from);
        }
        known.inc();
        let answer = match *request.method() {
            Method::GET | Method::HEAD => Ok(()),
            Method::PUT => self.put(request.into_body(), from).await,
            Method::DELETE => {
                let what = self.set_back(None);
                if !what.is_empty() {
                    self.tell("control-return", true, from, &what);
                }
                Ok(())
            }
            _ => {
                let why =
                    "GET tells what is set, PUT sets something for a while, DELETE sets all back";
                Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, why.to_owned()))
            }
        };
        match answer {
            Ok(()) => respond(StatusCode::OK, &self.state()),
            Err(Refusal(status, why)) => respond(status, &json!({"error": why})),
        }
    }

    /// Whether a request has the token. Takes as long for one that is nearly right as for one that is all wrong.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let (Some(given), None) = (given.next(), given.next()) else {
            return false;
        };
        let given = given.as_bytes();
        let Some((scheme, token)) = given.split_at_checked("Bearer ".len()) else {
            return false;
        };
        let expected = self.0.token.as_bytes();
        let differs = expected
            .iter()
            .zip(token)
            .fold(token.len() ^ expected.len(), |differs, (one, other)| {
                differs | usize::from(one ^ other)
            });
        scheme.eq_ignore_ascii_case(b"Bearer ") && std::hint::black_box(differs) == 0
    }

    /// Of some of them each second it is told in the log; the token works all the same, and who does not have it guesses for ages.
    fn turn_away(&self, from: Option<IpAddr>) -> Response {
        if !self.0.tries.admits() {
            let why = "too many tries without the token: wait a second";
            return respond(StatusCode::TOO_MANY_REQUESTS, &json!({"error": why}));
        }
        self.tell("control-refused", false, from, &[]);
        let why = "send `Authorization: Bearer` with the token of `control_token` or MONITORING_CONTROL_TOKEN";
        let mut answer = respond(StatusCode::UNAUTHORIZED, &json!({"error": why}));
        let headers = answer.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        answer
    }

    async fn put(&self, body: Body, from: Option<IpAddr>) -> Result<(), Refusal> {
        let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| {
            let why =
                format!("the body is longer than {LONGEST_BODY} bytes, or did not come whole");
            Refusal(StatusCode::PAYLOAD_TOO_LARGE, why)
        })?;
        let (news, seconds) = self
            .read(&body)
            .map_err(|why| Refusal(StatusCode::BAD_REQUEST, why))?;
        let told = news.iter().map(|(place, value)| {
            let dial = &self.0.dials[*place];
            (dial.name(), dial::text(value))
        });
        let told: Vec<_> = told.chain([(FOR_SECONDS, seconds.to_string())]).collect();
        // What cannot be told is not done.
        if !self.tell("control-change", true, from, &told) {
            let why = "the log has no room for the line that tells of it: nothing was set";
            return Err(Refusal(StatusCode::SERVICE_UNAVAILABLE, why.to_owned()));
        }
        let time = Duration::from_secs(seconds);
        let number = self.change(&news, time);
        tokio::spawn(self.clone().return_later(number, time));
        Ok(())
    }

    /// What is to be set, and for how many seconds; or what is wrong with it.
    fn read(&self, body: &[u8]) -> Result<(Vec<(usize, Value)>, u64), String> {
        let wanted: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|error| format!("the body is no JSON object: {error}"))?;
        let (mut news, mut seconds) = (Vec::new(), USUAL_TIME);
        for (name, value) in wanted {
            if name == FOR_SECONDS {
                let given = value
                    .as_u64()
                    .filter(|given| (1..=LONGEST_TIME).contains(given));
                seconds = given.ok_or_else(|| {
                    format!("{FOR_SECONDS} is a whole number from 1 to {LONGEST_TIME}")
                })?;
                continue;
            }
            let place = self.0.dials.iter().position(|dial| dial.name() == name);
            let place = place.ok_or_else(|| {
                let known: Vec<_> = self.0.dials.iter().map(|dial| dial.name()).collect();
                format!(
                    "`{name}` cannot be set here; what can be is: {}, and {FOR_SECONDS}",
                    known.join(", ")
                )
            })?;
            if let Some(problem) = self.0.dials[place].problem(&value) {
                return Err(problem);
            }
            news.push((place, value));
        }
        match news.is_empty() {
            true => Err("nothing is to be set".to_owned()),
            false => Ok((news, seconds)),
        }
    }

    /// What is set, what it returns to, and when.
    fn state(&self) -> Value {
        let changes = self.changes();
        let mut state = Map::new();
        for (place, dial) in self.0.dials.iter().enumerate() {
            let before = changes.before.iter().find(|(known, _)| *known == place);
            let mut told = json!({"now": dial.now()});
            if let Some((_, before)) = before {
                told["before"] = before.clone();
            }
            state.insert(dial.name().to_owned(), told);
        }
        if let Some(until) = changes.until {
            let left = until.saturating_duration_since(Instant::now());
            state.insert("returns_in_seconds".to_owned(), left.as_secs().into());
        }
        state.into()
    }
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
    ];
    let mut answer = (status, headers, format!("{body}\n")).into_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        let methods = HeaderValue::from_static("GET, HEAD, PUT, DELETE");
        answer.headers_mut().insert(ALLOW, methods);
    }
    answer
}
