//! Which trace some work belongs to: the plain value that the signals share.
//!
//! Source: W3C Trace Context, level 1 (`traceparent`).

use std::cell::Cell;
use std::fmt;

thread_local! {
    static CURRENT: Cell<Option<TraceContext>> = const { Cell::new(None) };
}

/// The trace and the span that some work belongs to.
///
/// That of the span that a thread works on is [`current`](Self::current).
///
/// ```
/// use ecolaura_monitoring::TraceContext;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context = TraceContext::from_traceparent(header).expect("well-formed");
/// assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(context.span_id(), "00f067aa0ba902b7");
/// assert!(context.is_sampled());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The high and the low half of the trace's id.
    pub(crate) trace: [u64; 2],
    pub(crate) span: u64,
    sampled: bool,
    /// It is for the lines of this service alone: nobody else knows of such a span.
    is_own: bool,
}

impl TraceContext {
    #[inline]
    pub(crate) fn new(trace: [u64; 2], span: u64, sampled: bool) -> Self {
        Self {
            trace,
            span,
            sampled,
            is_own: false,
        }
    }

    /// The same, for the lines of this service alone.
    #[cfg_attr(not(feature = "logs"), allow(dead_code))]
    pub(crate) fn own(self) -> Self {
        Self {
            is_own: true,
            ..self
        }
    }

    /// The same, recorded.
    #[inline]
    pub(crate) fn sampled(self) -> Self {
        Self {
            sampled: true,
            ..self
        }
    }

    /// Reads a `traceparent` header. `None` when it is malformed: whoever gets one starts a trace of his own.
    ///
    /// Of a version that is not known yet, what this version defines is read, as the standard has it.
    pub fn from_traceparent(header: impl AsRef<[u8]>) -> Option<Self> {
        let header = header.as_ref();
        let (head, rest) = header.split_at_checked(55)?;
        let version = hex(head.get(..2)?)? as u8;
        let is_whole = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with(b"-"),
        };
        let dashes = [2, 35, 52].iter().all(|at| head[*at] == b'-');
        let context = Self {
            trace: [hex(&head[3..19])?, hex(&head[19..35])?],
            span: hex(&head[36..52])?,
            sampled: hex(&head[53..])? & 1 == 1,
            is_own: false,
        };
        (is_whole && dashes && context.trace != [0; 2] && context.span != 0).then_some(context)
    }

    /// That of the span that this thread works on; `None` outside of a request.
    ///
    /// Where this service makes no spans of its own (no feature `traces`, or `OTEL_TRACES_EXPORTER=none`), that of the request's sender, if it is
    /// recorded or `OTEL_METRICS_EXEMPLAR_FILTER` is `always_on`; and where it writes a log, that of the sender in any case.
    #[inline]
    pub fn current() -> Option<Self> {
        // That of lines alone is nobody else's: who took it for his parent would be recorded nowhere.
        Self::present().filter(|context| !context.is_own)
    }

    /// That by which the lines of this thread are found.
    #[inline]
    pub(crate) fn present() -> Option<Self> {
        CURRENT.get()
    }

    /// Whether there is a current one.
    #[inline]
    pub(crate) fn is_any_current() -> bool {
        CURRENT.get().is_some()
    }

    /// Makes this the current one.
    #[inline]
    pub(crate) fn set_current(context: Option<Self>) {
        CURRENT.set(context);
    }

    /// The `traceparent` header with which the trace goes on elsewhere.
    ///
    /// ```
    /// # use ecolaura_monitoring::TraceContext;
    /// # let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    /// # let context = TraceContext::from_traceparent(header).expect("well-formed");
    /// assert_eq!(context.traceparent(), header);
    /// ```
    pub fn traceparent(&self) -> String {
        format!("{self:?}")
    }

    /// The trace's id: 32 hexadecimal digits.
    pub fn trace_id(&self) -> String {
        let [high, low] = self.trace;
        format!("{high:016x}{low:016x}")
    }

    /// The span's id: 16 hexadecimal digits.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.span)
    }

    /// Whether whoever began the trace records it.
    #[inline]
    pub fn is_sampled(&self) -> bool {
        self.sampled
    }
}

impl fmt::Debug for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        let [high, low] = self.trace;
        write!(f, "00-{high:016x}{low:016x}-{:016x}-{flags:02x}", self.span)
    }
}

/// Lower-case hexadecimal digits, as the standard asks for.
fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn well_formed() {
        let read = |header: &str| TraceContext::from_traceparent(header).map(|c| format!("{c:?}"));
        for (header, expected) in [
            (GOOD, GOOD),
            (&GOOD.replace("-01", "-00"), &GOOD.replace("-01", "-00")),
            (&GOOD.replace("-01", "-03"), GOOD), // a flag that is not known
            (&GOOD.replace("-01", "-fe"), &GOOD.replace("-01", "-00")),
            (&GOOD.replace("00-4b", "01-4b"), GOOD),
            (
                &format!("{}-what-will-be", GOOD.replace("00-4b", "cc-4b")),
                GOOD,
            ),
        ] {
            assert_eq!(read(header).as_deref(), Some(expected), "{header}");
        }
    }

    /// What is read of headers that are nearly right is what they say; the fuzz target of this name goes on from here.
    #[test]
    fn headers_that_nobody_sends() {
        let mut random = fastrand::Rng::with_seed(55);
        let mut read = 0;
        for _ in 0..200_000 {
            let mut header = GOOD.as_bytes().to_vec();
            for _ in 0..random.usize(..4) {
                let at = random.usize(..header.len());
                match random.u8(..4) {
                    0 => header[at] = random.u8(..),
                    1 => header.insert(at, b'0'),
                    2 => drop(header.remove(at)),
                    _ => header[at] = b"0123456789abcdef-"[random.usize(..17)],
                }
            }
            let Some(context) = TraceContext::from_traceparent(&header) else {
                continue;
            };
            read += 1;
            let written = context.traceparent();
            assert_eq!(written.as_bytes()[2..53], header[2..53]);
            assert_eq!(TraceContext::from_traceparent(&written), Some(context));
        }
        assert!(read > 50_000, "{read}");
    }

    #[test]
    fn malformed() {
        for header in [
            "",
            "00",
            &GOOD[..54],
            &format!("{GOOD}-"),
            &format!("{GOOD} "),
            &format!("{GOOD}-more"),
            &format!("{}more", GOOD.replace("00-4b", "01-4b")),
            &GOOD.replace("00-4b", "ff-4b"),
            &GOOD.replace("00-4b", "0x-4b"),
            &GOOD.replace("4bf9", "4BF9"),
            &GOOD.replace("4bf9", "4bg9"),
            &GOOD.replace('-', "_"),
            &GOOD.replace("-01", "-0g"),
            &GOOD.replace("-01", "- 1"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::from_traceparent(header), None, "{header}");
        }
        let mut bytes = GOOD.as_bytes().to_vec();
        for at in 0..bytes.len() {
            let byte = std::mem::replace(&mut bytes[at], 0xff);
            assert_eq!(TraceContext::from_traceparent(&bytes), None, "{at}");
            bytes[at] = byte;
        }
    }
}
