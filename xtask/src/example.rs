//! One example of what the gate answers: the line a person pastes, and what must come back.
//!
//! The printed line and the request that `serve --check` makes are the same text.

use serde_json::Value;

/// A request to the gate and the answer it must get.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    title: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    secrets: Vec<String>,
    status: u16,
    checks: Vec<Check>,
}

/// One thing that must hold of an answer.
#[derive(Clone, Debug)]
enum Check {
    Header { name: String, contains: String },
    NoHeader { name: String },
    Member { pointer: String, equals: Value },
    NoMember { pointer: String },
}

/// An answer as `curl -i` prints it.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Example {
    /// `method target` is answered with `status`; `target` is a path, perhaps with a query.
    pub(crate) fn new(title: &str, method: &str, target: &str, status: u16) -> Self {
        Self {
            title: title.to_owned(),
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
            secrets: Vec::new(),
            status,
            checks: Vec::new(),
        }
    }

    /// Sends a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a header with a credential after `before`; no line of the log may contain it.
    pub(crate) fn credential(self, name: &str, before: &str, secret: &str) -> Self {
        self.header(name, &format!("{before}{secret}")).hides(secret)
    }

    /// Sends a credential in some other place; no line of the log may contain it.
    pub(crate) fn hides(mut self, secret: &str) -> Self {
        self.secrets.push(secret.to_owned());
        self
    }

    /// Sends a body.
    pub(crate) fn body(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// The answer has this header, with this in it.
    pub(crate) fn has_header(self, name: &str, contains: &str) -> Self {
        self.check(Check::Header { name: name.to_owned(), contains: contains.to_owned() })
    }

    /// The answer has no such header.
    pub(crate) fn no_header(self, name: &str) -> Self {
        self.check(Check::NoHeader { name: name.to_owned() })
    }

    /// The JSON body has this value at this place, given as a JSON pointer such as `/headers/host`.
    pub(crate) fn member(self, pointer: &str, equals: impl Into<Value>) -> Self {
        self.check(Check::Member { pointer: pointer.to_owned(), equals: equals.into() })
    }

    /// The JSON body has nothing at this place.
    pub(crate) fn no_member(self, pointer: &str) -> Self {
        self.check(Check::NoMember { pointer: pointer.to_owned() })
    }

    fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// What it shows.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// The credentials it sends.
    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The line a person pastes.
    pub(crate) fn line(&self, base: &str) -> String {
        let mut line = "curl -si".to_owned();
        if self.method == "HEAD" {
            line.push_str(" --head");
        } else if self.method != "GET" || self.body.is_some() {
            line.push_str(" -X ");
            line.push_str(&self.method);
        }
        for (name, value) in &self.headers {
            line.push_str(" -H ");
            line.push_str(&quoted(&format!("{name}: {value}")));
        }
        if let Some(body) = &self.body {
            line.push_str(" --data-binary ");
            line.push_str(&quoted(body));
        }
        line.push(' ');
        line.push_str(&quoted(&format!("{base}{}", self.target)));
        line
    }

    /// The title, the line and what it answers, as `serve` prints them.
    pub(crate) fn printed(&self, base: &str) -> String {
        let expected: Vec<String> =
            std::iter::once(self.status.to_string()).chain(self.checks.iter().map(Check::to_string)).collect();
        format!("# {}\n#   answers {}\n{}", self.title, expected.join(", "), self.line(base))
    }

    /// Everything about the answer that is not as it should be.
    pub(crate) fn differences(&self, answer: &Answer) -> Vec<String> {
        let mut differences = Vec::new();
        if answer.status != self.status {
            differences.push(format!("the status is {} instead of {}", answer.status, self.status));
        }
        let json = serde_json::from_str::<Value>(&answer.body).ok();
        differences.extend(self.checks.iter().filter_map(|check| check.difference(answer, json.as_ref())));
        differences
    }
}

impl std::fmt::Display for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Header { name, contains } => write!(f, "{name}: {contains}"),
            Self::NoHeader { name } => write!(f, "no {name}"),
            Self::Member { pointer, equals } => write!(f, "{pointer} = {equals}"),
            Self::NoMember { pointer } => write!(f, "no {pointer}"),
        }
    }
}

