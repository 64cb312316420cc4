//! Records of the log as an `ExportLogsServiceRequest`.
//!
//! Source: `opentelemetry/proto/logs/v1/logs.proto` and what it includes.

use crate::logs::SCOPE_RECORDS;
use crate::protobuf::{LONG_LENGTH, long_message, message, text};

/// The request that carries these records, which are written already; and how many there are.
pub(crate) fn request(resource: &[u8], records: &[u8]) -> (Vec<u8>, usize) {
    let mut out = Vec::with_capacity(records.len() + resource.len() + 64);
    long_message(&mut out, 1, |out| {
        long_message(out, 1, |out| out.extend_from_slice(resource));
        long_message(out, 2, |out| {
            message(out, 1, |out| {
                text(out, 1, env!("CARGO_PKG_NAME"));
                text(out, 2, env!("CARGO_PKG_VERSION"));
            });
            out.extend_from_slice(records);
        });
    });
    (out, number(records))
}

/// How many records stand one after the other.
fn number(mut records: &[u8]) -> usize {
    let mut number = 0;
    while let [tag, rest @ ..] = records {
        let Some((length, rest)) = rest.split_first_chunk::<LONG_LENGTH>() else {
            break;
        };
        debug_assert_eq!(u64::from(*tag), SCOPE_RECORDS << 3 | 2);
        let length = length
            .iter()
            .rev()
            .fold(0, |length, byte| length << 7 | usize::from(byte & 0x7f));
        records = rest.get(length..).unwrap_or_default();
        number += 1;
    }
    number
}
