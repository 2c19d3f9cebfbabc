//! Whether two URLs name one target (RFC 9449 §4.3, check 9): without query and fragment, and after the normalization
//! of RFC 3986 §6.2.2 and §6.2.3.

/// Whether `htu` names the target of a request. What cannot be read strictly names none.
pub(crate) fn is_target(htu: &str, request: &str) -> bool {
    normalize(htu).is_some_and(|named| normalize(request).as_ref() == Some(&named))
}

/// Scheme and host in lower case, no default port, no empty path, escapes in one spelling, no query and no fragment.
/// None for what is no absolute `http` or `https` URL in ASCII, and for what two readers could take for two targets:
/// user information, backslashes, dot segments, broken escapes.
fn normalize(url: &str) -> Option<String> {
    if !url.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'\\') {
        return None;
    }
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => "443",
        "http" => "80",
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next()?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand before its bracket.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_host = !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':'));
    if !is_host || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let host = host.to_ascii_lowercase();
    let port = if port.is_empty() || port == default_port { String::new() } else { format!(":{port}") };
    let path = unescape(path)?;
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return None;
    }
    Some(format!("{scheme}://{host}{port}/{path}"))
}

/// Escapes of unreserved characters undone, the others with upper-case digits (RFC 3986 §6.2.2.1, §6.2.2.2).
fn unescape(path: &str) -> Option<String> {
    let mut pieces = path.split('%');
    let mut normalized = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, rest) = (piece.get(..2)?, piece.get(2..)?);
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let byte = u8::from_str_radix(digits, 16).ok()?;
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            normalized.push(char::from(byte));
        } else {
            normalized.push('%');
            normalized.push_str(&digits.to_ascii_uppercase());
        }
        normalized.push_str(rest);
    }
    Some(normalized)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_target_are_one() {
        let target = "https://api.example/a/b~c";
        for htu in [
            target,
            "HTTPS://API.example:443/a/b~c",
            "https://api.example:/a/b%7Ec",
            "https://api.example/a/b%7ec?x=1",
            "https://api.example/a/b~c#d",
            "https://api.example/%61/b~c",
        ] {
            assert!(is_target(htu, target) && is_target(target, htu), "{htu}");
        }
        assert!(is_target("http://[2001:DB8::1]:80", "http://[2001:db8::1]/?q"));
        assert!(is_target("http://localhost:8787/x", "http://localhost:8787/x"));
        assert!(is_target("https://api.example/a%2fb", "https://api.example/a%2Fb"));
    }

    #[test]
    fn other_targets_are_others() {
        let target = "https://api.example/a";
        for htu in [
            "http://api.example/a",
            "https://api.example:8443/a",
            "https://api.example/a/",
            "https://api.example/A",
            "https://api.example/",
            "https://api.example",
            "https://api.example.evil.example/a",
            "https://other.example/a",
            "https://api.example/a%2F",
            "https://api.example//a",
        ] {
            assert!(!is_target(htu, target), "{htu}");
        }
        assert!(!is_target("https://api.example/a%2Fb", "https://api.example/a/b"));
    }

    #[test]
    fn what_can_be_read_in_two_ways_names_no_target() {
        for url in [
            "",
            "/a",
            "api.example/a",
            "ftp://api.example/a",
            "https:///a",
            "https://",
            "https://user@api.example/a",
            "https://api.example/a/../b",
            "https://api.example/a/%2e%2E/b",
            "https://api.example/./a",
            "https://api.example\\a",
            "https://api.example/a b",
            "https://api.example/é",
            "https://api.example/%",
            "https://api.example/%2",
            "https://api.example/%zz",
            "https://api.example/%+1",
            "https://api.example:x/",
            "https://api.example:443:443/\u{0}",
            "https://exa%6dple/",
        ] {
            assert!(!is_target(url, url), "{url:?}");
        }
    }
}
