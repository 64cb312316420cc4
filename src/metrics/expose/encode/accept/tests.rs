use super::*;
use Escaping::{AllowUtf8, Dots, Underscores, Values};
use Format::{OpenMetrics0, OpenMetrics1, Protobuf, Text, Text1};

const P: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

/// Checks a header in which P, OM and T stand for the three types.
#[track_caller]
fn check(header: &str, format: Format, escaping: Escaping) {
    let full = full(header);
    let found = negotiate(std::iter::once(full.as_bytes()));
    assert_eq!(found, Exposition::new(format, escaping), "{full}");
    assert_eq!(found.escaping(), escaping, "{full}");
}

fn full(header: &str) -> String {
    let words = header.split(',').map(|clause| {
        let (name, rest) = clause.split_at(clause.find([';', ' ']).unwrap_or(clause.len()));
        let name = match name {
            "P" => P,
            "OM" => "application/openmetrics-text",
            "T" => "text/plain",
            name => name,
        };
        format!("{name}{rest}")
    });
    words.collect::<Vec<_>>().join(",")
}

/// What each Prometheus sends, by default and asked for native histograms.
#[test]
fn prometheus() {
    let old = "OM; version=0.0.1,T;version=0.0.4;q=0.5,*/*;q=0.1";
    check(old, OpenMetrics0, Underscores); // up to 2.33

    let rest = "OM;version=0.0.1;q=0.75,T;version=0.0.4;q=0.5,*/*;q=0.1"; // 2.34 to 2.48
    check(
        &format!("OM;version=1.0.0,{rest}"),
        OpenMetrics1,
        Underscores,
    );
    check(
        &format!("P,OM;version=1.0.0;q=0.8,{rest}"),
        Protobuf,
        Underscores,
    );

    // 2.40
    let rest = "T;version=0.0.4;q=0.5,*/*;q=0.1";
    check(&format!("OM;q=0.6,{rest}"), OpenMetrics1, Underscores);
    let blanks = P.replace(';', "; ");
    check(&format!("{blanks},OM;q=0.6,{rest}"), Protobuf, Underscores);

    let ladder = "OM;version=1.0.0;q=0.5,OM;version=0.0.1;q=0.4,T;version=0.0.4;q=0.3";
    check(&format!("{ladder},*/*;q=2"), OpenMetrics1, Underscores); // 2.49.0
    check(&format!("P;q=0.6,{ladder},*/*;q=2"), Protobuf, Underscores);
    check(&format!("{ladder},*/*;q=0.2"), OpenMetrics1, Underscores); // 2.50 to 2.55
    let ladder = "OM;version=1.0.0;q=0.4,OM;version=0.0.1;q=0.3,T;version=0.0.4;q=0.2";
    check(
        &format!("P;q=0.5,{ladder},*/*;q=0.1"),
        Protobuf,
        Underscores,
    );
}

#[test]
fn prometheus_3() {
    let early = |first: &str| {
        let e = "escaping=allow-utf-8";
        format!(
            "{first}OM;version=1.0.0;{e};q=0.6,OM;version=0.0.1;{e};q=0.5,T;version=1.0.0;{e};q=0.4,T;version=0.0.4;{e};q=0.3,*/*;q=0.2"
        )
    };
    check(&early(""), OpenMetrics1, AllowUtf8); // 3.0 to 3.3
    check(&early("P;escaping=allow-utf-8;q=0.7,"), Protobuf, AllowUtf8);

    // 3.4 to 3.14, whose setting metric_name_escaping_scheme names the scheme
    for (name, escaping) in [
        ("allow-utf-8", AllowUtf8),
        ("underscores", Underscores),
        ("dots", Dots),
        ("values", Values),
    ] {
        let default = format!(
            "OM;version=1.0.0;escaping={name};q=0.6,OM;version=0.0.1;q=0.5,T;version=1.0.0;escaping={name};q=0.4,T;version=0.0.4;q=0.3,*/*;q=0.2"
        );
        check(&default, OpenMetrics1, escaping);
        let native = format!(
            "P;q=0.6,OM;version=1.0.0;escaping={name};q=0.5,OM;version=0.0.1;q=0.4,T;version=1.0.0;escaping={name};q=0.3,T;version=0.0.4;q=0.2,*/*;q=0.1"
        );
        check(&native, Protobuf, Underscores); // named only by what it wants less
        let text = format!("T;version=1.0.0;escaping={name};q=0.6,T;version=0.0.4;q=0.5,*/*;q=0.4");
        check(&text, Text1, escaping); // scrape_protocols: [PrometheusText1.0.0, …]
    }
}

