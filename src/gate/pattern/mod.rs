//! Patterns of paths, in the syntax of the URL Pattern standard for the component `pathname`: `:name`, `*`, `{…}`,
//! `(regular expression)`, and the modifiers `?`, `+` and `*`.
//!
//! A pattern is matched against the path of a request as it is escaped, in the one spelling that [`super::reading`]
//! gives it, as a whole and with regard to case. Beside that it knows the texts that a lenient reader could take for
//! one of its paths.

mod example;
mod inclusion;
mod parts;
mod program;
mod regexp;
mod token;
#[cfg(test)]
mod vectors;

use self::{
    parts::{Kind, Modifier, Part},
    program::{Node, Program, Set},
};
use super::{path, reading};

/// A pattern, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    strict: Program,
    /// The same over folded texts.
    folded: Program,
    groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    number: usize,
    /// What stands before it in the pattern.
    before: (Vec<Part>, String),
    /// Whether it stands once in each path.
    once: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, in words for the author of the policy.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let parts = parts::parse(text)?;
        check_start(parts.first())?;
        path::segments(&example(&parts)).map_err(|denial| no_path(&denial.note.unwrap_or_default()))?;
        let nodes = |folded: bool| -> Result<Node, String> {
            let nodes = parts.iter().enumerate().map(|(number, part)| node(part, number, folded));
            nodes.collect::<Result<_, _>>().map(Node::Sequence)
        };
        let groups = parts.iter().enumerate().filter_map(|(number, part)| {
            let before = (parts.get(..number)?.to_vec(), part.prefix.clone());
            Some(Group { name: part.name.clone()?, number, before, once: part.modifier == Modifier::Once })
        });
        Ok(Self {
            text: text.to_owned(),
            strict: Program::of(&nodes(false)?)?,
            folded: Program::of(&nodes(true)?)?,
            groups: groups.collect(),
        })
    }

    /// The pattern, as the policy has it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether this path, spelled as [`reading::escape`] spells it, is one of the pattern's.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.strict.matches(path.as_bytes())
    }

    /// Whether a path that folds to this text could be one of the pattern's.
    pub(super) fn may_match(&self, folded: &str) -> bool {
        self.folded.matches(folded.as_bytes())
    }

    /// Whether there is a group of this name that stands once in each path.
    pub(super) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|group| group.once && group.name == name)
    }

    /// What the group of this name holds in a path of the pattern, escaped as it is there.
    pub(super) fn group<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let group = self.groups.iter().find(|group| group.name == name)?;
        path.get(self.strict.group(path.as_bytes(), group.number)?)
    }

    /// Whether the group of this name stands where the other pattern has one of that name: a path that both take names the
    /// same there.
    pub(super) fn has_in_place_of(&self, name: &str, other: &Self, that: &str) -> bool {
        let before = |pattern: &Self, name: &str| -> Option<(Vec<Part>, String)> {
            pattern.groups.iter().find(|group| group.name == name).map(|group| group.before.clone())
        };
        before(self, name) == before(other, that)
    }

    /// Whether the two are the same but for the names of their groups.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.strict == other.strict
    }

    /// Whether every path of the other is one of this pattern's, as far as that can be told in bounded time.
    pub(super) fn takes_all_of(&self, other: &Self) -> bool {
        self.strict.takes_all_of(&other.strict)
    }
}

fn no_path(what: &str) -> String {
    format!("no path that a request could have: {what}")
}

/// A path of the pattern, with a letter for what each group matches.
fn example(parts: &[Part]) -> String {
    let mut path = String::new();
    for part in parts {
        let inside = if part.kind == Kind::Fixed { "" } else { "x" };
        path.extend([part.prefix.as_str(), inside, &part.suffix]);
    }
    reading::escape(&if path.starts_with('/') { path } else { format!("/{path}") })
}

fn check_start(first: Option<&Part>) -> Result<(), String> {
    let begins = first.is_some_and(|part| {
        part.prefix.starts_with('/') || (part.prefix.is_empty() && !matches!(part.kind, Kind::Segment))
    });
    if begins { Ok(()) } else { Err(no_path("no leading slash")) }
}

/// Fixed text in the spelling that requests are given.
fn literal(text: &str, folded: bool) -> Result<Node, String> {
    let escaped = reading::escape(text);
    path::check_text(&escaped).map_err(no_path)?;
    Ok(Node::text(if folded { reading::fold(&escaped) } else { escaped }.as_str()))
}

