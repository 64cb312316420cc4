//! Fields of log lines by the Elastic Common Schema: those that a line has, and those that a service may fill by their names.
//!
//! Source: ECS 9.4, and the rules of ecs-logging for the order and the first four.

/// The version of the schema that lines follow.
pub(crate) const ECS_VERSION: &str = "9.4.0";

// The fields that lines have of themselves.
pub(crate) const TIMESTAMP: &str = "@timestamp";
pub(crate) const LOG_LEVEL: &str = "log.level";
pub(crate) const MESSAGE: &str = "message";
pub(crate) const VERSION: &str = "ecs.version";
pub(crate) const SERVICE_NAME: &str = "service.name";
pub(crate) const SERVICE_VERSION: &str = "service.version";
pub(crate) const SERVICE_ENVIRONMENT: &str = "service.environment";
pub(crate) const SERVICE_NODE_NAME: &str = "service.node.name";
pub(crate) const EVENT_DATASET: &str = "event.dataset";
pub(crate) const TRACE_ID: &str = "trace.id";
pub(crate) const SPAN_ID: &str = "span.id";
pub(crate) const LOG_LOGGER: &str = "log.logger";
pub(crate) const LOG_ORIGIN_FILE_NAME: &str = "log.origin.file.name";
pub(crate) const LOG_ORIGIN_FILE_LINE: &str = "log.origin.file.line";
pub(crate) const EVENT_KIND: &str = "event.kind";
pub(crate) const EVENT_CATEGORY: &str = "event.category";
pub(crate) const EVENT_TYPE: &str = "event.type";
pub(crate) const EVENT_OUTCOME: &str = "event.outcome";
pub(crate) const EVENT_ACTION: &str = "event.action";
pub(crate) const EVENT_DURATION: &str = "event.duration";
pub(crate) const HTTP_REQUEST_METHOD: &str = "http.request.method";
pub(crate) const HTTP_REQUEST_BODY_BYTES: &str = "http.request.body.bytes";
pub(crate) const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
pub(crate) const HTTP_RESPONSE_BODY_BYTES: &str = "http.response.body.bytes";
pub(crate) const HTTP_VERSION: &str = "http.version";
pub(crate) const URL_PATH: &str = "url.path";
pub(crate) const USER_HASH: &str = "user.hash";
pub(crate) const SOURCE_IP: &str = "source.ip";
pub(crate) const ERROR_MESSAGE_NAME: &str = ERROR_MESSAGE.name;
pub(crate) const ERROR_TYPE_NAME: &str = ERROR_TYPE.name;
pub(crate) const ERROR_STACK_TRACE_NAME: &str = ERROR_STACK_TRACE.name;
pub(crate) const PROCESS_THREAD_NAME: &str = "process.thread.name";
pub(crate) const EVENT_REASON: &str = "event.reason";
pub(crate) const LABELS: &str = "labels";

// Labels that lines have of themselves.
pub(crate) const ENDPOINT: &str = "endpoint";
pub(crate) const OUTCOME: &str = "outcome";
pub(crate) const LINES_HELD_BACK: &str = "lines_held_back";
pub(crate) const LINES_LOST: &str = "lines_lost";
pub(crate) const OPERATION: &str = "operation";
pub(crate) const STATEMENT: &str = "statement";
pub(crate) const ROWS: &str = "rows";
pub(crate) const MECHANISM: &str = "mechanism";
pub(crate) const FIELDS_LEFT_OUT: &str = "fields_left_out";
pub(crate) const PANIC_LOCATION: &str = "panic_location";

/// The type of the error that a panic is, and what filters and lines call where it comes from.
pub(crate) const PANIC: &str = "panic";

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldKind {
    /// Any text; numbers become one.
    Keyword,
    /// Words of somebody: texts alone.
    Text,
    /// A whole number.
    Long,
    /// An address of a host.
    Ip,
    /// `success`, `failure` or `unknown`.
    Outcome,
}

/// A field of the schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: FieldKind,
}

const fn field(name: &'static str, kind: FieldKind) -> Field {
    Field { name, kind }
}

const ERROR_MESSAGE: Field = field("error.message", FieldKind::Text);
const ERROR_TYPE: Field = field("error.type", FieldKind::Text);
const ERROR_STACK_TRACE: Field = field("error.stack_trace", FieldKind::Text);

/// The fields that a service fills by naming a field of an event or span so. All others become labels.
const OPEN: &[Field] = &[
    ERROR_MESSAGE,
    ERROR_TYPE,
    ERROR_STACK_TRACE,
    field("client.ip", FieldKind::Ip),
    field("error.code", FieldKind::Keyword),
    field("error.id", FieldKind::Keyword),
    field("event.action", FieldKind::Keyword),
    field("event.code", FieldKind::Keyword),
    field("event.duration", FieldKind::Long),
    field("event.outcome", FieldKind::Outcome),
    field("event.reason", FieldKind::Keyword),
    field("http.request.id", FieldKind::Keyword),
    field("http.request.method", FieldKind::Keyword),
    field("http.response.status_code", FieldKind::Long),
    field("organization.id", FieldKind::Keyword),
    field(PROCESS_THREAD_NAME, FieldKind::Keyword),
    field("source.ip", FieldKind::Ip),
    field("url.domain", FieldKind::Keyword),
    field("url.path", FieldKind::Keyword),
    field("user.hash", FieldKind::Keyword),
    field("user.id", FieldKind::Keyword),
    field("user_agent.original", FieldKind::Keyword),
];

/// Names that mean one of them: what `tracing` users write, and OpenTelemetry's names.
const ALIASES: &[(&str, Field)] = &[
    ("error", ERROR_MESSAGE),
    ("err", ERROR_MESSAGE),
    ("exception.message", ERROR_MESSAGE),
    ("exception.type", ERROR_TYPE),
    ("exception.stacktrace", ERROR_STACK_TRACE),
];

/// The field of the schema that a service means by this name.
pub(crate) fn open(name: &str) -> Option<&'static Field> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    let named = || OPEN.iter().find(|field| field.name == name);
    alias.map(|(_, field)| field).or_else(named)
}

/// Fields by which an event says of what code it tells, where that is not its own: names of OpenTelemetry.
const ORIGIN: &[(&str, Field)] = &[
    (ORIGIN_FILE, field(LOG_ORIGIN_FILE_NAME, FieldKind::Keyword)),
    (
        "code.line.number",
        field(LOG_ORIGIN_FILE_LINE, FieldKind::Long),
    ),
];

/// An event that has this field says of what code it tells.
pub(crate) const ORIGIN_FILE: &str = "code.file.path";

/// The field of the schema for a part of the origin.
pub(crate) fn origin(name: &str) -> Option<&'static Field> {
    let origin = ORIGIN.iter().find(|(known, _)| *known == name);
    origin.map(|(_, field)| field)
}

/// Which of the streams of logs a line belongs to: `event.dataset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dataset {
    Application,
    Access,
    Database,
    Authentication,
}

impl Dataset {
    pub(crate) const ALL: [Self; 4] = [
        Self::Application,
        Self::Access,
        Self::Database,
        Self::Authentication,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Access => "access",
            Self::Database => "database",
            Self::Authentication => "authentication",
        }
    }
}
