//! A path has one reading, whoever reads it: the gate, the origin, or what stands between them.

use crate::stage::{Stage, get, good_token};

#[test]
fn a_path_that_two_readers_read_differently_is_refused() {
    let stage = Stage::new();
    for path in [
        "/v1/items/../admin",
        "/v1/items/..",
        "/v1/./reports",
        "/v1/items/.",
        "/v1/items/%2e%2e/admin",
        "/v1/items/.%2e/admin",
        "/v1/items/..;/admin",
        "/v1/items/.;x=y/admin",
        "//v1/reports",
        "/v1//reports",
        "/v1/reports//",
        "/v1/items%2f7",
        "/v1/items%2F..%2Fadmin",
        "/v1/items%5c..%5cadmin",
        "/v1\\reports",
        "\\v1\\reports",
        "/v1/items/%61dmin",
        "/v1/items/%2561dmin",
        "/v1/items/a%00",
        "/v1/items/a%0d%0aHost:x",
        "/v1/items/a b",
        "/v1/items/a\tb",
        "/v1/items/caf\u{e9}",
        "/v1/items/\u{ff0e}\u{ff0e}",
        "/v1/items/%",
        "/v1/items/%4",
        // Tomcat and Spring would serve /v1/reports.
        "/v1/reports;x",
        "/v1/items/7;x=y",
        "/v1/items/%zz",
        "/v1/items/%u0041",
        // Overlong and broken UTF-8: a decoder that is lenient sees dots and slashes.
        "/v1/items/%c0%ae%c0%ae",
        "/v1/items/%c0%af",
        "/v1/items/%e0%80%af",
        "/v1/items/%ff",
        "/v1/items/%c3",
        "/v1/items/%ed%a0%80",
        "v1/reports",
        "",
        "*",
        "?x",
        "https:/v1/reports",
        "https:///v1/reports",
        "https://api.example\\v1\\reports",
        "://x/v1/reports",
        "1://x/v1/reports",
        // No request has a fragment: one reader cuts it off, and another takes it for a part of the path.
        "/v1/items/7#/../../admin",
    ] {
        assert_eq!(stage.code(&get(path, &good_token())), "path_ambiguous", "{path:?}");
    }
}

#[test]
fn a_pattern_takes_what_it_says() {
    let stage = Stage::new();
    for path in ["/v1/items/7", "/v1/items/a%20b", "/v1/items/:id", "/v1/items/*", "/files/", "/files/a/b/", "/files/*"]
    {
        stage.forward(&get(path, &good_token()));
    }
    for path in ["/v1/items", "/v1/items/7/", "/v1/items/7/8", "/files", "/filesystem/x", "/v1/%3Aid"] {
        assert_eq!(stage.code(&get(path, &good_token())), "route_unknown", "{path}");
    }
}

#[test]
fn a_query_does_not_change_the_path() {
    let stage = Stage::new();
    // The scope that the path needs is asked for, whatever URL the query holds.
    for url in [
        "/v1/admin?next=https://x.example/v1/items/7",
        "/v1/admin?://x/v1/items/7",
        "/v1/admin?x=/../v1/items/7",
        "/v1/admin?#://x/v1/items/7",
        "https://api.example/v1/admin?next=https://x.example/v1/items/7",
        "https://api.example:8443/v1/admin#://x/v1/items/7",
        "http://[::1]/v1/admin",
    ] {
        assert_eq!(stage.code(&get(url, &good_token())), "scope_insufficient", "{url}");
    }
    assert_eq!(stage.code(&get("https://api.example", &good_token())), "route_unknown");
}

#[test]
fn where_no_path_begins_at_the_first_slash_a_reader_that_looks_for_it_finds_another() {
    let stage = Stage::new();
    for url in [
        "https://api.example?/v1/items/7",
        "https://api.example?x=/v1/items/7",
        "https://api.example#/v1/items/7",
        "#https://api.example/v1/items/7",
        "#/v1/items/7",
    ] {
        assert_eq!(stage.code(&get(url, &good_token())), "path_ambiguous", "{url}");
    }
}

#[test]
fn the_case_of_an_escape_says_nothing() {
    let stage = Stage::new();
    // The route for this one item needs a scope that the route for any item does not.
    for path in ["/v1/items/caf%C3%A9", "/v1/items/caf%c3%a9", "/v1/items/caf%c3%A9"] {
        assert_eq!(stage.code(&get(path, &good_token())), "scope_insufficient", "{path}");
    }
    stage.forward(&get("/v1/items/caf%C3%A8", &good_token()));
    // The origin may look away from case.
    assert_eq!(stage.code(&get("/v1/items/CAF%C3%A9", &good_token())), "path_ambiguous");
}
