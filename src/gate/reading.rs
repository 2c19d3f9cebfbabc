//! How paths are read: the one spelling in which the gate compares them, and what more lenient readers make of them.
//!
//! [`super::path`] refuses every path that has no single strict reading. What is left can still be read in more ways than
//! one by an origin that looks away from case, from a slash at the end, or from what it takes for a parameter. These
//! readings are made here, so that none of them reaches another route than the strict one.

/// The path's text in one spelling: what the URL standard escapes in paths is escaped, with capital digits.
pub(super) fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut spelled = String::with_capacity(text.len());
    // How many digits of an escape are still to come.
    let mut digits = 0_u8;
    for byte in text.bytes() {
        let in_escape = digits > 0;
        digits = if byte == b'%' { 2 } else { digits.saturating_sub(1) };
        match byte {
            b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}' | 0..=b' ' | 0x7f.. => {
                // Writing to a string does not fail.
                let _ = write!(spelled, "%{byte:02X}");
            }
            _ if in_escape => spelled.push(char::from(byte.to_ascii_uppercase())),
            _ => spelled.push(char::from(byte)),
        }
    }
    spelled
}

/// The text without its escapes; none where they are broken, or no UTF-8.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(piece.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

/// A text for comparison without regard to escapes and case. Letters that are one in either case are one, as the sign of
/// the kelvin and the letter k.
pub(super) fn fold(text: &str) -> String {
    if !text.contains('%') {
        return text.to_ascii_lowercase();
    }
    let Some(plain) = unescape(text) else { return text.to_ascii_lowercase() };
    let folded: String = plain.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    escape(&folded).to_ascii_lowercase()
}

/// What lenient readers make of a strictly read path, folded: escapes undone, case looked away from, a slash at the end
/// dropped; and where there is anything of it, what follows an escaped `;`, `?` or `#` cut off, and dots and spaces at
/// the end of a segment dropped.
pub(super) fn lenient(path: &str) -> Vec<String> {
    let cuts = ["%3B", "%3F", "%23"].iter().any(|mark| path.contains(mark));
    let trims = path.contains('.') || path.contains("%20");
    let mut readings: Vec<String> = Vec::with_capacity(2);
    let mut add = |reading: String| {
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    };
    for (cut, trim) in [(false, false), (true, false), (false, true), (true, true)] {
        if (cut && !cuts) || (trim && !trims) {
            continue;
        }
        let reading = if cut || trim { without(path, cut, trim) } else { path.to_owned() };
        let reading = fold(&reading);
        if let Some(shorter) = reading.strip_suffix('/').filter(|shorter| !shorter.is_empty()) {
            add(shorter.to_owned());
        }
        add(reading);
    }
    readings
}

/// What is left of readings whose last segment ends with the name of a format, as `.json`: some routers take that off
/// before they choose. Where there is more than one dot, it is taken for the first and for the last of them.
pub(super) fn without_format(readings: &[String]) -> Vec<String> {
    let mut left: Vec<String> = Vec::new();
    for reading in readings {
        let Some((before, last)) = reading.rsplit_once('/') else { continue };
        for name in [last.split_once('.'), last.rsplit_once('.')].into_iter().flatten().map(|(name, _)| name) {
            let shorter = format!("{before}/{name}");
            if !name.is_empty() && !left.contains(&shorter) {
                left.push(shorter);
            }
        }
    }
    left
}

/// The path with parameters cut off, with the ends of segments trimmed, or both; then its empty segments are gone.
fn without(path: &str, cut: bool, trim: bool) -> String {
    let mut path = path;
    if cut {
        for mark in ["%3F", "%23"] {
            path = path.split(mark).next().unwrap_or_default();
        }
    }
    let mut left = String::with_capacity(path.len());
    for segment in path.split('/') {
        let segment = if cut { segment.split("%3B").next().unwrap_or_default() } else { segment };
        let segment = if trim { trimmed(segment) } else { segment };
        if !segment.is_empty() {
            left.push('/');
            left.push_str(segment);
        }
    }
    if left.is_empty() { "/".to_owned() } else { left }
}

/// A segment as file systems read it that drop dots and spaces at the end of a name.
fn trimmed(mut segment: &str) -> &str {
    while let Some(shorter) = segment.strip_suffix('.').or_else(|| segment.strip_suffix("%20")) {
        segment = shorter;
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_spelling() {
        assert_eq!(escape("/caf%c3%a9 {x}"), "/caf%C3%A9%20%7Bx%7D");
        assert_eq!(escape("/caf\u{e9}"), "/caf%C3%A9");
        assert_eq!(escape("/a%2ab"), "/a%2Ab");
        assert_eq!(escape("/a!$&'()*+,:=@|[]~"), "/a!$&'()*+,:=@|[]~");
    }

    #[test]
    fn escapes_are_undone_or_the_text_is_refused() {
        assert_eq!(unescape("org%20%C3%A9").as_deref(), Some("org \u{e9}"));
        for text in ["%", "%2", "%zz", "%+1", "%ff", "%C3"] {
            assert_eq!(unescape(text), None, "{text}");
        }
    }

    #[test]
    fn formats_are_taken_off() {
        let left = |path: &str| without_format(&lenient(path));
        assert_eq!(left("/v1/Admin.JSON"), ["/v1/admin"]);
        assert_eq!(left("/v1/a.b.c/"), ["/v1/a", "/v1/a.b"]);
        for path in ["/", "/v1/admin", "/v1/.env", "/v1.0/admin"] {
            assert!(left(path).is_empty(), "{path}: {:?}", left(path));
        }
    }

    #[test]
    fn lenient_readings_are_found() {
        assert_eq!(lenient("/v1/Admin"), ["/v1/admin"]);
        assert_eq!(lenient("/v1/admin/"), ["/v1/admin", "/v1/admin/"]);
        assert_eq!(lenient("/"), ["/"]);
        assert_eq!(lenient("/v1/%40me"), ["/v1/@me"]);
        for (path, reading) in [
            ("/v1/admin%3Bx=1", "/v1/admin"),
            ("/v1/%3Bx/admin", "/v1/admin"),
            ("/v1/admin%3Fx", "/v1/admin"),
            ("/v1/admin%23x/y", "/v1/admin"),
            ("/v1/admin.", "/v1/admin"),
            ("/v1/admin%20%20./", "/v1/admin"),
            ("/v1/.../admin", "/v1/admin"),
            ("/v1/ADMIN.%3Bx", "/v1/admin"),
            ("/v1/admin%3B.", "/v1/admin"),
            ("/%C3%89", "/%c3%a9"),
        ] {
            assert!(lenient(path).iter().any(|found| found == reading), "{path}: {:?}", lenient(path));
        }
    }
}