#[test]
fn who_asks_for_nothing_we_know_gets_text() {
    assert_eq!(negotiate(std::iter::empty()), Exposition::default());
    for header in [
        "",
        ",",
        "*/*",
        "*/*;q=2",
        "*/*;q=0",
        "text/*",
        "application/json",
        "application/*",
        "image/png, */*;q=0.1",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "text/plain",
        "text/plain;charset=utf-8",
        "text/plain;version=",
        "text/plain;version=\"\"",
        "nonsense",
        "text/plain;version=0.0.4;escaping=underscores",
        "application/json;escaping=dots",
        "text/plain;q=0",
    ] {
        check(header, Text, Underscores);
    }
}

#[test]
fn types_parameters_quotes_and_blanks() {
    check(
        "APPLICATION/OpenMetrics-Text;Version=1.0.0",
        OpenMetrics1,
        Underscores,
    );
    check("Text/PLAIN;VERSION=1.0.0;Escaping=dots", Text1, Dots);
    check(
        "T ; version = \"1.0.0\" ; escaping = \"allow-utf-8\" ; q = \"0.5\"",
        Text1,
        AllowUtf8,
    );
    check("T;version=\"1\\.0.0\"", Text1, Underscores);
    check("T;a=\"x;version=0.0.4\";version=1.0.0", Text1, Underscores);
    check("OM;q=0.3;version=0.0.1", OpenMetrics0, Underscores);
    check(" , ,OM, ", OpenMetrics1, Underscores);
    check("OM;version=1.0.0;version=9", OpenMetrics1, Underscores);
    let quoted = "application/vnd.google.protobuf; proto=\"io.prometheus.client.MetricFamily\"; encoding=\"delimited\"";
    check(quoted, Protobuf, Underscores);
    let swapped = "application/vnd.google.protobuf;encoding=delimited;q=0.1;proto=io.prometheus.client.MetricFamily";
    check(swapped, Protobuf, Underscores);
    // A comma in quotes, which the helper above would take apart.
    let header: &[u8] = b"text/plain;a=\"1,application/openmetrics-text\";version=1.0.0";
    let found = negotiate(std::iter::once(header));
    assert_eq!(found, Exposition::new(Text1, Underscores));
}

#[test]
fn versions_and_messages_that_we_do_not_write_do_not_match() {
    check("OM;version=2.0.0,T;version=1.0.0;q=0.1", Text1, Underscores);
    check(
        "OM;version=2.0.0,OM;version=1.0.0;q=0.1",
        OpenMetrics1,
        Underscores,
    );
    check("OM;version=2.0.0", Text, Underscores);
    check("OM;version=1.0", Text, Underscores);
    check("OM;version=0.0.4", Text, Underscores);
    check("T;version=2.0.0", Text, Underscores);
    check("T;version=0.0.1", Text, Underscores);
    let proto = "application/vnd.google.protobuf";
    for incomplete in [
        proto.to_owned(),
        format!("{proto};encoding=delimited"),
        format!("{proto};proto=io.prometheus.client.MetricFamily"),
        format!("{proto};proto=io.prometheus.client.MetricFamily;encoding=text"),
        format!("{proto};proto=io.prometheus.client.Metric;encoding=delimited"),
        "application/protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
            .to_owned(),
    ] {
        check(&incomplete, Text, Underscores);
        check(&format!("{incomplete},OM;q=0.1"), OpenMetrics1, Underscores);
    }
}

#[test]
fn the_highest_weight_wins_and_of_equal_ones_the_first() {
    check("OM;q=0.5,T;version=1.0.0;q=0.501", Text1, Underscores);
    check("T;version=1.0.0;q=0.501,OM;q=0.5", Text1, Underscores);
    check("OM;q=0.5,T;version=1.0.0;q=0.5", OpenMetrics1, Underscores);
    check("T;version=1.0.0,OM", Text1, Underscores);
    check(
        "OM;version=0.0.1,OM;version=1.0.0",
        OpenMetrics0,
        Underscores,
    );
    check("OM;q=0.1,P;q=0.2,OM;q=0.3", OpenMetrics1, Underscores);
    check("T;q=0.9,P;q=0.8", Text, Underscores);
    check("*/*,text/*,OM;q=0.001", OpenMetrics1, Underscores);
    check("*/*;q=2,OM;q=0.001", OpenMetrics1, Underscores);
}

