//! The body of a report: what was found, and where.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{super::describe, LONGEST_REPORT};
use crate::{
    json,
    verdict::{Denial, Reason},
};

/// The most entries that are looked at.
pub const MOST_ENTRIES: usize = 256;

/// The longest place that is kept, in characters.
const LONGEST_URL: usize = 512;

/// How much of a place is looked through for tokens, in characters: more than is kept, so that a token that is cut off
/// at the end of what is kept is seen.
const LOOKED_THROUGH: usize = 2048;

/// The longest name of a kind of place that is kept, in characters. The protocol's longest has some 40.
const LONGEST_SOURCE: usize = 64;

/// The fewest characters of a token that is looked for in what is kept of the report: fewer stand in any URL.
const LEAST_HIDDEN: usize = 8;

/// What stands for a text that holds one of the tokens.
const HIDDEN: &str = "(hidden: it holds a token)";

/// One thing that was found.
pub(super) struct Entry {
    pub(super) token: Zeroizing<String>,
    /// The name under which the sender looks for such tokens; the answer repeats it.
    pub(super) kind: String,
    /// Where it was found, as the audit event may say it.
    pub(super) url: String,
    /// In what kind of place.
    pub(super) source: String,
}

/// Reads a report. It is strict JSON; members that are not known are left alone, for the format is its sender's.
///
/// # Errors
/// [`Reason::BodyInvalid`], and [`Reason::BodyTooLarge`] for too many entries. The notes quote nothing.
pub(super) fn read(body: &[u8]) -> Result<Vec<Entry>, Denial> {
    let invalid = |words: String| Denial::new(Reason::BodyInvalid).noting(words);
    if body.len() > LONGEST_REPORT {
        return Err(Denial::new(Reason::BodyTooLarge).noting(format!("more than {LONGEST_REPORT} bytes")));
    }
    let report = json::parse(body).map_err(|error| invalid(format!("the report: {error}")))?;
    let Value::Array(entries) = report else { return Err(invalid("the report is no array".to_owned())) };
    if entries.len() > MOST_ENTRIES {
        return Err(Denial::new(Reason::BodyTooLarge).noting(format!("more than {MOST_ENTRIES} entries")));
    }
    let mut read = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let Value::Object(members) = entry else { return Err(invalid(format!("/{index}: no object"))) };
        read.push(self::entry(members).map_err(|name| invalid(format!("/{index}/{name}: no string")))?);
    }
    hide(&mut read);
    Ok(read)
}

/// An entry, or the member that is not as it should be.
fn entry(mut members: Map<String, Value>) -> Result<Entry, &'static str> {
    let mut text = |name: &'static str, required: bool| match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        // The place may be missing, and older senders do not say of what kind it is.
        None | Some(Value::Null) if !required => Ok(String::new()),
        _ => Err(name),
    };
    Ok(Entry {
        token: Zeroizing::new(text("token", true)?),
        kind: text("type", true)?,
        url: text("url", false)?,
        source: text("source", false)?,
    })
}

/// Leaves of each place what may be kept: visible ASCII of a bounded length, no query, and nothing in which one of the
/// report's tokens stands. A place is a stranger's text, and a token may well be a part of it.
fn hide(entries: &mut [Entry]) {
    let tokens: Vec<Zeroizing<String>> =
        entries.iter().filter(|entry| entry.token.len() >= LEAST_HIDDEN).map(|entry| entry.token.clone()).collect();
    for entry in entries {
        for (text, longest) in [(&mut entry.url, LONGEST_URL), (&mut entry.source, LONGEST_SOURCE)] {
            *text = kept(text, longest, &tokens);
        }
    }
}

fn kept(text: &str, longest: usize, tokens: &[Zeroizing<String>]) -> String {
    let (before, _) = text.split_once('?').unwrap_or((text, ""));
    let visible: String = before.chars().filter(|letter| matches!(letter, '!'..='~')).take(LOOKED_THROUGH).collect();
    // Looked for before the text is cut: a part of a token would be no better.
    if tokens.iter().any(|token| holds(&visible, token)) || holds_a_key(&visible) {
        return HIDDEN.to_owned();
    }
    without_user(&visible).chars().take(longest).collect()
}

/// Whether a text holds a token, or the secret of a key of any form that it is.
fn holds(text: &str, token: &str) -> bool {
    let secret = describe(token).and_then(|parts| token.get(parts.spans.secret));
    text.contains(token) || secret.is_some_and(|secret| text.contains(secret))
}

/// Whether a text holds a well-formed key that the report does not name.
fn holds_a_key(text: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').any(|word| describe(word).is_some())
}

