//! Paths that a pattern takes, for people who read a policy.

use super::{
    Pattern,
    parts::{self, Kind, Modifier, Part},
    program::{Node, Set},
};
use crate::gate::reading;

/// What is preferred of a set of characters, the first first.
const PREFERRED: &[u8] = b"1aA-_";

/// What would end a segment or be read in more ways than one.
const AVOIDED: &[u8] = b"/.%?#;\\";

impl Pattern {
    /// Paths to try: one with something in the place of all that may be left out, and one without it. Neither is sure to
    /// be taken, where a group says in a regular expression what it holds.
    pub(in crate::gate) fn examples(&self) -> [String; 2] {
        // It was read before.
        let parts = parts::parse(&self.text).unwrap_or_default();
        [false, true].map(|sparing| path(&parts, sparing))
    }
}

fn path(parts: &[Part], sparing: bool) -> String {
    let mut path = String::new();
    for part in parts {
        if sparing && matches!(part.modifier, Modifier::Optional | Modifier::ZeroOrMore) {
            continue;
        }
        path.push_str(&part.prefix);
        match &part.kind {
            Kind::Fixed => {}
            Kind::Segment => path.push_str(&value(part.name.as_deref())),
            Kind::Anything => path.push_str("example"),
            Kind::Regexp(node) => write(node, sparing, &mut path),
        }
        path.push_str(&part.suffix);
    }
    reading::escape(&if path.starts_with('/') { path } else { format!("/{path}") })
}

/// What could stand in the place of a group of this name.
fn value(name: Option<&str>) -> String {
    let name = name.unwrap_or_default().to_ascii_lowercase();
    if name.contains("org") || name.contains("tenant") {
        "org_1".to_owned()
    } else if name.ends_with("id") || name.starts_with("num") {
        "42".to_owned()
    } else if name.contains("date") || name.contains("day") {
        "2026-01-31".to_owned()
    } else if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        name
    } else {
        "example".to_owned()
    }
}

/// A text that an expression takes. What may stand as often as one likes stands once, or not at all where that will do.
fn write(node: &Node, sparing: bool, path: &mut String) {
    match node {
        Node::Byte(byte) => path.push(char::from(*byte)),
        Node::Set(set) => path.extend(pick(*set)),
        Node::Sequence(nodes) => nodes.iter().for_each(|node| write(node, sparing, path)),
        Node::Either(nodes) => nodes.iter().take(1).for_each(|node| write(node, sparing, path)),
        Node::Repeat { node, least, most, .. } => {
            let wanted = if sparing { 0 } else { 1.min(most.unwrap_or(1)) };
            (0..wanted.max(*least)).for_each(|_| write(node, sparing, path));
        }
        Node::Group(_, node) => write(node, sparing, path),
    }
}

fn pick(set: Set) -> Option<char> {
    let visible = (b'!'..=b'~').filter(|byte| !AVOIDED.contains(byte));
    PREFERRED.iter().copied().chain(visible).find(|byte| set.has(*byte)).map(char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_a_path_of_the_pattern() {
        for (text, expected) in [
            ("/v1/reports", "/v1/reports"),
            ("/v1/reports/:id", "/v1/reports/42"),
            ("/orgs/:org/keys/:keyId", "/orgs/org_1/keys/42"),
            ("/v1/*", "/v1/example"),
            ("*", "/example"),
            ("/files/:name.:kind", "/files/name.kind"),
            ("/v1/:day(\\d{4}-\\d{2})", "/v1/1111-11"),
            ("/v1/:kind(csv|json)", "/v1/csv"),
            ("/v1/:x([a-f]+)?", "/v1/a"),
            ("/caf\u{e9} au/:lait", "/caf%C3%A9%20au/lait"),
            ("/a{/b}?/:c+", "/a/b/c"),
        ] {
            let pattern = Pattern::new(text).expect(text);
            let [full, sparing] = pattern.examples();
            assert_eq!(full, expected, "{text}");
            assert!(pattern.matches(&full) && pattern.matches(&sparing), "{text}: {full} {sparing}");
        }
        let one = Pattern::new("/a{/b}?/:c*").expect("a pattern");
        assert_eq!(one.examples(), ["/a/b/c", "/a"]);
    }
}
