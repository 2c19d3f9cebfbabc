//! What a type's reader says of a document, taken apart: what kind of fault it is, and what to do about it.

use crate::json::ReadError;

/// The longest name that is compared with those that are known.
const LONGEST_NAME: usize = 64;

/// What the members are that no policy can leave out.
const NEEDED: [(&str, &str); 24] = [
    ("addresses", "the addresses of the proxies, in CIDR notation"),
    ("algorithms", "the signature algorithms, as `[\"ES256\"]`"),
    ("audience", "whom it is for: the name of the origin, as it stands in `aud`"),
    ("by", "what is counted together: `class`, `key`, `organization` or `address`"),
    ("classes", "the classes of credential that the route accepts: `m2m_token`, `api_key`"),
    ("clientId", "the client id of this API at the server"),
    ("dialect", "how the proxy asks: `nginx`, `traefik`, `envoy` or `caddy`"),
    ("endpoint", "the `https` URL of the introspection endpoint"),
    ("environment", "`live` or `test`"),
    ("header", "the header that the proxies write the client's address into, as `x-forwarded-for`"),
    ("identifier", "the URL of the API, as `https://api.example`"),
    ("issuer", "the issuer, as it stands in `iss`"),
    ("issuers", "the issuers whose tokens are accepted"),
    ("jwks", "the public keys: a JSON Web Key Set, `{ \"keys\": [ … ] }`"),
    ("keys", "the keys of the set"),
    ("limit", "how many requests a period allows"),
    ("maxAge", "a number of seconds"),
    ("methods", "the HTTP methods in upper case, as `[\"GET\"]`"),
    ("name", "a name of `a`–`z`, digits, `-` and `_`"),
    ("origins", "the origins of the pages, as `[\"https://app.example\"]`"),
    ("path", "the path, as `/v1/reports/:id`"),
    ("period", "a number of seconds"),
    ("prefix", "what the keys begin with"),
    ("prefixes", "what the keys of another form begin with"),
];

/// What a member is that cannot be left out.
#[must_use]
pub fn needed_member(name: &str) -> Option<&'static str> {
    NEEDED.iter().find_map(|(known, words)| (*known == name).then_some(*words))
}

/// What the reader could not take.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Where: a JSON pointer.
    pub(super) pointer: String,
    pub(super) kind: Kind,
    words: String,
}

/// The kinds of faults that are mended in different ways.
#[derive(Debug)]
pub(super) enum Kind {
    /// A member of a name that nobody knows, and the known one that it is most like.
    Unknown { name: String, near: Option<String> },
    /// A member that is needed.
    Missing { name: String },
    /// A word that is none of those that are known.
    Variant { known: Vec<String> },
    /// A value of another type, or one that the type refuses.
    Other,
}

impl Wrong {
    pub(super) fn of(error: &ReadError) -> Self {
        let (pointer, words) = (error.pointer(), error.words().to_owned());
        let unknown = error.member().and_then(|name| {
            let rest = words.strip_prefix("unknown field `")?.strip_prefix(name)?.strip_prefix('`')?;
            Some(Kind::Unknown { name: name.to_owned(), near: nearest(name, quoted(rest)) })
        });
        let missing = || words.strip_prefix("missing field `")?.strip_suffix('`');
        let variant = || words.strip_prefix("unknown variant `")?.rsplit_once("`, expected ").map(|(_, known)| known);
        let kind = if let Some(unknown) = unknown {
            unknown
        } else if let Some(name) = missing() {
            Kind::Missing { name: name.to_owned() }
        } else if let Some(known) = variant() {
            // The last of two is behind the split.
            let known = quoted(known).map(str::to_owned).collect();
            Kind::Variant { known }
        } else {
            Kind::Other
        };
        Self { pointer, kind, words }
    }

