//! Tables of arguments: what each comes to, or what it is answered with.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Objective, Plan, millipercent, nanoseconds};
use crate::args;

fn plan(tokens: TokenStream) -> Result<Plan, String> {
    args::parse(tokens)
        .and_then(super::plan)
        .map_err(|error| error.to_string())
}

fn accepted(tokens: TokenStream) -> Plan {
    let written = tokens.to_string();
    plan(tokens).unwrap_or_else(|message| panic!("{written}: {message}"))
}

fn refused(tokens: TokenStream, expected: &str) {
    let written = tokens.to_string();
    let message = plan(tokens)
        .err()
        .unwrap_or_else(|| panic!("{written}: accepted"));
    assert!(message.contains(expected), "{written}: {message}");
}

#[test]
fn a_route_alone_is_enough() {
    let plan = accepted(quote!("/api/v1/products"));
    assert_eq!(plan.subject.value(), "/api/v1/products");
    assert!(plan.method.is_none() && plan.objective.is_none());
    let krate = plan.krate;
    assert_eq!(
        quote!(#krate).to_string(),
        quote!(::ecolaura_monitoring).to_string()
    );
}

#[test]
fn options_come_in_any_order() {
    for tokens in [
        quote!(
            "/a",
            method = "POST",
            slo(latency = "200ms", target = 99.9),
            crate = some::path
        ),
        quote!(
            "/a",
            crate = some::path,
            slo(target = 99.9, latency = "200ms",),
            method = "POST",
        ),
    ] {
        let plan = accepted(tokens);
        assert_eq!(plan.method.expect("a method"), "Post");
        assert_eq!(
            plan.objective,
            Some(Objective {
                latency_ns: Some(200_000_000),
                target_millipercent: 99_900
            })
        );
        let krate = plan.krate;
        assert_eq!(quote!(#krate).to_string(), quote!(some::path).to_string());
    }
}

#[test]
fn the_crate_may_be_at_any_path() {
    for tokens in [
        quote!("/a", crate = crate),
        quote!("/a", crate = ::a::b),
        quote!("/a", crate = self::a),
        quote!("/a", crate = super::a),
    ] {
        accepted(tokens);
    }
}

#[test]
fn a_name_and_a_trailing_comma_are_allowed() {
    accepted(quote!("pack_box"));
    accepted(quote!("/a",));
    accepted(quote!(r"/a"));
}

#[test]
fn all_nine_methods_are_known() {
    for (name, variant) in super::METHODS {
        assert_eq!(
            accepted(quote!("/a", method = #name))
                .method
                .expect("a method"),
            variant
        );
    }
}

#[test]
fn the_latency_of_an_objective_may_be_left_out() {
    let objective = accepted(quote!("/a", slo(target = 99))).objective;
    assert_eq!(
        objective,
        Some(Objective {
            latency_ns: None,
            target_millipercent: 99_000
        })
    );
}

#[test]
fn a_wrong_first_argument_is_refused() {
    let text = "a text in quotes";
    refused(quote!(), "say what is measured");
    refused(quote!(method = "GET"), text);
    refused(quote!(method = "GET", "/a"), text);
    refused(quote!(path), text);
    refused(quote!(42), text);
    refused(quote!(b"/a"), text);
    refused(quote!('a'), text);
    refused(quote!(concat!("/a", "/b")), text);
    refused(quote!(,), text);
}

#[test]
fn a_wrong_form_is_refused() {
    refused(quote!("/a" method = "GET"), "write a comma");
    refused(
        quote!("/a", method = "GET" slo(target = 99)),
        "write a comma",
    );
    refused(quote!("/a", "/b"), "write an option here");
    refused(quote!("/a",,), "write an option here");
    refused(quote!("/a", method), "write `method = \"POST\"`");
    refused(quote!("/a", method("GET")), "write `method = \"POST\"`");
    refused(quote!("/a", method = GET), "write `method = \"POST\"`");
    refused(quote!("/a", method =), "write `method = \"POST\"`");
    refused(
        quote!("/a", crate = "some::path"),
        "write `crate = some::path`",
    );
    refused(quote!("/a", crate), "write `crate = some::path`");
    refused(quote!("/a", slo), "an objective is written");
    refused(quote!("/a", slo = "200ms"), "an objective is written");
    refused(quote!("/a", slo[target = 99]), "an objective is written");
}

#[test]
fn an_unknown_option_is_told_the_known_ones() {
    refused(
        quote!("/a", skip = true),
        "there is no option `skip`; the options are `method`, `slo` and `crate`",
    );
    refused(quote!("/a", Method = "GET"), "there is no option `Method`");
    refused(
        quote!("/a", slo(objective = 99)),
        "`slo` has `latency` and `target`",
    );
}

#[test]
fn a_repeated_option_is_found_by_its_slot() {
    refused(
        quote!("/a", method = "GET", method = "GET"),
        "`method` is given twice",
    );
    refused(
        quote!("/a", slo(target = 99), slo(target = 99)),
        "`slo` is given twice",
    );
    refused(
        quote!("/a", crate = a, method = "GET", crate = b),
        "`crate` is given twice",
    );
    refused(
        quote!("/a", slo(target = 99, target = 98)),
        "`target` is given twice",
    );
    refused(
        quote!("/a", slo(latency = "1s", target = 99, latency = "1s")),
        "`latency` is given twice",
    );
}

#[test]
fn a_wrong_method_is_refused() {
    refused(
        quote!("/a", method = "post"),
        "upper case: `method = \"POST\"`",
    );
    refused(
        quote!("/a", method = "FETCH"),
        "there is no method `FETCH`; there are GET, HEAD, POST,",
    );
    refused(quote!("/a", method = ""), "there is no method");
}

#[test]
fn an_objective_needs_a_target() {
    refused(quote!("/a", slo()), "slo(target = 99.9)");
    refused(quote!("/a", slo(latency = "200ms")), "slo(target = 99.9)");
}

#[test]
fn a_wrong_target_is_refused() {
    for target in [
        quote!(0),
        quote!(0.0),
        quote!(100),
        quote!(100.0),
        quote!(250),
        quote!(99.9999),
        quote!(1e1),
        quote!(99f64),
        quote!(9_9),
        quote!("99.9"),
        quote!(true),
    ] {
        refused(
            quote!("/a", slo(target = #target)),
            "above 0 and below 100 with at most 3 decimals",
        );
    }
    refused(quote!("/a", slo(target = 99.9%)), "leave `%` out");
    refused(quote!("/a", slo(target = percent)), "write `target = 99.9`");
}

#[test]
fn a_wrong_latency_is_refused() {
    for latency in [
        "",
        "200",
        "ms",
        "0ms",
        "0.0s",
        "-1s",
        "200 ms",
        "1h",
        "1S",
        "1.5ns",
        "1e3ms",
        ".5s",
        "1.s",
        "1m30s",
        "99999999999m",
    ] {
        refused(
            quote!("/a", slo(latency = #latency, target = 99)),
            "a latency is a number above 0 and a unit",
        );
    }
    refused(
        quote!("/a", slo(latency = 200, target = 99)),
        "write `latency = \"200ms\"`",
    );
}

#[test]
fn latencies_are_exact() {
    let cases = [
        ("1ns", 1),
        ("7us", 7_000),
        ("200ms", 200_000_000),
        ("0.5ms", 500_000),
        ("1.5s", 1_500_000_000),
        ("2m", 120_000_000_000),
        ("0.5m", 30_000_000_000),
    ];
    for (text, expected) in cases {
        assert_eq!(nanoseconds(text), Some(expected), "{text}");
    }
}

#[test]
fn targets_are_exact() {
    let cases = [
        ("99.9", 99_900),
        ("99", 99_000),
        ("99.", 0),
        ("0.001", 1),
        ("99.999", 99_999),
        ("99.950", 99_950),
        ("5.25", 5_250),
    ];
    for (text, expected) in cases {
        assert_eq!(
            millipercent(text),
            (expected > 0).then_some(expected),
            "{text}"
        );
    }
}
