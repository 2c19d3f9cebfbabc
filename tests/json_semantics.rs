//! JSON that readers disagree about: each has one answer, and where claims are handed on, they are the text that was
//! checked. See docs/json.md; tests/node/claims.test.mjs holds JavaScript's view of the accepted ones against it.

mod support;

use edgeward::{
    m2m_token::{LONGEST_TOKEN_BYTES, TokenVerifier},
    verdict::{Evidence, Reason, verdict_document},
};
use serde_json::{Value, json};
use support::{Signer, about, claims, edited, granted, issuer, judged, refused, try_verifier, verifier};

fn usual() -> TokenVerifier {
    verifier([issuer(&Signer::HS256)])
}

/// A token whose payload is the usual claims with this text put before them.
fn before(text: &str) -> String {
    payload(&claims().to_string().replacen('{', &format!("{{{text},"), 1))
}

fn payload(text: &str) -> String {
    Signer::HS256.mint(r#"{"alg":"HS256","typ":"JWT"}"#, text)
}

/// A token in which this claim has this text.
fn literally(claim: &str, text: &str) -> String {
    payload(&edited(&claims(), &json!({ claim: "@" })).to_string().replace(r#""@""#, text))
}

fn reason(token: &str) -> Reason {
    refused(&usual(), token).0
}

fn noted(token: &str, note: &str) -> bool {
    refused(&usual(), token) == (Reason::PayloadInvalid, Some(note.to_owned()))
}

#[test]
fn a_lone_surrogate_is_refused_and_a_pair_is_a_character() {
    for text in [r#""x":"\ud800""#, r#""x":"\udc00\ud800""#, r#""x":"\uD83D.""#, r#""\ud800":1"#, r#""x":["\udfff"]"#] {
        assert_eq!(reason(&before(text)), Reason::PayloadInvalid, "{text}");
    }
    let verifier = usual();
    let grant = granted(&verifier, &literally("sub", r#""\ud83d\ude00""#));
    assert_eq!(grant.principal.subject.as_deref(), Some("\u{1f600}"));
    // The same character, written as UTF-8.
    assert_eq!(granted(&verifier, &literally("sub", "\"\u{1f600}\"")).principal.subject, grant.principal.subject);
}

#[test]
fn a_member_name_is_what_it_says_however_it_is_written() {
    for text in [r#""\u0065xp":1"#, r#""e\u0078p":9999999999"#, r#""\u0073\u0063\u006f\u0070\u0065":"admin""#] {
        assert!(noted(&before(text), "a member stands twice in one object"), "{text}");
    }
    // Alone it is the claim.
    let text = claims().to_string().replace("\"exp\"", r#""\u0065xp""#);
    assert!(granted(&usual(), &payload(&text)).expires.is_some());
    // Names that look alike and differ are two.
    granted(&usual(), &before("\"\u{435}xp\":1,\"Exp\":1,\"exp \":1"));
}

#[test]
fn a_duplicate_is_refused_at_any_depth() {
    for text in [r#""exp":1"#, r#""x":{"a":1,"a":1}"#, r#""x":[{"a":{"b":1,"\u0062":2}}]"#] {
        assert!(noted(&before(text), "a member stands twice in one object"), "{text}");
    }
}

#[test]
fn a_number_without_a_double_is_refused() {
    for text in ["1e400", "-1e400", "1e999999999999", "123e308"] {
        for claim in ["x", "exp"] {
            assert_eq!(reason(&literally(claim, text)), Reason::PayloadInvalid, "{claim} {text}");
        }
    }
    for text in [
        "9007199254740992",
        "-9007199254740992",
        "9007199254740993",
        "18446744073709551616",
        "1e16",
        "9007199254740992.0",
    ] {
        for claim in ["x", "exp", "iat"] {
            let expected = "a number that not every reader understands alike";
            assert!(noted(&literally(claim, text), expected), "{claim} {text}");
        }
    }
    // What is no JSON number at all.
    for text in ["NaN", "Infinity", "+1", "01", ".5", "1.", "0x10", "1_000", "-"] {
        assert_eq!(reason(&literally("x", text)), Reason::PayloadInvalid, "{text}");
    }
    // The largest integer that every reader has exactly; and what is too small to tell from nothing is nothing.
    for text in ["9007199254740991", "-9007199254740991", "1e-400", "5e-324"] {
        granted(&usual(), &literally("x", text));
    }
}

#[test]
fn minus_zero_is_zero() {
    assert_eq!(reason(&literally("exp", "-0")), Reason::TokenExpired);
    assert_eq!(reason(&literally("exp", "-0.0")), Reason::TokenExpired);
    granted(&usual(), &literally("nbf", "-0"));
    granted(&usual(), &literally("nbf", "-0e0"));
}

#[test]
fn dates_in_any_spelling_of_a_number_are_that_number() {
    for text in ["1.7800003e9", "17800003e2", "1780000300.0", "1780000300.9", "178000030000e-2"] {
        assert_eq!(granted(&usual(), &literally("exp", text)).expires, Some(1_780_000_300), "{text}");
    }
    for text in [r#""1780000300""#, "null", "true", "[1780000300]", "{}"] {
        assert_eq!(refused(&usual(), &literally("exp", text)), about(Reason::ClaimMalformed, "exp"), "{text}");
    }
}

#[test]
fn proto_is_a_name_like_any_other() {
    let verifier = verifier([edited(&issuer(&Signer::HS256), &json!({ "organizationClaim": "/__proto__/org" }))]);
    let token = before(r#""__proto__":{"org":"org-7","exp":1,"scope":"admin"},"constructor":{"prototype":{}}"#);
    let grant = granted(&verifier, &token);
    // It gives its claims to nobody.
    assert_eq!(grant.scopes, ["reports:read", "reports:write"]);
    assert_eq!(grant.principal.organization.as_deref(), Some("org-7"));
    // `exp` in it is not the token's.
    let inherited = payload(&edited(&claims(), &json!({ "exp": null })).to_string().replacen(
        '{',
        r#"{"__proto__":{"exp":9999999999},"#,
        1,
    ));
    assert_eq!(refused(&verifier, &inherited), about(Reason::ClaimMissing, "exp"));
    assert!(noted(&before(r#""__proto__":{},"__proto__":{}"#), "a member stands twice in one object"));
}

#[test]
fn nesting_is_bounded_long_before_the_stack() {
    let nested = |open: &str, close: &str, levels: usize| format!("{}1{}", open.repeat(levels), close.repeat(levels));
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        // The payload itself is the first level.
        granted(&usual(), &before(&format!(r#""x":{}"#, nested(open, close, 31))));
        for levels in [32, 127, 128, 129] {
            assert!(noted(&before(&format!(r#""x":{}"#, nested(open, close, levels))), "nested too deep"), "{levels}");
        }
        let policy = json!({ "issuers": [issuer(&Signer::HS256)], "maxTokenBytes": 1_000_000 });
        let verifier = try_verifier(&policy).expect("a policy");
        let token = before(&format!(r#""x":{}"#, nested(open, close, 5_000)));
        let expected = (Reason::PayloadInvalid, Some("nested too deep".to_owned()));
        assert_eq!(refused(&verifier, &token), expected);
        // Never closed: refused for its depth, before its end is looked for.
        let token = payload(&format!(r#"{{"x":{}"#, open.repeat(5_000)));
        assert_eq!(refused(&verifier, &token), expected);
    }
}

#[test]
fn a_payload_of_a_megabyte_is_read_where_the_policy_allows_it() {
    let token = before(&format!(r#""x":"{}""#, "x".repeat(1_000_000)));
    assert_eq!(reason(&token), Reason::TokenTooLarge);
    let allowing = |bytes: usize| json!({ "issuers": [issuer(&Signer::HS256)], "maxTokenBytes": bytes });
    let verifier = try_verifier(&allowing(token.len())).expect("a policy");
    let Evidence::Claims(text) = granted(&verifier, &token).evidence else { panic!("no claims") };
    assert!(text.len() > 1_000_000);
    let verifier = try_verifier(&allowing(token.len() - 1)).expect("a policy");
    assert_eq!(refused(&verifier, &token).0, Reason::TokenTooLarge);
    assert!(try_verifier(&allowing(LONGEST_TOKEN_BYTES)).is_ok());
    assert!(try_verifier(&allowing(LONGEST_TOKEN_BYTES + 1)).is_err());
    // As many members as fit, all of them alike but for their names.
    let many: Vec<String> = (0..60_000).map(|member| format!(r#""m{member}":0"#)).collect();
    let token = before(&many.join(","));
    let verifier = try_verifier(&allowing(LONGEST_TOKEN_BYTES)).expect("a policy");
    granted(&verifier, &token);
}

#[test]
fn what_surrounds_the_object_is_white_space_or_a_fault() {
    let object = claims().to_string();
    granted(&usual(), &payload(&format!(" \t\r\n{object}\n")));
    granted(&usual(), &payload(&object.replace("\":", "\" :\t").replace(',', " ,\n")));
    for text in [
        format!("\u{feff}{object}"),
        format!("{object}{object}"),
        format!("{object}\0"),
        format!("{object},"),
        format!("[{object}]"),
    ] {
        assert_eq!(reason(&payload(&text)), Reason::PayloadInvalid, "{text}");
    }
    // No UTF-8: a lone continuation byte, an overlong slash, a surrogate in CESU-8, UTF-16.
    for bytes in [&b"\"x\":\"\x80\""[..], b"\"x\":\"\xc0\xaf\"", b"\"x\":\"\xed\xa0\x80\"", b"\"x\0\":\"\xff\xfe\""] {
        let mut text = b"{".to_vec();
        text.extend_from_slice(bytes);
        text.extend_from_slice(b",");
        text.extend_from_slice(&object.as_bytes()[1..]);
        let token = Signer::HS256.mint(r#"{"alg":"HS256","typ":"JWT"}"#, text);
        assert_eq!(reason(&token), Reason::PayloadInvalid, "{bytes:?}");
    }
    for text in ["\"x\":\"\n\"", "\"x\":\"\0\"", "\"x\":\"\u{1}\"", r#""x":"\x41""#, r#""x":"\u{41}""#, r#""x":"\u41""#]
    {
        assert_eq!(reason(&before(text)), Reason::PayloadInvalid, "{text:?}");
    }
}

#[test]
fn the_claims_that_are_handed_on_are_the_text_that_was_checked() {
    let text = claims().to_string().replacen(
        '{',
        "{ \"n\" : 1.0, \"z\":-0,\"e\":1E2 , \"s\":\"\\u0061\\/\u{2028}\",\"__proto__\":{\"a\":1},",
        1,
    );
    let verifier = usual();
    let verdict = judged(&verifier, support::NOW, &payload(&text));
    let document = verdict_document(&verdict);
    assert!(document.contains(&format!("\"claims\":{text}")), "{document}");
    let read: Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!(read["claims"]["s"], "a/\u{2028}");
}
