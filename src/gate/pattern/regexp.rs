//! The regular expressions of groups: of ECMAScript's syntax (with the flag `v`, as the URL Pattern standard has it) the
//! part whose meaning a machine without backtracking can carry out. What looks around, looks back, or depends on
//! Unicode's tables is refused, so that no policy makes a request slow.

use super::program::{Node, Set};

/// How deep groups may stand in one another.
const DEEPEST: u8 = 16;

/// The largest count in braces.
const MOST_TIMES: u16 = 256;

/// Reads an expression.
///
/// # Errors
/// What is wrong with it, or not taken here.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut reader = Reader { bytes: text.as_bytes(), place: 0 };
    let node = reader.alternatives(0)?;
    if reader.peek().is_some() { Err("`)` closes nothing".to_owned()) } else { Ok(node) }
}

struct Reader<'r> {
    bytes: &'r [u8],
    place: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.place).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.place = self.place.saturating_add(1);
        Some(byte)
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.place = self.place.saturating_add(1);
        }
        found
    }

    fn alternatives(&mut self, depth: u8) -> Result<Node, String> {
        if depth > DEEPEST {
            return Err("groups too deep in one another".to_owned());
        }
        let mut ways = vec![self.sequence(depth)?];
        while self.take(b'|') {
            ways.push(self.sequence(depth)?);
        }
        Ok(match ways.pop() {
            Some(only) if ways.is_empty() => only,
            last => {
                ways.extend(last);
                Node::Either(ways)
            }
        })
    }

    fn sequence(&mut self, depth: u8) -> Result<Node, String> {
        let mut nodes = Vec::new();
        while self.peek().is_some_and(|byte| !matches!(byte, b'|' | b')')) {
            let atom = self.atom(depth)?;
            nodes.push(self.repeated(atom)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn atom(&mut self, depth: u8) -> Result<Node, String> {
        match self.next() {
            Some(b'.') => Ok(Node::Set(Set::ANY)),
            Some(b'[') => self.class().map(Node::Set),
            Some(b'(') => {
                if !(self.take(b'?') && self.take(b':')) {
                    return Err("a group looks around or has a name: only `(?:…)` is taken".to_owned());
                }
                let inside = self.alternatives(depth.saturating_add(1))?;
                if self.take(b')') { Ok(inside) } else { Err("`(` is not closed".to_owned()) }
            }
            Some(b'\\') => self.escape(false).map(|set| set.only().map_or(Node::Set(set), Node::Byte)),
            Some(byte @ (b'*' | b'+' | b'?' | b'{')) => Err(format!("`{}` repeats nothing", char::from(byte))),
            Some(byte @ (b'}' | b']')) => Err(format!("`{0}` closes nothing: write `\\{0}`", char::from(byte))),
            Some(b'^' | b'$') => Err("`^` and `$` are not taken: a group stands between its neighbours".to_owned()),
            Some(byte) => Ok(Node::Byte(byte)),
            None => Err("an expression ends too early".to_owned()),
        }
    }

    fn repeated(&mut self, node: Node) -> Result<Node, String> {
        let (least, most) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => {
                self.next();
                let least = self.count()?;
                let most = match self.take(b',') {
                    false => Some(least),
                    true if self.peek() == Some(b'}') => None,
                    true => Some(self.count()?),
                };
                if self.peek() != Some(b'}') || most.is_some_and(|most| most < least) {
                    return Err("a count is written `{2}`, `{2,}` or `{2,5}`".to_owned());
                }
                (least, most)
            }
            _ => return Ok(node),
        };
        self.next();
        let greedy = !self.take(b'?');
        Ok(Node::Repeat { node: Box::new(node), least, most, greedy })
    }

    fn count(&mut self) -> Result<u16, String> {
        let mut count: Option<u16> = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            self.next();
            let digit = u16::from(digit.saturating_sub(b'0'));
            count = Some(count.unwrap_or_default().saturating_mul(10).saturating_add(digit));
        }
        count
            .filter(|count| *count <= MOST_TIMES)
            .ok_or_else(|| format!("a count in braces is a number of {MOST_TIMES} at most"))
    }

    fn class(&mut self) -> Result<Set, String> {
        let inverted = self.take(b'^');
        let mut set = Set::EMPTY;
        loop {
            if self.take(b']') {
                return Ok(if inverted { set.inverted() } else { set });
            }
            let first = self.member()?;
            if self.peek() != Some(b'-') {
                set = set.with(first);
                continue;
            }
            self.next();
            let last = self.member()?;
            let (Some(from), Some(to)) = (first.only(), last.only()) else {
                return Err(
                    "a range in a class goes from one character to another: write `\\-` for the character".to_owned()
                );
            };
            if from > to {
                return Err("a range in a class goes backwards".to_owned());
            }
            set = (from..=to).fold(set, |set, byte| set.with(Set::of(byte)));
        }
    }

    /// One character or escape of a class. With the flag `v`, what could be an operator there is escaped.
    fn member(&mut self) -> Result<Set, String> {
        match self.next() {
            None => Err("`[` is not closed".to_owned()),
            Some(b'\\') => self.escape(true),
            Some(byte @ (b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'/' | b'-' | b'|')) => {
                Err(format!("`{0}` in a class is written `\\{0}`", char::from(byte)))
            }
            Some(byte) if is_doubled(byte) && self.peek() == Some(byte) => {
                Err(format!("`{0}{0}` in a class is an operator, and not taken", char::from(byte)))
            }
            Some(byte) => Ok(Set::of(byte)),
        }
    }

    fn escape(&mut self, in_class: bool) -> Result<Set, String> {
        let digits = || (b'0'..=b'9').fold(Set::EMPTY, |set, byte| set.with(Set::of(byte)));
        let words = || {
            let letters = (b'a'..=b'z').chain(b'A'..=b'Z').chain([b'_']);
            letters.fold(digits(), |set, byte| set.with(Set::of(byte)))
        };
        match self.next() {
            Some(b'd') => Ok(digits()),
            Some(b'D') => Ok(digits().inverted()),
            Some(b'w') => Ok(words()),
            Some(b'W') => Ok(words().inverted()),
            // No path that is looked at has white space in it.
            Some(b's') => Ok(Set::EMPTY),
            Some(b'S') => Ok(Set::ANY),
            Some(byte) if is_syntax(byte) || (in_class && (byte == b'-' || is_doubled(byte))) => Ok(Set::of(byte)),
            Some(byte) => Err(format!("the escape `\\{}` is not taken", char::from(byte))),
            None => Err("a backslash with nothing after it".to_owned()),
        }
    }
}

