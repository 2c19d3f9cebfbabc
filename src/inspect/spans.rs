//! Where the members of a JSON text stand. It finds places and judges nothing: what is no JSON ends the search.

use serde::Serialize;
use serde_json::Value;

use crate::json::{self, MAX_DEPTH};

/// The most members that are told of in one text.
pub const MOST_SPANS: usize = 256;

/// The longest pointer that is told of, in bytes.
pub(super) const LONGEST_POINTER: usize = 512;

/// Where a member of an object, or an item of an array, stands. All ranges are half-open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberSpan {
    /// The JSON pointer of the member (RFC 6901).
    pub pointer: String,
    /// The member with its name, in bytes of the decoded text.
    pub bytes: [usize; 2],
    /// Its value, in bytes of the decoded text.
    pub value: [usize; 2],
    /// The characters of the token that hold the member; none where the token is not written as it should be.
    pub characters: Option<[usize; 2]>,
}

/// The members of a text in the order of their beginnings, and whether there are more.
pub(super) fn find(text: &str) -> (Vec<MemberSpan>, bool) {
    let mut search = Search { text, at: 0, spans: Vec::new(), more: false };
    // What ends it early is told of elsewhere.
    let _ = search.value(&mut String::new(), 0);
    (search.spans, search.more)
}

struct Search<'t> {
    text: &'t str,
    at: usize,
    spans: Vec<MemberSpan>,
    more: bool,
}

impl Search<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// The next byte that is no white space.
    fn next(&mut self) -> Option<u8> {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
            self.step();
        }
        self.peek()
    }

    fn take(&mut self, expected: u8) -> Option<()> {
        if self.next()? != expected {
            return None;
        }
        self.step();
        Some(())
    }

    fn value(&mut self, pointer: &mut String, depth: u8) -> Option<()> {
        match self.next()? {
            _ if depth > MAX_DEPTH => None,
            b'{' => self.all(b'}', pointer, depth),
            b'[' => self.all(b']', pointer, depth),
            b'"' => self.string().map(|_| ()),
            _ => {
                let start = self.at;
                while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
                {
                    self.step();
                }
                (self.at > start).then_some(())
            }
        }
    }

    /// The members of an object, or the items of an array.
    fn all(&mut self, end: u8, pointer: &mut String, depth: u8) -> Option<()> {
        self.step();
        if self.next()? == end {
            self.step();
            return Some(());
        }
        for number in 0_usize.. {
            if self.spans.len() >= MOST_SPANS {
                self.more = true;
                return None;
            }
            self.next()?;
            let start = self.at;
            let name = if end == b'}' {
                let name = self.string()?;
                self.take(b':')?;
                name
            } else {
                number.to_string()
            };
            let length = pointer.len();
            pointer.push('/');
            // RFC 6901 §3.
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            self.next()?;
            let value = self.at;
            // Put down before what is in it, so that what is cut off is told of as far as it goes.
            let place = self.spans.len();
            let is_told = pointer.len() <= LONGEST_POINTER;
            self.more |= !is_told;
            if is_told {
                let bytes = [start, self.text.len()];
                let value = [value, self.text.len()];
                self.spans.push(MemberSpan { pointer: pointer.clone(), bytes, value, characters: None });
            }
            if is_told {
                self.value(pointer, depth.saturating_add(1))?;
            } else {
                // Names within would be longer still.
                return None;
            }
            let here = self.at;
            if let Some(span) = self.spans.get_mut(place) {
                (span.bytes, span.value) = ([start, here], [value, here]);
            }
            pointer.truncate(length);
            match self.next()? {
                b',' => self.step(),
                byte if byte == end => {
                    self.step();
                    return Some(());
                }
                _ => return None,
            }
        }
        None
    }

    /// A string, with what its escapes stand for.
    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.take(b'"')?;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.step();
                    self.step();
                }
                _ => self.step(),
            }
        }
        self.step();
        match json::parse_leniently(self.text.get(start..self.at)?.as_bytes())? {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, String, String)> {
        let cut = |[start, end]: [usize; 2]| text[start..end].to_owned();
        let (spans, _) = find(text);
        assert!(spans.is_sorted_by_key(|span| span.bytes[0]), "{text}");
        spans.into_iter().map(|span| (span.pointer.clone(), cut(span.bytes), cut(span.value))).collect()
    }

    #[test]
    fn members_and_items_are_found_where_they_stand() {
        let text = r#" { "a" : [1, {"b/~": "x\"y"}], "é":{ } } "#;
        let expected = [
            ("/a", r#""a" : [1, {"b/~": "x\"y"}]"#, r#"[1, {"b/~": "x\"y"}]"#),
            ("/a/0", "1", "1"),
            ("/a/1", r#"{"b/~": "x\"y"}"#, r#"{"b/~": "x\"y"}"#),
            ("/a/1/b~1~0", r#""b/~": "x\"y""#, r#""x\"y""#),
            ("/é", r#""é":{ }"#, "{ }"),
        ];
        let expected = expected.map(|(pointer, bytes, value)| (pointer.into(), bytes.into(), value.into()));
        assert_eq!(told(text), expected);
    }

    #[test]
    fn what_is_cut_off_is_found_as_far_as_it_goes() {
        let pointers = |text: &str| told(text).into_iter().map(|(pointer, ..)| pointer).collect::<Vec<_>>();
        assert_eq!(pointers(r#"{"a":1,"b":{"c":[tr"#), ["/a", "/b", "/b/c", "/b/c/0"]);
        for text in ["", "{", "[", "nonsense", r#"{"a"#, r#"{"a"}"#, "{1:2}"] {
            assert!(pointers(text).len() <= 1, "{text}");
        }
    }

    #[test]
    fn the_work_is_bounded() {
        let many = format!("[{}1]", "1,".repeat(100_000));
        let (spans, more) = find(&many);
        assert!(spans.len() == MOST_SPANS && more);
        let (spans, more) = find(&format!(r#"{{"{}":{{"a":1}}}}"#, "n".repeat(1_000)));
        assert!(spans.is_empty() && more);
        assert!(find(&"[".repeat(100_000)).0.len() <= usize::from(MAX_DEPTH) + 2);
    }
}