#[test]
fn no_weight_and_a_wrong_one_exclude() {
    check("OM;q=0,T;version=1.0.0;q=0.1", Text1, Underscores);
    check("OM;q=0.000", Text, Underscores);
    check("OM;q=0,OM;version=0.0.1;q=0.1", OpenMetrics0, Underscores);
    for wrong in [
        "2", "1.001", "-1", "NaN", "nan", "inf", "1e9", "", ".5", "0.5000", "x", "\"1\"x",
    ] {
        check(
            &format!("OM;q={wrong},T;version=1.0.0;q=0.001"),
            Text1,
            Underscores,
        );
        check(&format!("OM;q={wrong}"), Text, Underscores);
        check(&format!("*/*;escaping=dots;q={wrong}"), Text, Underscores);
    }
}

#[test]
fn the_escaping_is_that_of_the_match_or_of_what_is_wanted_more() {
    check("OM;escaping=dots", OpenMetrics1, Dots);
    check("OM;escaping=nonsense", OpenMetrics1, Underscores);
    check("OM;escaping=allow-utf8", OpenMetrics1, Underscores); // without its second hyphen
    check("OM;escaping=", OpenMetrics1, Underscores);
    check("P;escaping=values", Protobuf, Values);
    // Of a version to come, which knows better.
    check(
        "OM;version=2.0.0;escaping=allow-utf-8,OM;version=1.0.0;q=0.9",
        OpenMetrics1,
        AllowUtf8,
    );
    check(
        "OM;version=1.0.0;q=0.9,OM;version=2.0.0;escaping=allow-utf-8",
        OpenMetrics1,
        AllowUtf8,
    );
    check(
        "OM;version=2.0.0;escaping=dots,OM;escaping=values;q=0.9",
        OpenMetrics1,
        Values,
    );
    check(
        "OM;version=2.0.0;escaping=dots,OM;escaping=new;q=0.9",
        OpenMetrics1,
        Dots,
    );
    check(
        "x/y;escaping=dots;q=0.8,*/*;escaping=values;q=0.9,OM;q=0.7",
        OpenMetrics1,
        Values,
    );
    // Not of what is wanted as much, less, or not at all.
    check(
        "OM;version=2.0.0;escaping=dots,OM",
        OpenMetrics1,
        Underscores,
    );
    check(
        "OM;q=0.9,T;version=1.0.0;escaping=dots;q=0.8",
        OpenMetrics1,
        Underscores,
    );
    check(
        "OM;version=2.0.0;escaping=dots;q=2,OM;q=0.5",
        OpenMetrics1,
        Underscores,
    );
    check("*/*;escaping=values", Text, Values);
    check("T;escaping=dots;q=0.1", Text, Dots);
}

#[test]
fn utf_8_only_where_the_format_has_it() {
    check("T;version=0.0.4;escaping=allow-utf-8", Text, Underscores);
    check(
        "OM;version=0.0.1;escaping=allow-utf-8",
        OpenMetrics0,
        Underscores,
    );
    check("*/*;escaping=allow-utf-8", Text, Underscores);
    check("T;version=1.0.0;escaping=allow-utf-8", Text1, AllowUtf8);
}

/// Four hundred clauses are eleven KiB: the one that counts is the last.
#[test]
fn many_clauses() {
    let many = vec!["application/x-other;version=1"; 400].join(",");
    check(
        &format!("{many},OM;version=1.0.0;q=0.1"),
        OpenMetrics1,
        Underscores,
    );
    let many = vec!["*/*;q=NaN"; 3000].join(",");
    check(&format!("{many},P;q=0.1"), Protobuf, Underscores);
}

#[test]
fn a_header_that_does_not_end() {
    let long = |filler: &str, end: &str| filler.repeat(40_000 / filler.len()) + end;
    for filler in [
        "x", ",", ";", "\"", "\\", "=", " ", "q=", ";q=NaN", "*/*;", "\u{fffd}",
    ] {
        check(&long(filler, ",OM"), Text, Underscores); // beyond 32 KiB
        let header = full(&format!("OM,{filler}"));
        let lines = [header.as_bytes(), filler.as_bytes()];
        let endless = negotiate(lines.into_iter().cycle().take(100_000));
        assert_eq!(endless.format(), OpenMetrics1, "{filler}");
    }
    // Half of `q=0.001` would be everything.
    let mut header = format!(
        "OM;q=0.5,{},T;version=1.0.0;q=0.001",
        "x".repeat(32_768 - 57)
    );
    check(&header, OpenMetrics1, Underscores);
    for _ in 0..12 {
        header.insert(20, 'x');
        check(&header, OpenMetrics1, Underscores);
    }
}
