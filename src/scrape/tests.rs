//! Headers that nobody sends: the same pseudo-random ones in each run.

use crate::metrics::{Exposition, Weight, clauses};
use crate::scrape::compression::Compression;

const HEADERS: usize = 200_000;

/// What is mutated: they have a bit of everything.
const SEEDS: [&str; 7] = [
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=\"1.0.0\";q=0.4,*/*;q=0.2",
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=2",
    "text/html,text/plain;a=\"b,\\\"c\";escaping=dots;q=0.9,application/xml;escaping=values;q=0.8,*/*;q=0.7",
    "gzip;q=0.5,identity;q=0.3,*;q=0.1,br",
    "zstd;q=0.7, gzip;q=\"0.6\", identity;q=0, *;q=NaN",
    "text/*;q=1.000,*/*;q=0.001,text/plain;version=1.0.0;q=0",
];

/// What mutations put in.
const PIECES: [&str; 20] = [
    ",",
    ";",
    "=",
    "\"",
    "\\",
    " ",
    "\t",
    "q=",
    ";q=0",
    ";q=1",
    ";q=0.",
    "NaN",
    "9",
    ".",
    "*/*",
    "gzip",
    "identity",
    "text/plain",
    ";escaping=dots",
    "\u{fffd}",
];

/// Types, codings and a version that we do not know; without an escaping, which would count.
const UNKNOWN: [&str; 8] = [
    "application/json",
    "text/html;q=1",
    "application/openmetrics-text;version=2.0.0;q=0.9",
    "text/plain;version=3;q=0.35",
    "br;q=1.0",
    "x-gzip",
    ";;q=1",
    "",
];

fn mutated(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut header = SEEDS[random.usize(..SEEDS.len())].as_bytes().to_vec();
    for _ in 0..random.usize(..6) {
        let at = random.usize(..=header.len());
        let end = (at + random.usize(..12)).min(header.len());
        match random.u8(..6) {
            0 if at < header.len() => header[at] = random.u8(..),
            1 => drop(header.drain(at..end)),
            2 => {
                let copy = header[at..end].to_vec();
                let to = random.usize(..=header.len());
                header.splice(to..to, copy);
            }
            _ => {
                let piece = PIECES[random.usize(..PIECES.len())];
                header.splice(at..at, piece.bytes());
            }
        }
    }
    header
}

/// The parts between commas outside of quotes, found in another way than the library does.
fn parts(header: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut at, mut quoted) = (Vec::new(), 0, 0, false);
    while at < header.len() {
        match header[at] {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b',' if !quoted => {
                parts.push(&header[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&header[start..]);
    parts
}

/// The parts as lines: here and there two of them are one.
fn lines(parts: &[&[u8]], random: &mut fastrand::Rng) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for part in parts {
        match lines.last_mut().filter(|_| random.bool()) {
            Some(line) => {
                line.push(b',');
                line.extend(*part);
            }
            None => lines.push(part.to_vec()),
        }
    }
    lines
}

type Answer = (Exposition, Compression);

fn answer<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone) -> Answer {
    (
        Exposition::negotiate(lines.clone()),
        Compression::choose(lines),
    )
}

/// Whether no two clauses that count have the same weight.
fn are_distinct(parts: &[&[u8]]) -> bool {
    let mut weights: Vec<_> = clauses(parts.iter().copied())
        .map(|clause| clause.weight())
        .filter(|weight| *weight > Weight::NONE)
        .collect();
    let all = weights.len();
    weights.sort_unstable();
    weights.dedup();
    weights.len() == all
}

#[test]
fn headers_that_nobody_sends() {
    let mut random = fastrand::Rng::with_seed(200_000);
    let (mut answers, mut permuted) = (Vec::new(), 0);
    for _ in 0..HEADERS {
        let header = mutated(&mut random);
        let shown = String::from_utf8_lossy(&header);
        let expected = answer(std::iter::once(&*header));
        if !answers.contains(&expected) {
            answers.push(expected);
        }

        let mut parts = parts(&header);
        let split = lines(&parts, &mut random);
        let found = answer(split.iter().map(Vec::as_slice));
        assert_eq!(found, expected, "in lines: {shown}");

        let mut more = parts.clone();
        let unknown = UNKNOWN[random.usize(..UNKNOWN.len())];
        more.insert(random.usize(..=more.len()), unknown.as_bytes());
        let found = answer(more.iter().copied());
        assert_eq!(found, expected, "with {unknown}: {shown}");

        if are_distinct(&parts) {
            permuted += 1;
            random.shuffle(&mut parts);
            let found = answer(parts.iter().copied());
            assert_eq!(found, expected, "permuted: {shown}");
        }
    }
    // The test sees what it is about.
    assert!(answers.len() > 20, "{answers:?}");
    assert!(permuted > HEADERS / 4, "{permuted}");
}

/// Around the limit as well a line's end is a comma.
#[test]
fn long_headers_in_lines() {
    let mut random = fastrand::Rng::with_seed(32);
    for _ in 0..300 {
        let mut header = Vec::new();
        let length = 32_000 + random.usize(..1_200);
        while header.len() < length {
            header.extend(mutated(&mut random));
            header.push(b',');
        }
        let split = lines(&parts(&header), &mut random);
        let expected = answer(std::iter::once(&*header));
        let found = answer(split.iter().map(Vec::as_slice));
        assert_eq!(found, expected, "{}", String::from_utf8_lossy(&header));
    }
}