/// The node of a part (URL Pattern standard, "generate a regular expression and name list").
fn node(part: &Part, number: usize, folded: bool) -> Result<Node, String> {
    let [prefix, suffix] = [literal(&part.prefix, folded)?, literal(&part.suffix, folded)?];
    let many =
        |node: Node, least: u16, most: Option<u16>| Node::Repeat { node: node.into(), least, most, greedy: true };
    let modified = |node: Node| match part.modifier {
        Modifier::Once => node,
        Modifier::Optional => many(node, 0, Some(1)),
        Modifier::ZeroOrMore => many(node, 0, None),
        Modifier::OneOrMore => many(node, 1, None),
    };
    let matcher = match &part.kind {
        Kind::Fixed => return Ok(modified(prefix)),
        Kind::Segment => {
            let node = Node::Set(Set::of(b'/').inverted()).into();
            Node::Repeat { node, least: 1, most: None, greedy: false }
        }
        Kind::Anything => many(Node::Set(Set::ANY), 0, None),
        Kind::Regexp(node) if folded => node.lowered(),
        Kind::Regexp(node) => node.clone(),
    };
    let group = |node: Node| Node::Group(number, node.into());
    let bare = part.prefix.is_empty() && part.suffix.is_empty();
    Ok(match part.modifier {
        Modifier::Once | Modifier::Optional if bare => modified(group(matcher)),
        Modifier::Once | Modifier::Optional => modified(Node::Sequence(vec![prefix, group(matcher), suffix])),
        Modifier::ZeroOrMore | Modifier::OneOrMore if bare => group(modified(matcher)),
        Modifier::ZeroOrMore | Modifier::OneOrMore => {
            let again = Node::Sequence(vec![suffix.clone(), prefix.clone(), matcher.clone()]);
            let all = Node::Sequence(vec![matcher, many(again, 0, None)]);
            let whole = Node::Sequence(vec![prefix, group(all), suffix]);
            if part.modifier == Modifier::ZeroOrMore { many(whole, 0, Some(1)) } else { whole }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).expect(text)
    }

    #[test]
    fn groups_hold_what_they_matched() {
        for (text, path, expected) in [
            ("/orgs/:org/keys", "/orgs/org-1/keys", Some("org-1")),
            ("/orgs/:org.json", "/orgs/a.b.json", Some("a.b")),
            ("/:a-:org", "/x-y-z", Some("y-z")),
            ("/:org(\\d+)/*", "/42/a/b", Some("42")),
            ("/:org+", "/a/b/c", Some("a/b/c")),
            ("/x{/:org}?", "/x", None),
            ("/{o:org}?", "/o%C3%A9", Some("%C3%A9")),
        ] {
            assert!(pattern(text).matches(path), "{text} {path}");
            assert_eq!(pattern(text).group(path, "org"), expected, "{text} {path}");
        }
        assert!(pattern("/:org").has_group("org"));
        for text in ["/:org?", "/:org+", "/:org*", "/:other", "/*"] {
            assert!(!pattern(text).has_group("org"), "{text}");
        }
    }

    #[test]
    fn fixed_text_is_spelled_as_paths_are() {
        assert!(pattern("/caf\u{e9} au lait").matches("/caf%C3%A9%20au%20lait"));
        assert!(pattern("/caf%c3%a9").matches("/caf%C3%A9"));
        assert!(pattern(r"/what\?").matches("/what%3F"));
        assert!(pattern(r"/a\:b\*").matches("/a:b*"));
    }

    #[test]
    fn patterns_that_no_path_matches_are_refused() {
        for text in [
            "",
            "v1",
            ":id",
            "{v1}/x",
            "/v1//x",
            "/v1/../x",
            "/v1/./:id",
            "/%61",
            "/%2F",
            "/%",
            "/a;b",
            "/a\\\\b",
            "/\u{7f}",
            "/..",
            "/v1/{/x}+//",
            "/:a/:a",
            "/{:a:b}",
            "/{",
            "/}",
            "/a+",
            "/?",
            "/:",
            "/(a",
            "/(^a)",
            "/{a{b}}",
        ] {
            assert!(Pattern::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_folded_pattern_takes_what_lenient_readers_would() {
        let one = pattern("/v1/Caf\u{e9}/:id([A-F]+)");
        for path in ["/V1/CAF%C3%89/abc", "/v1/caf%C3%A9/ABC"] {
            assert!(one.may_match(&reading::fold(path)), "{path}");
        }
        assert!(!one.may_match(&reading::fold("/v1/cafe/abc")));
        assert!(
            pattern("/k").may_match(&reading::fold("/%E2%84%AA")),
            "the sign of the kelvin is a k in small letters"
        );
    }

    #[test]
    fn it_is_told_which_pattern_takes_all_paths_of_another() {
        for (wide, narrow, expected) in [
            ("/v1/*", "/v1/admin", true),
            ("/v1/*", "/v1/:id/x", true),
            ("/v1/:id", "/v1/:n(\\d+)", true),
            ("/v1/:id", "/v1/*", false),
            ("/v1/:id", "/v1/a/b", false),
            ("*", "/a{/:b}*", true),
            ("/:a/:b", "/x/y", true),
            ("/v1/:n(\\d+)", "/v1/7", true),
            ("/v1/:n(\\d+)", "/v1/a", false),
            ("/{a}?b", "/b", true),
        ] {
            assert_eq!(pattern(wide).takes_all_of(&pattern(narrow)), expected, "{wide} {narrow}");
        }
        assert!(pattern("/v1/:a").is_same_as(&pattern("/v1/:b([^\\/]+?)")));
        assert!(!pattern("/v1/:a").is_same_as(&pattern("/v1/*")));
    }
}