/// A URL without the name and the password that may stand before its host (RFC 3986 §3.2.1).
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    match rest.strip_prefix(user).and_then(|rest| rest.strip_prefix('@')) {
        Some(rest) => format!("{scheme}://{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7000000";

    fn refused(body: &str) -> (Reason, String) {
        let denial = read(body.as_bytes()).err().expect("refused");
        (denial.reason, denial.note.expect("a note"))
    }

    fn places(token: &str, url: &str, source: &str) -> (String, String) {
        let body = json!([{ "token": token, "type": "t", "url": url, "source": source }]).to_string();
        let mut entries = read(body.as_bytes()).expect("a report");
        let entry = entries.pop().expect("an entry");
        (entry.url, entry.source)
    }

    #[test]
    fn a_report_is_read() {
        let body = r#"[{"token":"t1","type":"key","url":"https://a.example/b#L3","source":"commit","more":[1]},
                       {"type":"key","token":"t2"},{"type":"","token":"","url":null,"source":null}]"#;
        let entries = read(body.as_bytes()).expect("a report");
        let seen: Vec<_> = entries
            .iter()
            .map(|entry| (entry.token.as_str(), entry.kind.as_str(), entry.url.as_str(), entry.source.as_str()))
            .collect();
        let expected = [("t1", "key", "https://a.example/b#L3", "commit"), ("t2", "key", "", ""), ("", "", "", "")];
        assert_eq!(seen, expected);
        assert!(read(b"[]").expect("nothing found").is_empty());
    }

    #[test]
    fn what_is_no_report_is_refused_with_its_place() {
        for (body, words) in [
            ("", "not JSON"),
            ("{}", "no array"),
            ("[1]", "/0: no object"),
            (r#"[{"token":"t"}]"#, "/0/type: no string"),
            (r#"[{"type":"t"}]"#, "/0/token: no string"),
            (r#"[{"token":"t","type":"t"},{"token":1,"type":"t"}]"#, "/1/token: no string"),
            (r#"[{"token":null,"type":"t"}]"#, "/0/token: no string"),
            (r#"[{"token":"t","type":"t","url":[]}]"#, "/0/url: no string"),
            (r#"[{"token":"t","type":"t","source":7}]"#, "/0/source: no string"),
            (r#"[{"token":"t","token":"u","type":"t"}]"#, "twice"),
        ] {
            let (reason, note) = refused(body);
            assert_eq!(reason, Reason::BodyInvalid, "{body}");
            assert!(note.contains(words), "{body}: {note}");
        }
    }

    #[test]
    fn a_report_has_an_end() {
        let of = |count: usize| json!(vec![json!({ "token": "t", "type": "k" }); count]).to_string();
        assert_eq!(read(of(MOST_ENTRIES).as_bytes()).expect("a report").len(), 256);
        assert_eq!(refused(&of(MOST_ENTRIES + 1)), (Reason::BodyTooLarge, "more than 256 entries".to_owned()));
        let padded = format!("[{}]", " ".repeat(LONGEST_REPORT));
        assert_eq!(refused(&padded).0, Reason::BodyTooLarge);
    }

    #[test]
    fn of_a_place_no_more_is_kept_than_can_be_shown() {
        assert_eq!(
            places("t", "https://a.example/b?key=x", "issue body\n"),
            ("https://a.example/b".into(), "issuebody".into())
        );
        assert_eq!(
            places("t", "https://\u{1b}[31ma.ex\u{e4}mple/\u{202e}", ""),
            ("https://[31ma.exmple/".into(), String::new())
        );
        for (url, shown) in [
            ("https://ada:secret@a.example/b@c", "https://a.example/b@c"),
            ("https://a@b@a.example", "https://a.example"),
            ("https://@a.example/", "https://a.example/"),
            ("https://a.example/@b/c#d@e", "https://a.example/@b/c#d@e"),
            ("a@b", "a@b"),
        ] {
            assert_eq!(places("t", url, "").0, shown);
        }
        let (url, source) = places("t", &"u".repeat(10_000), &"s".repeat(10_000));
        assert_eq!((url.len(), source.len()), (LONGEST_URL, LONGEST_SOURCE));
    }

    #[test]
    fn a_place_that_holds_a_token_is_hidden() {
        let secret = &KEY[27..59];
        for url in [
            format!("https://a.example/{KEY}"),
            format!("https://a.example/x/{secret}/y"),
            format!("https://a.example/{}", KEY.replacen("Vw3", "Vw\u{200b}3", 1)),
            // It would be cut in the middle.
            format!("https://a.example/{}{KEY}", "u".repeat(470)),
        ] {
            assert_eq!(places(KEY, &url, "commit"), (HIDDEN.into(), "commit".into()), "{url}");
        }
        assert_eq!(places(KEY, "", secret), (String::new(), HIDDEN.into()));
        // One token in the place of another.
        let body = json!([{ "token": "t", "type": "k", "url": KEY }, { "token": KEY, "type": "k" }]).to_string();
        assert_eq!(read(body.as_bytes()).expect("a report").first().expect("an entry").url, HIDDEN);
        // Nor is a key shown that the report does not name.
        assert_eq!(places("t", &format!("https://a.example/{KEY}.txt"), "").0, HIDDEN);
        assert_eq!(places("a", "https://a.example/", "").0, "https://a.example/");
    }
}
