//! Paths that can be read in one way only.
//!
//! A gate and an origin that read a path differently protect different resources. So a path whose reading depends on
//! who decodes it is refused, whatever the route.

use crate::verdict::{Denial, Reason};

/// The segments of a path, after its leading slash.
///
/// # Errors
/// [`Reason::PathAmbiguous`] for dot segments, empty segments other than the last, backslashes, bytes that need an
/// escape, escapes that are broken or needless (RFC 3986 §2.3), and escapes of a separator, of a control character, or of what is no UTF-8.
pub(super) fn segments(path: &str) -> Result<Vec<&str>, Denial> {
    let ambiguous = |what: &str| Denial::new(Reason::PathAmbiguous).noting(what);
    let rest = path.strip_prefix('/').ok_or_else(|| ambiguous("no leading slash"))?;
    let segments: Vec<&str> = rest.split('/').collect();
    for (place, segment) in segments.iter().enumerate() {
        let is_last = place.saturating_add(1) == segments.len();
        if segment.is_empty() && !is_last {
            return Err(ambiguous("an empty segment"));
        }
        if is_dots(segment) {
            return Err(ambiguous("a dot segment"));
        }
        check_bytes(segment).map_err(ambiguous)?;
    }
    Ok(segments)
}

/// Whether a segment is `.` or `..`, or would be for a reader that cuts off what it takes for a parameter, a query or a
/// fragment, or that drops spaces.
fn is_dots(segment: &str) -> bool {
    if !segment.starts_with('.') && !segment.starts_with('%') {
        return false;
    }
    let mut name = segment.to_ascii_lowercase().replace("%20", "");
    for mark in ["%3b", "%3f", "%23"] {
        name.truncate(name.find(mark).unwrap_or(name.len()));
    }
    name == "." || name == ".."
}

fn check_bytes(segment: &str) -> Result<(), &'static str> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => match (bytes.next().and_then(hex), bytes.next().and_then(hex)) {
                (Some(high), Some(low)) => check_escape(high << 4 | low)?,
                _ => return Err("a broken escape"),
            },
            b'\\' => return Err("a backslash"),
            // Some origins cut a segment here, and serve what stands before it.
            b';' => return Err("a path parameter"),
            // Where a path came alone: one reader ends it here, and another goes on.
            b'?' | b'#' => return Err("a query or a fragment"),
            b'!'..=b'~' => byte,
            _ => return Err("a byte that needs an escape"),
        });
    }
    // Lenient decoders read `%c0%af` as a slash, and each reads broken UTF-8 in its own way.
    if std::str::from_utf8(&decoded).is_err() { Err("escapes that are no UTF-8") } else { Ok(()) }
}

fn check_escape(byte: u8) -> Result<u8, &'static str> {
    match byte {
        b'/' | b'\\' => Err("an escaped separator"),
        0..=0x1f | 0x7f => Err("an escaped control character"),
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => Err("a needless escape"),
        // `%25` would be an escape for whoever decodes twice.
        b'%' => Err("an escaped percent sign"),
        _ => Ok(byte),
    }
}

/// Whether a piece of a path, cut anywhere, could stand in one that [`segments`] takes.
///
/// # Errors
/// What makes it ambiguous.
pub(super) fn check_text(text: &str) -> Result<(), &'static str> {
    // What stands before the first slash of the piece and after its last may go on outside of it.
    let whole = text.matches('/').count().saturating_sub(1);
    for segment in text.split('/').skip(1).take(whole) {
        if matches!(segment, "" | "." | "..") {
            return Err(if segment.is_empty() { "an empty segment" } else { "a dot segment" });
        }
    }
    text.split('/').try_for_each(check_bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_have_segments() {
        assert_eq!(segments("/"), Ok(vec![""]));
        assert_eq!(segments("/v1/reports"), Ok(vec!["v1", "reports"]));
        assert_eq!(segments("/v1/reports/"), Ok(vec!["v1", "reports", ""]));
        assert_eq!(segments("/caf%C3%A9/a%20b/...x"), Ok(vec!["caf%C3%A9", "a%20b", "...x"]));
    }

    #[test]
    fn a_piece_of_a_path_is_judged_by_what_is_whole_in_it() {
        for text in ["", "/", "/v1/", ".json", "..", "/.", "./", "a/b", "/a/./"] {
            assert_eq!(check_text(text).is_ok(), text != "/a/./", "{text}");
        }
        for text in ["//", "/../", "/a//", "%61", "a;b", "%", "a b"] {
            assert!(check_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for path in [
            "",
            "v1",
            "//v1",
            "/v1//x",
            "/v1/./x",
            "/v1/../x",
            "/v1/..",
            "/v1/.",
            "/v1/%2e%2e/x",
            "/v1/..;a=b/x",
            "/v1/admin;x",
            "/v1/..%3Bx/admin",
            "/v1/.%3bx/admin",
            "/v1/..%3F",
            "/v1/..%23x",
            "/v1/..%20/admin",
            "/v1/%20.%20./admin",
            "/v1%2Fx",
            "/v1%5cx",
            "/v1\\x",
            "/v1?x",
            "/v1#x",
            "/v1/%61",
            "/v1/%",
            "/v1/%2",
            "/v1/%zz",
            "/v1/%00",
            "/v1/%0d%0a",
            "/v1/%252e",
            "/v1/%c0%af",
            "/v1/%c0%ae%c0%ae",
            "/v1/%c3",
            "/v1/%ff",
            "/v1/a b",
            "/v1/caf\u{e9}",
            "/v1/\u{7f}",
        ] {
            assert_eq!(segments(path).expect_err(path).reason, Reason::PathAmbiguous, "{path:?}");
        }
    }
}
