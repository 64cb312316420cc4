use super::*;
use Compression::{Gzip, Identity};

#[track_caller]
fn check(header: &str, expected: Compression) {
    let found = Compression::choose(std::iter::once(header.as_bytes()));
    assert_eq!(found, expected, "{header}");
}

#[test]
fn gzip_where_it_is_wanted_at_least_as_much() {
    for header in [
        "gzip",
        "GZip",
        "gzip;q=0.001",
        "gzip, deflate, br",
        "deflate, gzip;q=1.0, *;q=0.5",
        "identity, gzip",
        "gzip;q=0.5, identity;q=0.5",
        "gzip;q=0.5;x=y, identity;q=0.4",
        "identity;q=0, gzip;q=0.1",
        "identity;q=0, *;q=0.1",
        "identity;q=NaN, gzip;q=0.1",
        "*",
        "br, *;q=0.1",
        "gzip;q=0.5, gzip;q=0",
        "gzip ; q = \"0.5\"",
        " ,gzip,",
    ] {
        check(header, Gzip);
    }
}

#[test]
fn else_nothing() {
    assert_eq!(Compression::choose(std::iter::empty()), Identity);
    for header in [
        "",
        "identity",
        "gzip;q=0",
        "gzip;q=0, *",
        "gzip;q=0.4, identity;q=0.5",
        "gzip;q=0.5, *",
        "x-gzip",
        "br, deflate",
        "gzipp, gzi, g\"zip\"",
        // Forbids all that there is.
        "identity;q=0",
        "*;q=0",
        "identity;q=0, x-gzip",
        "identity;q=0, gzip;q=0, br",
        "identity;q=0, gzip;q=0, *;q=0",
    ] {
        check(header, Identity);
    }
}

#[test]
fn a_wrong_weight_does_not_promote() {
    for wrong in ["2", "1.1", "-1", "NaN", "inf", "", "1e0", "0.5000", ".9"] {
        check(&format!("gzip;q={wrong}"), Identity);
        check(&format!("gzip;q={wrong}, *;q=1"), Identity);
        check(&format!("*;q={wrong}"), Identity);
        check(&format!("gzip;q=0.1, identity;q={wrong}"), Gzip);
    }
}

#[test]
fn lines_are_one_list() {
    let lines: [&[u8]; 3] = [b"br", b"identity;q=0.5", b"gzip;q=0.6"];
    assert_eq!(Compression::choose(lines.into_iter()), Gzip);
}

#[test]
fn many_and_endless() {
    check(&format!("{}gzip", "x;q=1,".repeat(5000)), Gzip);
    check(&format!("{}gzip", "x;q=1,".repeat(6000)), Identity);
    check(&"gzip;".repeat(7000), Identity);
}

#[test]
fn the_header_says_what_was_chosen() {
    assert_eq!(Gzip.content_encoding(), Some("gzip"));
    assert_eq!(Identity.content_encoding(), None);
}

#[cfg(feature = "zstd")]
#[test]
fn zstd_where_it_is_named_and_wanted_at_least_as_much() {
    use Compression::Zstd;

    for header in [
        "zstd",
        "gzip, zstd",
        "gzip, deflate, br, zstd",
        "zstd;q=0.5, *;q=0.5",
        "zstd;q=0.5, gzip;q=0.4",
        "zstd, identity",
        "identity;q=0, zstd;q=0.1",
    ] {
        check(header, Zstd);
    }
    for header in [
        "*",
        "zstd;q=0.4, gzip;q=0.5",
        "zstd;q=0, gzip",
        "zstd;q=2, gzip;q=0.1",
    ] {
        check(header, Gzip);
    }
    check("zstd;q=0.4, identity;q=0.5", Identity);
    check("zstd;q=0", Identity);
    assert_eq!(Zstd.content_encoding(), Some("zstd"));
}

#[cfg(not(feature = "zstd"))]
#[test]
fn zstd_is_unknown_without_its_feature() {
    check("zstd", Identity);
    check("zstd, gzip;q=0.1", Gzip);
    check("identity;q=0, zstd", Identity);
}
