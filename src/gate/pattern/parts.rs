//! From tokens to parts (URL Pattern standard, "Parsing"), for the component `pathname`: what separates is `/`, and it is
//! also what belongs to a group that follows it.

use super::{
    program::{MOST_OPS, Node},
    regexp,
    token::{Token, tokens},
};

/// How often a part stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Modifier {
    Once,
    Optional,
    ZeroOrMore,
    OneOrMore,
}

/// What a part matches between its prefix and its suffix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing but its prefix, which is fixed text.
    Fixed,
    /// `:name`: one or more characters that are no slash, as few as will do.
    Segment,
    /// `*`: anything.
    Anything,
    /// `(…)`.
    Regexp(Node),
}

/// A part of a pattern. Prefix and suffix are as the author wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) modifier: Modifier,
}

/// Reads a pattern.
///
/// # Errors
/// What is wrong, in words for the author of the policy.
pub(super) fn parse(pattern: &str) -> Result<Vec<Part>, String> {
    if pattern.len() > MOST_OPS {
        return Err("longer than a pattern may be".to_owned());
    }
    Parser { tokens: tokens(pattern)?, place: 0, parts: Vec::new(), fixed: String::new() }.parse()
}

struct Parser {
    tokens: Vec<Token>,
    place: usize,
    parts: Vec<Part>,
    /// Fixed text that is not yet a part: more of it may follow.
    fixed: String,
}

impl Parser {
    fn parse(mut self) -> Result<Vec<Part>, String> {
        while self.place < self.tokens.len() {
            let first = self.character();
            let name = self.name();
            let matcher = self.matcher(name.is_some())?;
            if name.is_some() || matcher.is_some() {
                let mut prefix = String::new();
                match first {
                    Some('/') => prefix.push('/'),
                    Some(other) => self.fixed.push(other),
                    None => {}
                }
                self.flush();
                let modifier = self.modifier();
                self.add(prefix, name, matcher, String::new(), modifier)?;
                continue;
            }
            if let Some(fixed) = first.or_else(|| self.escaped()) {
                self.fixed.push(fixed);
                continue;
            }
            if !self.take(&Token::Open) {
                return Err(match self.tokens.get(self.place) {
                    Some(Token::Close) => "`}` closes nothing".to_owned(),
                    _ => {
                        "`?` and `+` stand after a group: write `\\?` or `\\+` for the characters themselves".to_owned()
                    }
                });
            }
            let prefix = self.text();
            let name = self.name();
            let matcher = self.matcher(name.is_some())?;
            let suffix = self.text();
            if !self.take(&Token::Close) {
                return Err("`{` holds one group at most, and is closed by `}`".to_owned());
            }
            let modifier = self.modifier();
            self.add(prefix, name, matcher, suffix, modifier)?;
        }
        self.flush();
        Ok(self.parts)
    }

    fn add(
        &mut self,
        prefix: String,
        name: Option<String>,
        matcher: Option<Kind>,
        suffix: String,
        modifier: Modifier,
    ) -> Result<(), String> {
        if name.is_none() && matcher.is_none() {
            if modifier == Modifier::Once {
                self.fixed.push_str(&prefix);
                return Ok(());
            }
            self.flush();
            if !prefix.is_empty() {
                self.parts.push(Part { kind: Kind::Fixed, name, prefix, suffix, modifier });
            }
            return Ok(());
        }
        self.flush();
        if name.is_some() && self.parts.iter().any(|part| part.name == name) {
            return Err(format!("two groups of the name `{}`", name.unwrap_or_default()));
        }
        self.parts.push(Part { kind: matcher.unwrap_or(Kind::Segment), name, prefix, suffix, modifier });
        Ok(())
    }

    /// What is pending becomes a part.
    fn flush(&mut self) {
        if !self.fixed.is_empty() {
            let prefix = std::mem::take(&mut self.fixed);
            let (kind, suffix, modifier) = (Kind::Fixed, String::new(), Modifier::Once);
            self.parts.push(Part { kind, name: None, prefix, suffix, modifier });
        }
    }

    fn next<T>(&mut self, of: impl FnOnce(&Token) -> Option<T>) -> Option<T> {
        let found = of(self.tokens.get(self.place)?)?;
        self.place = self.place.saturating_add(1);
        Some(found)
    }

    fn take(&mut self, token: &Token) -> bool {
        self.next(|found| (found == token).then_some(())).is_some()
    }

    fn character(&mut self) -> Option<char> {
        self.next(|token| if let Token::Char(character) = token { Some(*character) } else { None })
    }

    fn escaped(&mut self) -> Option<char> {
        self.next(|token| if let Token::Escaped(character) = token { Some(*character) } else { None })
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(character) = self.character().or_else(|| self.escaped()) {
            text.push(character);
        }
        text
    }

    fn name(&mut self) -> Option<String> {
        self.next(|token| if let Token::Name(name) = token { Some(name.clone()) } else { None })
    }

    /// A regular expression, or a wildcard where no name came before: after one, `*` is a modifier.
    fn matcher(&mut self, named: bool) -> Result<Option<Kind>, String> {
        if let Some(text) = self.next(|token| if let Token::Regexp(text) = token { Some(text.clone()) } else { None }) {
            return Ok(Some(match text.as_str() {
                ".*" => Kind::Anything,
                r"[^\/]+?" => Kind::Segment,
                text => Kind::Regexp(regexp::parse(text)?),
            }));
        }
        Ok((!named && self.take(&Token::Asterisk)).then_some(Kind::Anything))
    }

    fn modifier(&mut self) -> Modifier {
        self.next(|token| match token {
            Token::Modifier('?') => Some(Modifier::Optional),
            Token::Modifier(_) => Some(Modifier::OneOrMore),
            Token::Asterisk => Some(Modifier::ZeroOrMore),
            _ => None,
        })
        .unwrap_or(Modifier::Once)
    }
}