    /// What is wrong. What stands at the place is not repeated: somebody may have put a secret there.
    pub(super) fn words(&self) -> String {
        let without_value = || {
            let (_, expected) = self.words.strip_prefix("invalid type: string \"")?.rsplit_once("\", expected ")?;
            Some(format!("invalid type: a string, expected {expected}"))
        };
        let words = without_value().unwrap_or_else(|| self.words.clone());
        match words.split_once("expected struct ") {
            Some((before, _)) => format!("{before}expected an object"),
            None => words,
        }
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> String {
        match &self.kind {
            Kind::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Kind::Unknown { near: None, .. } => "take it out: nothing here goes by that name".to_owned(),
            Kind::Missing { name } => match needed_member(name) {
                Some(what) => format!("`{name}`: {what}"),
                None => format!("`{name}` cannot be left out"),
            },
            Kind::Variant { known } => {
                let meant =
                    self.words.split('`').nth(1).and_then(|word| nearest(word, known.iter().map(String::as_str)));
                meant.map_or_else(|| format!("write {}", one_of(known)), |near| format!("did you mean `{near}`?"))
            }
            Kind::Other => self.hint_of_type().to_owned(),
        }
    }

    fn hint_of_type(&self) -> &'static str {
        let expected = self.words().rsplit_once("expected ").map(|(_, expected)| expected.to_owned());
        match expected.as_deref().unwrap_or_default() {
            "a sequence" => "write an array: `[ … ]`",
            "an object" | "a map" => "write an object: `{ … }`",
            "a string" => "write text in quotes",
            "a string or an array of strings" => "write text in quotes, or an array of such",
            "a boolean" => "write `true` or `false`, without quotes",
            "u16" => "write a whole number from 0 to 65535, without quotes",
            "u32" | "u64" | "usize" => "write a whole number, at least 0 and without quotes",
            "i64" => "write a whole number, without quotes",
            _ => "the schema of the policy says what can stand here",
        }
    }
}

fn one_of(known: &[String]) -> String {
    known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

/// The words in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The name that is most like this one, if one is: a third of its letters may be other ones, or two that changed places.
pub(super) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    if name.len() > LONGEST_NAME {
        return None;
    }
    let (distance, nearest) =
        known.map(|candidate| (distance(name, candidate), candidate)).min_by_key(|(distance, _)| *distance)?;
    let most = nearest.chars().count().saturating_add(1).checked_div(3).unwrap_or_default();
    (distance <= most).then(|| nearest.to_owned())
}

/// How many letters must be put in, left out or changed to make one name of the other (Levenshtein). Case counts for
/// nothing, as far as names have letters: ASCII.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut diagonal = line;
        let mut left = line.saturating_add(1);
        for (cell, expected) in row.iter_mut().zip(std::iter::once(None).chain(other.iter().map(Some))) {
            let Some(expected) = expected else {
                diagonal = std::mem::replace(cell, left);
                continue;
            };
            let changed = diagonal.saturating_add(usize::from(*expected != letter));
            let least = changed.min(left.saturating_add(1)).min(cell.saturating_add(1));
            diagonal = std::mem::replace(cell, least);
            left = least;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_the_nearest_one() {
        let known = ["issuers", "apiKeys", "routes", "origin", "jwksUri", "maxAge"];
        for (name, meant) in [
            ("isuers", Some("issuers")),
            ("issuer", Some("issuers")),
            ("apikeys", Some("apiKeys")),
            ("API_KEYS", Some("apiKeys")),
            ("rotues", Some("routes")),
            ("orgiin", Some("origin")),
            ("jwksUrl", Some("jwksUri")),
            ("age", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known.into_iter()).as_deref(), meant, "{name}");
        }
        assert_eq!(nearest(&"issuers".repeat(20), known.into_iter()), None);
        assert_eq!(nearest("x", std::iter::empty()), None);
    }

    #[test]
    fn the_distance_is_that_of_levenshtein() {
        for (one, other, steps) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("Ab", "aB", 0),
        ] {
            assert_eq!((distance(one, other), distance(other, one)), (steps, steps), "{one} {other}");
        }
    }
}