impl Check {
    fn difference(&self, answer: &Answer, json: Option<&Value>) -> Option<String> {
        match self {
            Self::Header { name, contains } => match answer.header(name) {
                None => Some(format!("there is no header {name}")),
                Some(value) if value.contains(contains.as_str()) => None,
                Some(value) => Some(format!("{name} is \"{value}\", without \"{contains}\"")),
            },
            Self::NoHeader { name } => {
                answer.header(name).map(|value| format!("there is a header {name} (\"{value}\")"))
            }
            Self::Member { pointer, equals } => match json {
                None => Some("the body is no JSON".to_owned()),
                Some(json) => match json.pointer(pointer) {
                    Some(value) if value == equals => None,
                    Some(value) => Some(format!("{pointer} is {value} instead of {equals}")),
                    None => Some(format!("there is no {pointer} in the body")),
                },
            },
            Self::NoMember { pointer } => match json {
                None => Some("the body is no JSON".to_owned()),
                Some(json) => json.pointer(pointer).map(|value| format!("there is a {pointer} in the body ({value})")),
            },
        }
    }
}

impl Answer {
    /// Reads what `curl -i` printed; interim answers before the last are left out.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut rest = text;
        loop {
            let (head, after) = rest.split_once("\r\n\r\n").or_else(|| rest.split_once("\n\n"))?;
            let mut lines = head.lines();
            let mut status_line = lines.next()?.split_whitespace();
            if !status_line.next()?.starts_with("HTTP/") {
                return None;
            }
            let status: u16 = status_line.next()?.parse().ok()?;
            if (100..200).contains(&status) {
                rest = after;
                continue;
            }
            return Some(Self {
                status,
                headers: lines
                    .filter_map(|line| line.split_once(':'))
                    .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                    .collect(),
                body: after.to_owned(),
            });
        }
    }

    fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// A text that the shell takes as it stands.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Example};

    const PRINTED: &str = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\n\
        WWW-Authenticate: Bearer\r\nwww-authenticate: DPoP\r\nContent-Length: 17\r\n\r\n\
        {\"code\":\"x\\u0079\"}";

    #[test]
    fn the_line_is_what_a_shell_takes_as_it_stands() {
        let example = Example::new("a title", "POST", "/a?b=c", 200).header("x-name", "it's").body("{}");
        assert_eq!(
            example.line("http://127.0.0.1:1"),
            "curl -si -X POST -H 'x-name: it'\\''s' --data-binary '{}' 'http://127.0.0.1:1/a?b=c'"
        );
        assert_eq!(Example::new("", "GET", "/", 200).line("http://h"), "curl -si 'http://h/'");
    }

    #[test]
    fn what_is_printed_says_what_to_expect() {
        let example = Example::new("No credential", "GET", "/a", 401)
            .has_header("www-authenticate", "Bearer")
            .member("/code", "credential_missing");
        assert_eq!(
            example.printed("http://h"),
            "# No credential\n#   answers 401, www-authenticate: Bearer, \
             /code = \"credential_missing\"\ncurl -si 'http://h/a'"
        );
    }

    #[test]
    fn an_answer_is_read_past_interim_ones() {
        let answer = Answer::read(PRINTED).expect("an answer");
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("WWW-Authenticate").as_deref(), Some("Bearer, DPoP"));
        assert_eq!(answer.body, "{\"code\":\"x\\u0079\"}");
        for nothing in ["", "curl: (7) Failed to connect", "HTTP/1.1 200 OK"] {
            assert_eq!(Answer::read(nothing), None);
        }
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let answer = Answer::read(PRINTED).expect("an answer");
        let right = Example::new("", "GET", "/", 401)
            .has_header("www-authenticate", "DPoP")
            .no_header("server")
            .member("/code", "xy")
            .no_member("/detail");
        assert_eq!(right.differences(&answer), Vec::<String>::new());
        let wrong = Example::new("", "GET", "/", 200)
            .has_header("www-authenticate", "Basic")
            .has_header("server", "")
            .no_header("www-authenticate")
            .member("/code", "z")
            .member("/status", 401)
            .no_member("/code");
        assert_eq!(wrong.differences(&answer).len(), 7);
        let no_json = Answer::read("HTTP/1.1 401 X\r\n\r\nplain").expect("an answer");
        assert_eq!(right.differences(&no_json).len(), 3);
    }

    #[test]
    fn a_credential_is_sent_and_remembered() {
        let example = Example::new("", "GET", "/", 200).credential("authorization", "Bearer ", "abc");
        assert!(example.line("").contains("'authorization: Bearer abc'"));
        assert_eq!(example.secrets(), ["abc"]);
    }
}
