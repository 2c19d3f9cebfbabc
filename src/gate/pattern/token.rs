//! The tokens of a pattern (URL Pattern standard, "Tokens" and "Tokenizing"), read strictly: what begins a token and does
//! not finish it is an error.

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// `{`
    Open,
    /// `}`
    Close,
    /// The inside of `(…)`.
    Regexp(String),
    /// The name after `:`.
    Name(String),
    /// A character that stands for itself.
    Char(char),
    /// A character after a backslash, which stands for itself whatever it is.
    Escaped(char),
    /// `?` or `+`
    Modifier(char),
    /// `*`, a wildcard or a modifier by where it stands.
    Asterisk,
}

/// Reads the tokens.
///
/// # Errors
/// What is wrong, in words for the author of the policy.
pub(super) fn tokens(pattern: &str) -> Result<Vec<Token>, String> {
    let mut rest = pattern.chars();
    let mut found = Vec::new();
    while let Some(character) = rest.next() {
        found.push(match character {
            '*' => Token::Asterisk,
            '+' | '?' => Token::Modifier(character),
            '{' => Token::Open,
            '}' => Token::Close,
            '\\' => Token::Escaped(rest.next().ok_or("a backslash with nothing after it")?),
            ':' => {
                let text = rest.as_str();
                let name = name_at(text);
                if name.is_empty() {
                    return Err("`:` without a name: write `\\:` for the character itself".to_owned());
                }
                rest = text.get(name.len()..).unwrap_or_default().chars();
                // The standard would take such a letter for one of the name's.
                if rest.clone().next().is_some_and(|next| !next.is_ascii()) {
                    return Err("a name is of ASCII: write `{:name}` where another letter follows it".to_owned());
                }
                Token::Name(name.to_owned())
            }
            '(' => {
                let text = rest.as_str();
                let inside = regexp_at(text)?;
                // The parenthesis that closes it is one byte.
                rest = text.get(inside.len().saturating_add(1)..).unwrap_or_default().chars();
                Token::Regexp(inside.to_owned())
            }
            other => Token::Char(other),
        });
    }
    Ok(found)
}

/// The identifier at the start of a text. The standard takes those of every script; in a policy they are ASCII.
fn name_at(text: &str) -> &str {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$');
    if !text.bytes().next().is_some_and(is_start) {
        return "";
    }
    let end = text.bytes().position(|byte| !(is_start(byte) || byte.is_ascii_digit())).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// What stands before the parenthesis that closes a group.
fn regexp_at(text: &str) -> Result<&str, String> {
    let mut depth = 1_usize;
    let mut bytes = text.bytes().enumerate().peekable();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            0x80.. => {
                return Err("a regular expression holds ASCII alone: it sees the path as it is escaped".to_owned());
            }
            b'?' if place == 0 => return Err("a regular expression does not begin with `?`".to_owned()),
            // Otherwise what is escaped was taken with it.
            b'\\' if bytes.next().is_none() => return Err("a backslash with nothing after it".to_owned()),
            b'(' => {
                depth = depth.saturating_add(1);
                if bytes.peek().is_none_or(|(_, next)| *next != b'?') {
                    return Err("a group in a regular expression must not capture: write `(?:…)`".to_owned());
                }
            }
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let inside = text.get(..place).unwrap_or_default();
                    return if inside.is_empty() { Err("an empty regular expression".to_owned()) } else { Ok(inside) };
                }
            }
            _ => {}
        }
    }
    Err("`(` is not closed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_token_is_told() {
        let found = tokens(r"/:id_1(\d+\)){\:x}?*é").expect("tokens");
        let expected = [
            Token::Char('/'),
            Token::Name("id_1".into()),
            Token::Regexp(r"\d+\)".into()),
            Token::Open,
            Token::Escaped(':'),
            Token::Char('x'),
            Token::Close,
            Token::Modifier('?'),
            Token::Asterisk,
            Token::Char('é'),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_begins_a_token_finishes_it() {
        for pattern in [r"/\", "/:", "/:1", "/:é", "/:aé", "/(", "/()", "/(?x)", "/((x))", "/(é)", r"/(\", "/(a(?:b)"]
        {
            assert!(tokens(pattern).is_err(), "{pattern}");
        }
    }
}
