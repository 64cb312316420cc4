//! What has a parent that belongs to no trace belongs to what the thread works on.

use ecolaura_monitoring::monitor;
use tracing::{Span, info, info_span, instrument, trace_span};

use crate::{in_request, line, span};

#[instrument(parent = parent, skip_all)]
fn instrumented(parent: &Span) {
    info!("in instrumented");
}

#[monitor("working")]
fn working(outside: &Span) {
    let parents = [
        ("current", Span::current()),
        ("none", Span::none()),
        ("filtered", trace_span!("filtered")),
        ("outside", outside.clone()),
        ("child of outside", info_span!(parent: outside, "adopted")),
    ];
    for (name, parent) in parents {
        info_span!(parent: &parent, "span", name).in_scope(|| info!("in span of {name}"));
        info!(parent: &parent, "event of {name}");
    }
    info_span!(parent: None, "root").in_scope(|| info!("in root"));
    info!(parent: None, "event of nothing");
    instrumented(&Span::none());
}

#[test]
fn a_parent_without_a_trace() {
    let outside = info_span!("outside of all requests");
    assert_eq!(in_request("/parents", move || working(&outside)), 200);
    let request = span("GET /parents");
    let working = span("working");
    assert_eq!(working.parent(), request.id());
    for name in ["root", "instrumented", "adopted"] {
        assert_eq!(span(name).parent(), working.id(), "{name}");
    }
    crate::flush();
    let spans = crate::INSTALLED.collector.spans();
    let adopted = span("adopted").id();
    for name in ["current", "none", "filtered", "outside", "child of outside"] {
        let is = |span: &&crate::Span| span.attribute("name").as_deref() == Some(name);
        let below = spans.iter().find(is).unwrap_or_else(|| panic!("{name}"));
        let (parent, holder) = match name {
            "child of outside" => (adopted.clone(), span("adopted")),
            _ => (working.id(), span("working")),
        };
        assert_eq!(below.parent(), parent, "{name}");
        assert_eq!(below.events[0].name, format!("in span of {name}"));
        let event = format!("event of {name}");
        assert!(holder.events.iter().any(|one| one.name == event), "{name}");
        for message in [format!("in span of {name}"), event] {
            assert_eq!(line(&message)["trace.id"], request.trace(), "{message}");
        }
    }
    for message in ["in root", "event of nothing", "in instrumented"] {
        assert_eq!(line(message)["trace.id"], request.trace(), "{message}");
    }
}

/// A line names the span that it belongs to, also where that is a parent which its event names.
#[test]
fn a_line_names_the_span_of_its_parent() {
    let work = || {
        let parent = info_span!("parent of a line");
        info!(parent: &parent, "below a parent");
        info_span!("elsewhere").in_scope(|| info!(parent: &parent, "below a parent, elsewhere"));
    };
    assert_eq!(in_request("/named", work), 200);
    let parent = span("parent of a line");
    for message in ["below a parent", "below a parent, elsewhere"] {
        assert_eq!(line(message)["span.id"], parent.id(), "{message}");
    }
}
