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
        "/v1/items/%zz",
        "/v1/items/%u0041",
        "v1/reports",
        "",
        "*",
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
