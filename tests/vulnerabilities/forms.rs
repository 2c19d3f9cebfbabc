//! What is no signed JWT in the compact form, and what two parsers read in two ways.

use edgeward::verdict::Reason;
use serde_json::{Value, json};

use crate::{
    Case, header,
    support::{Signer, claims, encode, with},
};

const SIGNER: &Signer = &Signer::EDDSA;

fn on(id: &'static str, published: &'static str, hope: &'static str) -> Case {
    Case::on(SIGNER, id, published, hope)
}

/// The usual claims under a header with these members changed.
fn headed(members: &Value) -> String {
    SIGNER.mint(header(SIGNER, members), claims().to_string())
}

/// The usual claims with this text put before them.
fn before(text: &str) -> String {
    SIGNER.mint(header(SIGNER, &json!({})), claims().to_string().replacen('{', &format!("{{{text},"), 1))
}

/// A header with this text put before its members.
fn header_before(text: &str) -> String {
    SIGNER.mint(header(SIGNER, &json!({})).replacen('{', &format!("{{{text},"), 1), claims().to_string())
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = extensions();
    cases.extend(serializations());
    cases.extend(spellings());
    cases.extend(documents());
    cases.extend(sizes());
    cases
}

fn extensions() -> Vec<Case> {
    let ignored = "A verifier that does not know the extension passes over it.";
    let crit =
        |id, members: Value| on(id, "CVE-2025-59420", ignored).sends(headed(&members), Reason::CritNotUnderstood);
    let form = |id, published, hope, members: Value| {
        on(id, published, hope).sends(headed(&members), Reason::TokenFormUnsupported)
    };
    vec![
        crit("crit-of-an-unknown-extension", json!({ "crit": ["cnf"], "cnf": {} })),
        crit("crit-of-a-registered-name", json!({ "crit": ["exp"], "exp": 1 })),
        crit("crit-empty", json!({ "crit": [] })),
        crit("crit-as-text", json!({ "crit": "exp" })),
        crit("crit-of-b64", json!({ "crit": ["b64"], "b64": false })),
        crit("crit-of-what-is-not-there", json!({ "crit": ["bork"] })),
        form("b64-without-crit", "RFC 7797 §6", "What was signed is not what is read.", json!({ "b64": false })),
        form(
            "zip",
            "CVE-2024-28180",
            "A few bytes unpack to gigabytes, or tell of a secret by their length.",
            json!({ "zip": "DEF" }),
        ),
        form(
            "enc-in-a-signed-token",
            "RFC 7516 §9",
            "The parameters of encryption send a reader down another path.",
            json!({ "enc": "A256GCM" }),
        ),
        form(
            "token-in-a-token",
            "RFC 8725 §2.4",
            "The inner token is read and the outer signature trusted.",
            json!({ "cty": "JWT" }),
        ),
        form(
            "token-in-a-token-by-its-media-type",
            "RFC 8725 §2.4",
            "The inner token is read and the outer signature trusted.",
            json!({ "cty": "application/jwt" }),
        ),
    ]
}

