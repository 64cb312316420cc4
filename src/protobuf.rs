//! The wire format of protobuf, as far as metrics and traces are written in it.
//!
//! Source: the encoding page of the protobuf documentation.

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
pub(crate) const LENGTH: u64 = 2;
#[cfg(feature = "traces")]
const FIXED32: u64 = 5;

/// Writes a number in groups of seven bits, the lowest first.
#[inline]
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes an unsigned number.
#[inline]
pub(crate) fn unsigned(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3 | VARINT);
    varint(out, value);
}

/// Writes a `sint`, in which small negative numbers are short.
#[inline]
pub(crate) fn signed(out: &mut Vec<u8>, field: u64, value: i64) {
    unsigned(out, field, ((value << 1) ^ (value >> 63)) as u64);
}

/// Writes a `double`.
#[inline]
pub(crate) fn double(out: &mut Vec<u8>, field: u64, value: f64) {
    varint(out, field << 3 | FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a `fixed64`.
#[cfg(any(feature = "logs", feature = "traces"))]
pub(crate) fn fixed64(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3 | FIXED64);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Writes a `fixed32`.
#[cfg(feature = "traces")]
pub(crate) fn fixed32(out: &mut Vec<u8>, field: u64, value: u32) {
    varint(out, field << 3 | FIXED32);
    out.extend_from_slice(&value.to_le_bytes());
}

/// How many bytes a number takes as a varint.
#[inline]
pub(crate) fn length_of(value: u64) -> usize {
    (u64::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// Writes a `string`.
#[inline]
pub(crate) fn text(out: &mut Vec<u8>, field: u64, value: &str) {
    varint(out, field << 3 | LENGTH);
    varint(out, value.len() as u64);
    out.extend_from_slice(value.as_bytes());
}

/// Writes a message within a message that is most likely shorter than 128 bytes.
#[inline]
pub(crate) fn message(out: &mut Vec<u8>, field: u64, write: impl FnOnce(&mut Vec<u8>)) {
    varint(out, field << 3 | LENGTH);
    let length_at = out.len();
    out.push(0);
    write(out);
    let length = out.len() - length_at - 1;
    if length < 0x80 {
        out[length_at] = length as u8;
        return;
    }
    // Makes room for the other bytes of the length.
    let mut bytes = [0; 10];
    let used = length_in(&mut bytes, length);
    let end = out.len();
    out.resize(end + used - 1, 0);
    out.copy_within(length_at + 1..end, length_at + used);
    out[length_at..length_at + used].copy_from_slice(&bytes[..used]);
}

/// Writes a message within a message that is most likely longer than that: nothing is moved when its length is known.
#[inline]
pub(crate) fn long_message(out: &mut Vec<u8>, field: u64, write: impl FnOnce(&mut Vec<u8>)) {
    let length_at = begin_long(out, field);
    write(out);
    put_length::<LONG_LENGTH>(out, length_at, 0);
}

/// Begins a message that most likely is long; returns where its length stands, for [`put_length`].
#[inline]
pub(crate) fn begin_long(out: &mut Vec<u8>, field: u64) -> usize {
    varint(out, field << 3 | LENGTH);
    let length_at = out.len();
    out.extend_from_slice(&[0; LONG_LENGTH]);
    length_at
}

/// Bytes of the length of a long message. A varint may have more than it needs, so that it can be written when the length is known.
pub(crate) const LONG_LENGTH: usize = 4;

/// Writes a length to the `BYTES` that are reserved for it: that of the rest of `out` and of `more` bytes in other buffers.
pub(crate) fn put_length<const BYTES: usize>(out: &mut [u8], length_at: usize, more: usize) {
    let after = length_at + BYTES;
    let length = out.len() - after + more;
    out[length_at..after].copy_from_slice(&padded_varint::<BYTES>(length as u64));
}

/// A number as a varint of so many bytes, whether it needs them or not.
#[inline]
pub(crate) fn padded_varint<const BYTES: usize>(value: u64) -> [u8; BYTES] {
    std::array::from_fn(|place| {
        let goes_on = if place + 1 < BYTES { 0x80 } else { 0 };
        (value >> (7 * place)) as u8 & 0x7f | goes_on
    })
}

/// A length as a varint, and of how many bytes it is.
fn length_in(bytes: &mut [u8; 10], mut length: usize) -> usize {
    let mut used = 0;
    while length >= 0x80 {
        bytes[used] = length as u8 | 0x80;
        length >>= 7;
        used += 1;
    }
    bytes[used] = length as u8;
    used + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    /// The examples of protobuf's documentation.
    #[test]
    fn numbers() {
        assert_eq!(bytes(|out| varint(out, 1)), [1]);
        assert_eq!(bytes(|out| varint(out, 150)), [0x96, 1]);
        assert_eq!(bytes(|out| varint(out, u64::MAX)).len(), 10);
        assert_eq!(bytes(|out| unsigned(out, 1, 150)), [0x08, 0x96, 1]);
        for (value, expected) in [
            (0, 0),
            (-1, 1),
            (1, 2),
            (-2, 3),
            (2, 4),
            (i64::MIN, u64::MAX),
        ] {
            let expected = bytes(|out| unsigned(out, 1, expected));
            assert_eq!(bytes(|out| signed(out, 1, value)), expected, "{value}");
        }
        assert_eq!(
            bytes(|out| double(out, 2, 1.0))[..],
            [0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]
        );
    }

    #[test]
    fn lengths() {
        for value in [
            0,
            1,
            127,
            128,
            16_383,
            16_384,
            u64::from(u32::MAX),
            u64::MAX,
        ] {
            let written = bytes(|out| varint(out, value)).len();
            assert_eq!(length_of(value), written, "{value}");
        }
    }

    #[test]
    fn texts_and_messages() {
        assert_eq!(bytes(|out| text(out, 2, "testing"))[..3], [0x12, 7, b't']);
        let nested = bytes(|out| message(out, 3, |out| unsigned(out, 1, 150)));
        assert_eq!(nested, [0x1a, 3, 0x08, 0x96, 1]);
        for length in [0, 126, 127, 128, 16_383, 16_384, 100_000] {
            let long = "x".repeat(length);
            let nested = bytes(|out| message(out, 1, |out| text(out, 1, &long)));
            let inner = bytes(|out| text(out, 1, &long));
            let mut expected = vec![0x0a];
            varint(&mut expected, inner.len() as u64);
            expected.extend(inner);
            assert_eq!(nested, expected, "{length}");
            let nested = bytes(|out| long_message(out, 1, |out| text(out, 1, &long)));
            assert_eq!(decoded(&nested[1..]), (inner_length(&long), LONG_LENGTH));
            assert_eq!(
                nested[1 + LONG_LENGTH..],
                expected[expected.len() - inner_length(&long) as usize..]
            );
        }
    }

    fn inner_length(of: &str) -> u64 {
        bytes(|out| text(out, 1, of)).len() as u64
    }

    /// The varint that bytes begin with, and how many it has.
    fn decoded(bytes: &[u8]) -> (u64, usize) {
        let last = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let groups = bytes[..=last].iter().enumerate();
        let value = groups.map(|(place, byte)| u64::from(byte & 0x7f) << (7 * place));
        (value.sum(), last + 1)
    }

    #[test]
    fn varints_with_more_bytes_than_they_need() {
        for value in [0, 1, 127, 128, 999_999_999, (1 << 35) - 1] {
            assert_eq!(decoded(&padded_varint::<5>(value)), (value, 5));
        }
    }
}
