//! Patterns and paths with what an implementation of the URL Pattern standard makes of them: see
//! `tests/vectors/README.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Pattern;

#[derive(Deserialize)]
struct Vectors {
    paths: Vec<String>,
    patterns: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    pattern: String,
    #[serde(default)]
    refused: bool,
    #[serde(default)]
    matches: BTreeMap<String, BTreeMap<String, Option<String>>>,
}

/// What the standard allows and a policy must not hold, with the reason. Each must still be refused.
const NOT_TAKEN: [(&str, &str); 14] = [
    ("/a;b", "no path with a parameter gets as far as a pattern"),
    ("/v1/../v1/7", "the standard resolves the dots: a policy says what it means"),
    ("/v1//7", "no path with an empty segment gets as far as a pattern"),
    ("/%61", "no path with a needless escape gets as far as a pattern"),
    ("/a%2Fb", "no path with an escaped separator gets as far as a pattern"),
    ("/v1/(a(?=b)bc?)", "looks ahead"),
    (r"/v1/(\ba)", "looks around"),
    (r"/v1/(\p{L})", "needs the tables of Unicode, and paths are ASCII"),
    ("/v1/(^a)", "an anchor"),
    ("/v1/(a$)", "an anchor"),
    (r"/v1/(\u0061)", "an escape that nobody needs"),
    ("v1", "no path begins like this"),
    (":id", "no path begins like this"),
    ("", "no path is like this"),
];

#[test]
fn patterns_match_what_the_standard_says() {
    let text = include_str!("../../../tests/vectors/url-patterns.json");
    let vectors: Vectors = serde_json::from_str(text).expect("vectors");
    let mut wrong = Vec::new();
    for case in &vectors.patterns {
        let read = Pattern::new(&case.pattern);
        let not_taken = NOT_TAKEN.iter().find(|(pattern, _)| *pattern == case.pattern);
        let pattern = match (read, case.refused || not_taken.is_some()) {
            (Ok(pattern), false) => pattern,
            (Err(_), true) => continue,
            (Ok(_), true) => {
                wrong.push(format!("{} is not refused", case.pattern));
                continue;
            }
            (Err(error), false) => {
                wrong.push(format!("{}: {error}", case.pattern));
                continue;
            }
        };
        for path in &vectors.paths {
            let expected = case.matches.get(path);
            if pattern.matches(path) != expected.is_some() {
                wrong.push(format!("{} {path}: expected {}", case.pattern, expected.is_some()));
            }
            for (name, value) in expected.into_iter().flatten() {
                let found = pattern.group(path, name);
                if found != value.as_deref() {
                    wrong.push(format!("{} {path}: {name} is {found:?}, expected {value:?}", case.pattern));
                }
            }
        }
    }
    for (pattern, why) in NOT_TAKEN {
        let allowed = vectors.patterns.iter().any(|case| case.pattern == pattern && !case.refused);
        assert!(allowed, "{pattern} is no exception ({why})");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