/// ECMAScript's `SyntaxCharacter` and the slash.
const fn is_syntax(byte: u8) -> bool {
    matches!(
        byte,
        b'^' | b'$' | b'\\' | b'.' | b'*' | b'+' | b'?' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'|' | b'/'
    )
}

/// The characters that the flag `v` keeps for operators where they stand twice in a class.
const fn is_doubled(byte: u8) -> bool {
    matches!(
        byte,
        b'&' | b'!'
            | b'#'
            | b'$'
            | b'%'
            | b'*'
            | b'+'
            | b','
            | b'.'
            | b':'
            | b';'
            | b'<'
            | b'='
            | b'>'
            | b'?'
            | b'@'
            | b'^'
            | b'`'
            | b'~'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::pattern::program::Program;

    fn matches(expression: &str, text: &str) -> bool {
        let node = parse(expression).expect(expression);
        Program::of(&node).expect("a program").matches(text.as_bytes())
    }

    #[test]
    fn expressions_match_what_they_say() {
        for (expression, yes, no) in [
            (r"\d+", "2026", "20x6"),
            (r"\d{4}", "2026", "20265"),
            (r"\d{2,}", "2026", "2"),
            (r"a{1,2}b", "aab", "aaab"),
            (r"(?:a|bc)*d", "abcbcad", "abd"),
            (r"[a-f\d]+", "0af9", "0ag9"),
            (r"[^a-z\/]+", "A0_", "Ab"),
            (r"\w+?\.\W", "ab_9.-", "ab-9.-"),
            (r"a|", "", "b"),
            (r"(?:a*)*b", "aab", "aa"),
            (r"[\-x.]+", ".x-", "y"),
            (r"x\S", "x~", "x"),
        ] {
            assert!(matches(expression, yes), "{expression} {yes}");
            assert!(!matches(expression, no), "{expression} {no}");
        }
    }

    #[test]
    fn what_a_machine_without_backtracking_cannot_do_is_refused() {
        for expression in [
            "^a", "a$", "(?=a)", "(?!a)", "(?<=a)", "(?<n>a)", r"\1", r"\b", r"\k<n>", r"\p{L}", r"\u0041", r"\x41",
            "a**", "*a", "a{", "a{x}", "a{2", "a{5,2}", "a{257}", "[a", "[b-a]", "[a-]", "[[a]]", "[a&&b]", "[/]",
            r"[\d-x]", "]", "}", r"\", "(?:a",
        ] {
            assert!(parse(expression).is_err(), "{expression}");
        }
        let deep = format!("{}a{}", "(?:".repeat(40), ")".repeat(40));
        assert!(parse(&deep).is_err());
        let large = parse("(?:(?:a{200}){200}){200}").expect("an expression");
        assert!(Program::of(&large).is_err());
        let nothing = format!("{}{}", "(?:".repeat(15), "){256}".repeat(15));
        assert!(matches(&nothing, ""));
    }
}