fn serializations() -> Vec<Case> {
    let polyglot = "One reader takes the compact form and another the JSON form of the same text.";
    let good = SIGNER.token(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let form =
        |id, published, hope, attack: String| on(id, published, hope).sends(attack, Reason::TokenFormUnsupported);
    let json = json!({ "payload": parts[1], "protected": parts[0], "signature": parts[2] });
    vec![
        form(
            "jwe",
            "RFC 8725 §2.1",
            "An encrypted token is taken for a signed one.",
            format!("{}.AA.AA.AA.AA", encode(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
        ),
        form(
            "jwe-direct",
            "RFC 8725 §2.1",
            "A token that anybody could encrypt is taken for one that its issuer signed.",
            format!("{}..AA.AA.AA", encode(r#"{"alg":"dir","enc":"A256GCM"}"#)),
        ),
        form("json-flattened", "CVE-2022-39227", polyglot, json.to_string()),
        form(
            "json-general",
            "CVE-2022-39227",
            polyglot,
            json!({ "payload": parts[1], "signatures": [json] }).to_string(),
        ),
        form(
            "json-around-a-compact-token",
            "CVE-2022-39227",
            polyglot,
            format!(
                "{{\"{}.\":\"\",\"protected\":\"{}\",\"payload\":\"{}\",\"signature\":\"{}\"}}",
                parts[0], parts[0], parts[1], parts[2]
            ),
        ),
        on("compact-token-with-json-behind-it", "CVE-2022-39227", polyglot)
            .sends(format!("{good}{{}}"), Reason::TokenMalformed),
        on("detached-payload", "RFC 7515 appendix F", "The payload of another place is read under this signature.")
            .sends(format!("{}..{}", parts[0], parts[2]), Reason::PayloadInvalid),
        on("four-segments", "RFC 7515 §7.1", "What stands behind the signature is read by somebody.")
            .sends(format!("{good}.{}", parts[1]), Reason::TokenMalformed),
        on("many-dots", "CVE-2025-30204", "A token of dots alone makes the parser allocate without bound.")
            .sends(".".repeat(16_000), Reason::TokenMalformed),
        on("sd-jwt", "RFC 9901 §4", "Disclosures behind the token add claims that nobody signed.")
            .sends(format!("{good}~WyJ4Iiwic2NvcGUiLCJhZG1pbiJd~"), Reason::TokenMalformed),
    ]
}

fn spellings() -> Vec<Case> {
    let second = "A second spelling of one token passes a list of revoked or used tokens.";
    let good = SIGNER.token(&claims());
    let parts: Vec<&str> = good.split('.').collect();
    let on = |id, attack: String| on(id, "RFC 7515 §2", second).sends(attack, Reason::TokenMalformed);
    // 64 bytes leave four bits of the last character unused.
    let loose = match good.chars().last() {
        Some('A') => 'B',
        Some('Q') => 'R',
        Some('g') => 'h',
        _ => 'x',
    };
    vec![
        on("padding-of-the-signature", format!("{good}==")),
        on("padding-of-the-header", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        on("space-behind", format!("{good} ")),
        on("space-before", format!(" {good}")),
        on("newline-behind", format!("{good}\n")),
        on("newline-within", good.replacen('.', ".\n", 1)),
        on("nul-behind", format!("{good}\0")),
        on("left-over-bits", format!("{}{loose}", &good[..good.len() - 1])),
        on("standard-alphabet", format!("{}.{}.{}+/", parts[0], parts[1], &parts[2][..84])),
        on("percent-encoding", good.replacen('.', "%2E", 1)),
    ]
}

fn documents() -> Vec<Case> {
    let two = "The checker takes one of two members and the application the other.";
    let header_two = "The checker takes one of two header members and the library the other.";
    let payload = |id, published, hope, attack: String| on(id, published, hope).sends(attack, Reason::PayloadInvalid);
    let bytes = [&b"{\"x\":\""[..], &[0xff], &b"\","[..], &claims().to_string().as_bytes()[1..]].concat();
    vec![
        payload("exp-twice", "RFC 8725 §2.5", two, before("\"exp\":9999999999")),
        payload("scope-twice", "RFC 8725 §2.5", two, before("\"scope\":\"admin\"")),
        payload("sub-twice-once-escaped", "RFC 8259 §4", two, before("\"s\\u0075b\":\"admin\"")),
        payload("twice-at-depth", "RFC 8259 §4", two, before("\"x\":{\"a\":[{\"b\":1,\"b\":2}]}")),
        payload(
            "prototype-twice",
            "CVE-2024-34273",
            two,
            before("\"__proto__\":{},\"__proto__\":{\"scope\":\"admin\"}"),
        ),
        payload(
            "lone-surrogate",
            "RFC 8259 §8.2",
            "Two names that differ become one name.",
            before("\"x\":\"\\ud800\""),
        ),
        payload(
            "integer-beyond-2-53",
            "RFC 8259 §6",
            "Two ids that differ become one id.",
            before("\"x\":9007199254740993"),
        ),
        payload(
            "number-beyond-a-double",
            "RFC 8259 §6",
            "A number that becomes infinity is later than every clock.",
            before("\"x\":1e400"),
        ),
        payload(
            "no-utf-8",
            "RFC 7519 §7.2",
            "Bytes that are replaced make two names one.",
            SIGNER.mint(header(SIGNER, &json!({})), bytes),
        ),
        payload(
            "utf-16",
            "RFC 7519 §7.2",
            "A filter that reads UTF-8 sees nothing.",
            SIGNER.mint(
                header(SIGNER, &json!({})),
                claims().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            ),
        ),
        payload(
            "byte-order-mark",
            "RFC 8259 §8.1",
            "A filter sees another first character.",
            SIGNER.mint(header(SIGNER, &json!({})), format!("\u{feff}{}", claims())),
        ),
        payload(
            "two-documents",
            "RFC 8259 §2",
            "One reader takes the first document and another the last.",
            SIGNER
                .mint(header(SIGNER, &json!({})), format!("{}{}", claims(), with(&claims(), "scope", "admin".into()))),
        ),
        payload(
            "comments",
            "RFC 8259 §2",
            "A lax reader sees a claim where a strict one sees a comment.",
            before("/*\"x\":1,*/\"y\":1"),
        ),
        payload(
            "array-for-claims",
            "RFC 7519 §7.2",
            "Claims that are no members are not checked.",
            SIGNER.mint(header(SIGNER, &json!({})), format!("[{}]", claims())),
        ),
        on("alg-twice", "RFC 7515 §4", header_two).sends(header_before("\"alg\":\"none\""), Reason::HeaderInvalid),
        on("kid-twice-once-escaped", "RFC 7515 §4", header_two)
            .sends(header_before("\"k\\u0069d\":\"evil\""), Reason::HeaderInvalid),
        on("header-as-array", "RFC 7515 §4", "A header without members asks for nothing.")
            .sends(SIGNER.mint("[]", claims().to_string()), Reason::HeaderInvalid),
        on("empty-header", "RFC 7515 §4", "A header without members asks for nothing.")
            .sends(SIGNER.mint("", claims().to_string()), Reason::HeaderInvalid),
    ]
}

fn sizes() -> Vec<Case> {
    let busy = "Reading it costs the verifier more than sending it costs the attacker.";
    let deep = |depth: usize| format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth));
    let large = with(&claims(), "x", "x".repeat(20_000).into());
    vec![
        on("oversize", "CVE-2025-22868", busy).sends(SIGNER.token(&large), Reason::TokenTooLarge),
        on("oversize-and-no-token", "RFC 8725 §3.6", busy).sends("a".repeat(1_000_000), Reason::TokenTooLarge),
        on("nested-payload", "CVE-2024-21907", "Deep nesting uses up the stack.")
            .sends(before(&deep(5_000)), Reason::PayloadInvalid),
        on("nested-header", "CVE-2024-21907", "Deep nesting uses up the stack.")
            .sends(header_before(&deep(2_000)), Reason::HeaderInvalid),
        on("nested-objects", "CVE-2024-21907", "Deep nesting uses up the stack.")
            .sends(before(&format!("\"x\":{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000))), Reason::PayloadInvalid),
        on("p2c", "CVE-2023-52428", "The count of iterations is the sender's choice.").sends(
            SIGNER.mint(
                header(SIGNER, &json!({ "alg": "PBES2-HS256+A128KW", "p2c": 2_147_483_647 })),
                claims().to_string(),
            ),
            Reason::AlgorithmNotAllowed,
        ),
    ]
}
