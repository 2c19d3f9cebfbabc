//! What is refused for its form: the serialization, the header, and JSON that two readers could read differently.

use std::collections::BTreeMap;

use edgeward::{
    policy::{read_token_policy, token_verifier},
    verdict::Reason,
};
use serde_json::json;

use super::{is_accepted, reason, usual};
use crate::support::{ISSUER, NOW, Signer, claims, decode, encode, issuer, verifier, with};

/// A token signed by the right key, with these further members in its header.
fn with_header(members: &str) -> String {
    Signer::EDDSA.mint(format!(r#"{{"alg":"EdDSA","kid":"k1"{members}}}"#), claims().to_string())
}

/// A token signed by the right key, with this header.
fn headed(header: &str) -> String {
    Signer::EDDSA.mint(header, claims().to_string())
}

/// A token signed by the right key, of the good claims and these further members.
fn with_payload(members: &str) -> String {
    let claims = claims().to_string();
    let payload = format!("{}{members}}}", claims.strip_suffix('}').expect("an object"));
    Signer::EDDSA.mint(r#"{"alg":"EdDSA","kid":"k1"}"#, payload)
}

#[test]
fn alg_none_is_refused_in_every_spelling_signed_or_not() {
    for name in ["none", "None", "NONE", "nOnE", "none ", "", "null"] {
        let signed = headed(&format!(r#"{{"alg":"{name}","kid":"k1"}}"#));
        let unsigned = format!("{}.", signed.rsplit_once('.').expect("dots").0);
        for token in [&signed, &unsigned] {
            assert_eq!(reason(usual(), token), Reason::AlgorithmNotAllowed, "{name:?}");
        }
    }
}

#[test]
fn an_algorithm_is_matched_by_its_exact_name() {
    for name in ["eddsa", "EDDSA", "EdDSA ", "ES256K", "ES512", "ML-DSA-44", "dir", "A128KW", "HS256\\u0000"] {
        assert_eq!(reason(usual(), &headed(&format!(r#"{{"alg":"{name}"}}"#))), Reason::AlgorithmNotAllowed, "{name}");
    }
    // An escape in the text is no other name.
    assert!(is_accepted(usual(), &headed(r#"{"\u0061lg":"Ed\u0044SA"}"#)));
    // Ed25519 is the same signature and another name; the policy does not name it.
    assert_eq!(reason(usual(), &headed(r#"{"alg":"Ed25519"}"#)), Reason::AlgorithmNotAllowed);
}

#[test]
fn a_header_that_is_no_strict_json_object_is_refused() {
    for header in [
        "",
        "{",
        "null",
        "[]",
        r#""EdDSA""#,
        r#"[{"alg":"EdDSA"}]"#,
        r#"{"kid":"k1"}"#,
        r#"{"alg":null}"#,
        r#"{"alg":["EdDSA"]}"#,
        r#"{"alg":"EdDSA","kid":1}"#,
        r#"{"alg":"EdDSA","kid":null}"#,
        r#"{"alg":"EdDSA","typ":true}"#,
        r#"{"alg":"EdDSA","cty":{}}"#,
        "\u{feff}{\"alg\":\"EdDSA\"}",
        r#"{"alg":"EdDSA"}{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA",}"#,
        r#"{"alg":"EdDSA"/**/}"#,
        r#"{"alg":"EdDSA","x":"\ud800"}"#,
        r#"{"alg":"EdDSA","x":1e400}"#,
        r#"{"alg":"EdDSA","x":9007199254740993}"#,
    ] {
        assert_eq!(reason(usual(), &headed(header)), Reason::HeaderInvalid, "{header}");
    }
    let deep = format!(r#"{{"alg":"EdDSA","x":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(reason(usual(), &headed(&deep)), Reason::HeaderInvalid);
    assert_eq!(reason(usual(), &Signer::EDDSA.mint(b"{\"alg\":\"\xff\"}", "{}")), Reason::HeaderInvalid);
}

#[test]
fn a_member_that_stands_twice_is_refused_in_header_and_payload() {
    for members in [r#","alg":"none""#, r#","\u0061lg":"EdDSA""#, r#","k\u0069d":"k2""#, r#","x":{"y":1,"y":1}"#] {
        assert_eq!(reason(usual(), &with_header(members)), Reason::HeaderInvalid, "{members}");
    }
    for members in [
        r#","exp":9999999999"#,
        r#","\u0065xp":9999999999"#,
        r#","iss":"https://evil.example""#,
        r#","scope":"admin""#,
        r#","x":[{"y":1,"\u0079":2}]"#,
    ] {
        assert_eq!(reason(usual(), &with_payload(members)), Reason::PayloadInvalid, "{members}");
    }
}

#[test]
fn a_payload_that_is_no_strict_json_object_is_refused() {
    let payload = |bytes: &[u8]| reason(usual(), &Signer::EDDSA.mint(r#"{"alg":"EdDSA"}"#, bytes));
    for bytes in ["", "null", "[]", "1", "\"x\"", "{", "{}x", "\u{feff}{}", r#"{"iss":"\udc00"}"#, "\0"] {
        assert_eq!(payload(bytes.as_bytes()), Reason::PayloadInvalid, "{bytes:?}");
    }
    assert_eq!(payload(b"{\"iss\":\"\xc0\xaf\"}"), Reason::PayloadInvalid);
    for members in [r#","x":1e400"#, r#","x":-1e400"#, r#","x":9007199254740992"#, r#","x":NaN"#, r#","x":+1"#] {
        assert_eq!(reason(usual(), &with_payload(members)), Reason::PayloadInvalid, "{members}");
    }
    let deep = format!(r#","x":{}1{}"#, r#"{"a":"#.repeat(33), "}".repeat(33));
    assert_eq!(reason(usual(), &with_payload(&deep)), Reason::PayloadInvalid);
    for members in [r#","x":-0"#, r#","__proto__":{"admin":true}"#, r#","constructor":1"#, r#","x":"\u0000""#] {
        assert!(is_accepted(usual(), &with_payload(members)), "{members}");
    }
}

#[test]
fn a_critical_extension_is_refused_whatever_it_is() {
    for members in [
        r#","crit":[]"#,
        r#","crit":["exp"],"exp":1"#,
        r#","crit":["b64"],"b64":true"#,
        r#","crit":["b64"],"b64":false"#,
        r#","crit":["alg"]"#,
        r#","crit":"exp""#,
        r#","crit":null"#,
        r#","\u0063rit":["x"]"#,
    ] {
        assert_eq!(reason(usual(), &with_header(members)), Reason::CritNotUnderstood, "{members}");
    }
}

#[test]
fn an_unencoded_compressed_encrypted_or_nested_payload_is_refused() {
    for members in [
        r#","b64":false"#,
        r#","b64":true"#,
        r#","zip":"DEF""#,
        r#","zip":null"#,
        r#","enc":"A256GCM""#,
        r#","cty":"JWT""#,
        r#","cty":"jwt""#,
        r#","cty":"application/JWT""#,
    ] {
        assert_eq!(reason(usual(), &with_header(members)), Reason::TokenFormUnsupported, "{members}");
    }
    assert!(is_accepted(usual(), &with_header(r#","cty":"application/json""#)));
}

#[test]
fn an_encrypted_token_is_refused() {
    let header = encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#);
    assert_eq!(reason(usual(), &format!("{header}.AA.AA.AA.AA")), Reason::TokenFormUnsupported);
    // Its header before three segments.
    assert_eq!(reason(usual(), &headed(r#"{"alg":"dir","enc":"A256GCM"}"#)), Reason::TokenFormUnsupported);
}

#[test]
fn the_json_serialization_is_refused() {
    let good = Signer::EDDSA.token(&claims());
    let [header, payload, signature] = parts(&good);
    let flattened = json!({ "protected": header, "payload": payload, "signature": signature }).to_string();
    let general = json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
    for token in [flattened, general.to_string()] {
        assert_eq!(reason(usual(), &token), Reason::TokenFormUnsupported, "{token}");
    }
    // A polyglot: the compact form inside a JSON document, and the other way round.
    assert_eq!(reason(usual(), &format!(r#""{good}""#)), Reason::TokenMalformed);
    assert_eq!(reason(usual(), &format!(r#"{{"payload":"{good}"}}"#)), Reason::TokenFormUnsupported);
}

#[test]
fn each_segment_has_one_spelling() {
    let good = Signer::EDDSA.token(&claims());
    assert!(is_accepted(usual(), &good));
    let parts = parts(&good);
    for place in 0..3 {
        let spelled = |segment: String| {
            let mut parts = parts.map(str::to_owned);
            parts[place] = segment;
            parts.join(".")
        };
        let segment = parts[place];
        let (head, tail) = segment.split_at(segment.len() / 2);
        for other in [
            format!("{segment}="),
            format!("{segment}=="),
            format!("{segment} "),
            format!(" {segment}"),
            format!("{segment}\n"),
            format!("{head} {tail}"),
            format!("{head}\r\n{tail}"),
            format!("{head}\t{tail}"),
            format!("{head}+{tail}"),
            format!("{head}/{tail}"),
            format!("{head}%2D{tail}"),
            format!("{head}\0{tail}"),
            format!("{head}\u{e9}{tail}"),
            format!("{segment}A"),
        ] {
            let token = spelled(other);
            // A letter more can only be canonical where the length allows it; then the signature does not hold.
            let found = reason(usual(), &token);
            let expected = [Reason::TokenMalformed, Reason::HeaderInvalid, Reason::PayloadInvalid];
            assert!(expected.contains(&found) || found == Reason::SignatureInvalid, "{found:?} {token:?}");
            if !token.ends_with('A') {
                assert!(expected.contains(&found), "{found:?} {token:?}");
            }
        }
        // Left-over bits in the last character decode to the same bytes for whoever ignores them.
        if !segment.len().is_multiple_of(4) {
            let last = decode_letter(segment);
            let token = spelled(format!("{}{}", &segment[..segment.len() - 1], LETTERS[last + 1] as char));
            assert_eq!(reason(usual(), &token), Reason::TokenMalformed, "{token}");
        }
    }
}

#[test]
fn left_over_bits_are_refused_in_a_segment_of_any_length() {
    // A payload of each length modulo 3, so that each segment has left-over bits once.
    let mut judged = 0;
    for padding in ["", "x", "xx"] {
        let header = format!(r#"{{"alg":"EdDSA","kid":"k1","x":"{padding}"}}"#);
        let token = Signer::EDDSA.mint(header, with(&claims(), "x", padding.into()).to_string());
        assert!(is_accepted(usual(), &token));
        let parts = parts(&token);
        for place in 0..3 {
            if parts[place].len().is_multiple_of(4) {
                continue;
            }
            judged += 1;
            let last = decode_letter(parts[place]);
            let mut changed = parts.map(str::to_owned);
            changed[place].pop();
            changed[place].push(LETTERS[last + 1] as char);
            assert_eq!(reason(usual(), &changed.join(".")), Reason::TokenMalformed);
        }
    }
    assert_eq!(judged, 2 + 2 + 3);
}

#[test]
fn white_space_around_a_token_is_part_of_it() {
    let good = Signer::EDDSA.token(&claims());
    for token in
        [format!(" {good}"), format!("{good} "), format!("{good}\n"), format!("\t{good}"), format!("\u{feff}{good}")]
    {
        assert_eq!(reason(usual(), &token), Reason::TokenMalformed, "{token:?}");
    }
}

#[test]
fn a_token_has_three_segments() {
    let good = Signer::EDDSA.token(&claims());
    let [header, payload, signature] = parts(&good);
    for token in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(".{good}"),
        format!("{header}..{payload}.{signature}"),
    ] {
        let found = reason(usual(), &token);
        // Two dots alone are three empty segments, the first of which is no header.
        let expected = if token == ".." { Reason::HeaderInvalid } else { Reason::TokenMalformed };
        assert_eq!(found, expected, "{token:?}");
    }
}

#[test]
fn a_token_that_is_too_large_is_refused_before_it_is_decoded() {
    // Neither base64url nor three segments: nothing but its size is looked at.
    assert_eq!(reason(usual(), &"\u{0}".repeat(16 * 1024 + 1)), Reason::TokenTooLarge);
    assert_eq!(reason(usual(), &"\u{0}".repeat(16 * 1024)), Reason::TokenMalformed);

    let good = Signer::EDDSA.token(&claims());
    let bounded = |bytes: usize| {
        let policy = json!({ "issuers": [issuer(&Signer::EDDSA)], "maxTokenBytes": bytes }).to_string();
        let policy = read_token_policy(&policy).expect("a policy");
        token_verifier(policy.issuers, &BTreeMap::new(), policy.max_token_bytes).expect("a verifier")
    };
    assert!(is_accepted(&bounded(good.len()), &good));
    assert_eq!(reason(&bounded(good.len() - 1), &good), Reason::TokenTooLarge);
    let large = with_payload(&format!(r#","x":"{}""#, "x".repeat(1 << 20)));
    assert_eq!(reason(usual(), &large), Reason::TokenTooLarge);
}

#[test]
fn a_token_of_another_type_is_refused_whatever_its_issuer_emits() {
    for name in [
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "id_token",
        "JWE",
        "vc+jwt",
        "client-authentication+jwt",
        "oauth-authz-req+jwt",
        "token-introspection+jwt",
        "application/dpop+jwt",
        "DPoP+JWT",
        "at+jwt ",
        "",
        "application/application/jwt",
    ] {
        assert_eq!(reason(usual(), &with_header(&format!(r#","typ":"{name}""#))), Reason::TypNotAccepted, "{name}");
    }
    for name in ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt", "application/JWT"] {
        assert!(is_accepted(usual(), &with_header(&format!(r#","typ":"{name}""#))), "{name}");
    }
    assert!(is_accepted(usual(), &with_header("")));
}

#[test]
fn an_issuer_that_types_its_access_tokens_is_held_to_it() {
    for typ in ["at+jwt", "application/AT+JWT"] {
        let verifier = verifier([with(&issuer(&Signer::EDDSA), "typ", typ.into())]);
        for name in ["at+jwt", "AT+jwt", "application/at+jwt"] {
            assert!(is_accepted(&verifier, &with_header(&format!(r#","typ":"{name}""#))), "{name}");
        }
        for members in ["", r#","typ":"JWT""#, r#","typ":"dpop+jwt""#, r#","typ":"at""#] {
            assert_eq!(reason(&verifier, &with_header(members)), Reason::TypNotAccepted, "{members}");
        }
    }
}

#[test]
fn a_header_that_brings_its_own_key_chooses_none() {
    let stranger = crate::support::public("otherEd25519", "k1");
    for members in [
        format!(r#","jwk":{stranger}"#),
        r#","jku":"https://evil.example/jwks""#.to_owned(),
        r#","x5u":"https://evil.example/chain""#.to_owned(),
        r#","x5c":["MIIB"]"#.to_owned(),
        r#","x5t":"AAAA","x5t#S256":"AAAA""#.to_owned(),
    ] {
        // Signed by the issuer's key, it is good; signed by the key that it brings, it is not.
        assert!(is_accepted(usual(), &with_header(&members)));
        for kid in [r#","kid":"k1""#, ""] {
            let header = format!(r#"{{"alg":"EdDSA"{kid}{members}}}"#);
            let token = Signer::STRANGER.mint(header, claims().to_string());
            assert_eq!(reason(usual(), &token), Reason::SignatureInvalid, "{members}");
        }
    }
}

#[test]
fn an_issuer_that_nobody_trusts_is_refused() {
    for name in [
        "https://issuer.example",
        "https://issuer.example//",
        "https://ISSUER.example/",
        "HTTPS://issuer.example/",
        "https://issuer.example/\u{0}",
        "https://issuer.example/ ",
        "https://issuer.example.evil.example/",
        "",
    ] {
        let token = Signer::EDDSA.token(&with(&claims(), "iss", name.into()));
        assert_eq!(reason(usual(), &token), Reason::IssuerUnknown, "{name:?}");
    }
    for wrong in [json!([ISSUER]), json!(1), json!(null), json!({})] {
        let token = Signer::EDDSA.token(&with(&claims(), "iss", wrong.clone()));
        assert_eq!(reason(usual(), &token), Reason::ClaimMalformed, "{wrong}");
    }
    let token = Signer::EDDSA.token(&json!({ "exp": NOW + 1 }));
    assert_eq!(reason(usual(), &token), Reason::ClaimMissing);
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The value of the last letter of a segment. It is even wherever bits are left over.
fn decode_letter(segment: &str) -> usize {
    assert!(!decode(segment).is_empty());
    let last = segment.bytes().last().expect("a letter");
    LETTERS.iter().position(|letter| *letter == last).expect("a letter of base64url")
}

fn parts(token: &str) -> [&str; 3] {
    let parts: Vec<&str> = token.split('.').collect();
    parts.try_into().expect("three segments")
}
