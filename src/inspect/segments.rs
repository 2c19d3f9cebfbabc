//! The segments of a token, read as far as they go. Nothing that is decided rests on what is read here: the strict
//! readers say what is wrong, and where.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Fault, MemberSpan, spans};
use crate::{jose::base64url, json};

/// What is said of a longer token is that it is too long: it is not read.
const LONGEST: usize = 4 * 1024 * 1024;

/// A segment of a token, decoded as far as it goes.
#[derive(Debug, Clone, Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The decoded text, what is no UTF-8 replaced.
    pub text: Option<String>,
    /// What the verifier says against it.
    pub fault: Option<Fault>,
    /// Where it goes wrong, where it does.
    pub broken: Option<Broken>,
    /// Where its members stand.
    pub spans: Vec<MemberSpan>,
    /// Whether there are more members than are told of.
    pub more_spans: bool,
}

/// The place where a segment goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// What goes wrong there.
    pub kind: BrokenKind,
    /// The byte of the decoded text; none where it cannot be decoded that far.
    pub byte: Option<usize>,
    /// The character of the token, in UTF-16 code units as JavaScript counts them.
    pub character: Option<usize>,
}

/// What goes wrong in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenKind {
    /// The base64url.
    Base64url,
    /// The UTF-8.
    Utf8,
    /// The JSON.
    Json,
}

/// A segment of a token, decoded.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
    bytes: Vec<u8>,
    /// Where it begins in the token, in UTF-16 code units.
    start: usize,
    /// Whether a byte of it is where its characters are: no white space stands between them.
    aligned: bool,
    base64url: Option<usize>,
    /// Its members, the last where one stands twice.
    pub(super) members: Map<String, Value>,
}

/// What can be read of a token.
#[derive(Debug, Clone, Default)]
pub(super) struct Segments {
    pub(super) header: Segment,
    pub(super) payload: Segment,
}

impl Segments {
    /// The `iss` that the payload claims.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.payload.members.get("iss")?.as_str()
    }
}

/// The header and the payload, whatever is wrong with the outline. Of an encrypted token only the header can be read
/// (RFC 7516 §7.1).
pub(super) fn read(credential: &str) -> Segments {
    if credential.starts_with('{') || credential.len() > LONGEST {
        return Segments::default();
    }
    let mut segments = credential.split('.');
    let (header, payload) = (segments.next().unwrap_or_default(), segments.next());
    let encrypted = segments.count() == 3;
    let start = header.encode_utf16().count().saturating_add(1);
    Segments {
        header: Segment::read(header, 0),
        payload: payload.filter(|_| !encrypted).map_or_else(Segment::default, |payload| Segment::read(payload, start)),
    }
}

impl Segment {
    fn read(text: &str, start: usize) -> Self {
        let bytes = lenient(text).unwrap_or_default();
        let members = match json::parse_leniently(&bytes) {
            Some(Value::Object(members)) => members,
            _ => Map::default(),
        };
        Self {
            bytes,
            start,
            aligned: !text.contains(|character: char| character.is_ascii_whitespace()),
            base64url: base64url::decode(text).err(),
            members,
        }
    }

    /// The character of the token that a byte of the text begins in.
    fn character(&self, byte: usize) -> Option<usize> {
        let within = byte.saturating_mul(8) / 6;
        self.aligned.then(|| self.start.saturating_add(within))
    }

    /// What is told of it. `fault` is the verifier's word on it.
    pub(super) fn part(&self, fault: Option<Fault>) -> Part {
        if self.bytes.is_empty() {
            return Part { fault, broken: self.broken(), ..Part::default() };
        }
        let whole = std::str::from_utf8(&self.bytes);
        let valid = whole.map_or_else(|error| error.valid_up_to(), str::len);
        let text = self.bytes.get(..valid).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
        let (mut spans, more_spans) = spans::find(text);
        for span in &mut spans {
            let [start, end] = span.bytes;
            // The last character of a member may be the first of what comes after it.
            let last = end.saturating_mul(8).div_ceil(6);
            span.characters = self.character(start).map(|first| [first, self.start.saturating_add(last)]);
        }
        Part {
            text: Some(String::from_utf8_lossy(&self.bytes).into_owned()),
            fault,
            broken: self.broken(),
            spans,
            more_spans,
        }
    }

    /// The first place where it goes wrong.
    fn broken(&self) -> Option<Broken> {
        if let Some(at) = self.base64url {
            // What stands before the first wrong character is ASCII.
            let character = Some(self.start.saturating_add(at));
            return Some(Broken { kind: BrokenKind::Base64url, byte: None, character });
        }
        if let Err(error) = std::str::from_utf8(&self.bytes) {
            let byte = error.valid_up_to();
            return Some(Broken { kind: BrokenKind::Utf8, byte: Some(byte), character: self.character(byte) });
        }
        let byte = json::place_of_fault(&self.bytes)?;
        Some(Broken { kind: BrokenKind::Json, byte: Some(byte), character: self.character(byte) })
    }
}

/// Decodes a segment up to the first character that is no base64 of any kind.
pub(super) fn lenient(segment: &str) -> Option<Vec<u8>> {
    let mut digits: String = segment
        .chars()
        .filter(|digit| !digit.is_ascii_whitespace())
        .map(|digit| match digit {
            '+' => '-',
            '/' => '_',
            other => other,
        })
        .take_while(|digit| digit.is_ascii_alphanumeric() || matches!(digit, '-' | '_'))
        .collect();
    let whole_bytes = digits.len().saturating_mul(6) / 8;
    // Zero bits up to the next whole block, so that what is left over decodes.
    let missing = digits.len().next_multiple_of(4).saturating_sub(digits.len());
    digits.extend(std::iter::repeat_n('A', missing));
    let mut bytes = base64url::decode(&digits).ok()?;
    bytes.truncate(whole_bytes);
    (!bytes.is_empty()).then_some(bytes)
}
