//! Which key may vouch for a token: one of its issuer's, the one it names, of the kind that its algorithm needs.

use edgeward::{
    jose::{Algorithm, KeyError, KeySet, KeySetError, PORTABLE},
    m2m_token::TokenVerifier,
    verdict::Reason,
};
use serde_json::{Map, Value, json};

use super::{denial, is_accepted, reason, usual};
use crate::support::{Signer, claims, decode, encode, issuer, key, public, verifier, with, without};

const OTHER_ISSUER: &str = "https://other.example/";

fn set(keys: Value) -> Map<String, Value> {
    Map::from_iter([("keys".to_owned(), keys)])
}

fn prepare(keys: Value, allowed: &[Algorithm]) -> Result<KeySet, KeySetError> {
    KeySet::prepare(&set(keys), allowed, PORTABLE)
}

/// A verifier of one issuer with these algorithms and keys.
fn trusting(algorithms: &[Algorithm], keys: &Value) -> TokenVerifier {
    let policy = with(&issuer(&Signer::EDDSA), "algorithms", serde_json::to_value(algorithms).expect("names"));
    verifier([with(&policy, "jwks", json!({ "keys": keys }))])
}

fn signed_by(signer: &Signer, kid: Option<&str>) -> String {
    let header = json!({ "alg": signer.algorithm.name(), "typ": "at+jwt" });
    let header = kid.map_or_else(|| header.clone(), |kid| with(&header, "kid", kid.into()));
    signer.mint(header.to_string(), claims().to_string())
}

#[test]
fn a_kid_that_the_issuer_does_not_have_is_refused() {
    for kid in ["k2", "K1", "k1 ", "", "k1\0", "../k1", "' OR 1=1 --"] {
        assert_eq!(reason(usual(), &signed_by(&Signer::EDDSA, Some(kid))), Reason::SigningKeyUnknown, "{kid:?}");
    }
    // A key without an id is nobody's who asks for one.
    let unnamed = trusting(&[Algorithm::EdDsa], &json!([without(&Signer::EDDSA.jwk(), "kid")]));
    assert_eq!(reason(&unnamed, &signed_by(&Signer::EDDSA, Some("k1"))), Reason::SigningKeyUnknown);
    assert!(is_accepted(&unnamed, &signed_by(&Signer::EDDSA, None)));
}

#[test]
fn a_key_vouches_for_its_own_issuer_alone() {
    let other = with(&issuer(&Signer::STRANGER), "issuer", OTHER_ISSUER.into());
    let same_kid = verifier([issuer(&Signer::EDDSA), other.clone()]);
    assert!(is_accepted(&same_kid, &Signer::EDDSA.token(&claims())));
    assert!(is_accepted(&same_kid, &Signer::STRANGER.token(&with(&claims(), "iss", OTHER_ISSUER.into()))));
    // Both issuers have a `k1`: the one of the token's issuer is asked.
    assert_eq!(reason(&same_kid, &Signer::STRANGER.token(&claims())), Reason::SignatureInvalid);
    let swapped = Signer::EDDSA.token(&with(&claims(), "iss", OTHER_ISSUER.into()));
    assert_eq!(reason(&same_kid, &swapped), Reason::SignatureInvalid);

    // A `kid` of the other issuer is not this one's.
    let named = json!({ "keys": [public("otherEd25519", "k2")] });
    let other_kid = verifier([issuer(&Signer::EDDSA), with(&other, "jwks", named)]);
    assert_eq!(reason(&other_kid, &signed_by(&Signer::STRANGER, Some("k2"))), Reason::SigningKeyUnknown);
    // Nor does an issuer lend another its algorithms.
    let hmac = with(&issuer(&Signer::HS256), "issuer", OTHER_ISSUER.into());
    let mixed = verifier([issuer(&Signer::EDDSA), hmac]);
    assert_eq!(reason(&mixed, &Signer::HS256.token(&claims())), Reason::AlgorithmNotAllowed);
}

#[test]
fn a_token_without_kid_needs_the_one_key_that_fits() {
    let one = trusting(&[Algorithm::EdDsa, Algorithm::Es256], &json!([Signer::EDDSA.jwk(), public("p256", "k2")]));
    assert!(is_accepted(&one, &signed_by(&Signer::EDDSA, None)));
    assert!(is_accepted(&one, &signed_by(&Signer::ES256, None)));
    let two = trusting(&[Algorithm::EdDsa], &json!([Signer::EDDSA.jwk(), public("otherEd25519", "k2")]));
    assert_eq!(reason(&two, &signed_by(&Signer::EDDSA, None)), Reason::SigningKeyAmbiguous);
    let none = trusting(&[Algorithm::EdDsa, Algorithm::Es256], &json!([Signer::EDDSA.jwk()]));
    assert_eq!(reason(&none, &signed_by(&Signer::ES256, None)), Reason::SigningKeyUnknown);
}

#[test]
fn two_usable_keys_of_one_kid_are_refused_and_one_of_them_alone_is_not() {
    let twins = trusting(&[Algorithm::EdDsa], &json!([Signer::EDDSA.jwk(), public("otherEd25519", "k1")]));
    assert_eq!(reason(&twins, &signed_by(&Signer::EDDSA, Some("k1"))), Reason::SigningKeyAmbiguous);
    // The same key twice is two keys all the same.
    let same = trusting(&[Algorithm::EdDsa], &json!([Signer::EDDSA.jwk(), Signer::EDDSA.jwk()]));
    assert_eq!(reason(&same, &signed_by(&Signer::EDDSA, Some("k1"))), Reason::SigningKeyAmbiguous);
    // Keys of two types may share an id (RFC 7517 §4.5): the algorithm tells them apart.
    let kinds = trusting(&[Algorithm::EdDsa, Algorithm::Es256], &json!([Signer::EDDSA.jwk(), Signer::ES256.jwk()]));
    assert!(is_accepted(&kinds, &signed_by(&Signer::EDDSA, Some("k1"))));
    // A twin of no use does not count.
    let encrypting = with(&public("otherEd25519", "k1"), "use", "enc".into());
    let one = trusting(&[Algorithm::EdDsa], &json!([Signer::EDDSA.jwk(), encrypting]));
    assert!(is_accepted(&one, &signed_by(&Signer::EDDSA, Some("k1"))));
}

#[test]
fn a_public_key_is_no_secret_whatever_its_spelling() {
    let rsa = public("rsa", "k1");
    let ec = public("p256", "k1");
    let point = [&[4][..], &coordinate(&ec, "x"), &coordinate(&ec, "y")].concat();
    // SubjectPublicKeyInfo of a P-256 key (RFC 5480 §2): all that stands before the point.
    let spki = data_encoding::HEXLOWER.decode(b"3059301306072a8648ce3d020106082a8648ce3d030107034200").expect("hex");
    let ec_der = [spki, point].concat();
    let rsa_der = {
        use rsa::pkcs8::EncodePublicKey as _;
        let number = |name: &str| rsa::BigUint::from_bytes_be(&coordinate(&rsa, name));
        let key = rsa::RsaPublicKey::new(number("n"), number("e")).expect("a key");
        key.to_public_key_der().expect("DER").into_vec()
    };
    for (jwk, der, algorithm) in [(rsa, rsa_der, Algorithm::Rs256), (ec, ec_der, Algorithm::Es256)] {
        let verifier = trusting(&[algorithm], &json!([jwk]));
        let members = jwk.as_object().expect("an object").keys();
        for secret in [
            jwk.to_string().into_bytes(),
            without(&jwk, "kid").to_string().into_bytes(),
            pem(&der, true),
            pem(&der, false),
            members.filter_map(|member| jwk[member].as_str()).collect::<String>().into_bytes(),
            coordinate(&jwk, if algorithm == Algorithm::Rs256 { "n" } else { "x" }),
            der,
        ] {
            for kid in [Some("k1"), None] {
                let header = json!({ "alg": "HS256", "typ": "at+jwt" });
                let header = kid.map_or_else(|| header.clone(), |kid| with(&header, "kid", kid.into()));
                let input = format!("{}.{}", encode(header.to_string()), encode(claims().to_string()));
                let token = format!("{input}.{}", encode(hmac_of(&secret, input.as_bytes())));
                assert_eq!(reason(&verifier, &token), Reason::AlgorithmNotAllowed);
            }
        }
        // Nor could it be, were the algorithm allowed: the kind of the key says what it serves.
        let set = prepare(json!([jwk]), &[algorithm, Algorithm::Hs256]).expect("a key set");
        assert_eq!(set.keys()[0].algorithms().collect::<Vec<_>>(), [algorithm]);
        assert!(set.select(Some("k1"), Algorithm::Hs256).is_err());
    }
}

fn hmac_of(secret: &[u8], message: &[u8]) -> Vec<u8> {
    use jwt_compact::{Algorithm as _, AlgorithmSignature as _, alg};
    alg::Hs256.sign(&alg::Hs256Key::new(secret), message).as_bytes().into_owned()
}

fn coordinate(jwk: &Value, name: &str) -> Vec<u8> {
    crate::support::decode(jwk[name].as_str().expect("a string"))
}

fn pem(der: &[u8], ends_with_newline: bool) -> Vec<u8> {
    let text = data_encoding::BASE64.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    let end = if ends_with_newline { "\n" } else { "" };
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----{end}", lines.join("\n")).into_bytes()
}

#[test]
fn secrets_and_public_keys_do_not_mix_in_one_set() {
    for keys in [
        json!([Signer::HS256.jwk(), Signer::EDDSA.jwk()]),
        json!([Signer::EDDSA.jwk(), { "kty": "oct" }]),
        json!([Signer::HS256.jwk(), { "kty": "new" }]),
        json!([Signer::HS256.jwk(), null]),
    ] {
        for allowed in [&[Algorithm::EdDsa][..], &[Algorithm::Hs256], &[Algorithm::Hs256, Algorithm::EdDsa]] {
            assert_eq!(prepare(keys.clone(), allowed).expect_err("mixed"), KeySetError::Mixed, "{keys}");
        }
    }
    // A set of secrets alone serves no asymmetric issuer.
    let only_secrets = prepare(json!([Signer::HS256.jwk()]), &[Algorithm::EdDsa]).expect_err("no key");
    assert_eq!(only_secrets, KeySetError::NoUsableKey(Some(KeyError::OtherFamily)));
}

#[test]
fn a_key_that_is_of_no_use_breaks_none_of_the_others() {
    let good = Signer::EDDSA.jwk();
    for (bad, why) in [
        (json!({ "kty": "new", "kid": "k2" }), KeyError::OtherFamily),
        (json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "k2" }), KeyError::OtherFamily),
        (json!({ "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "k2" }), KeyError::OtherFamily),
        (json!({ "kty": "OKP", "crv": "X25519", "x": "AA", "kid": "k2" }), KeyError::OtherFamily),
        (with(&public("otherEd25519", "k2"), "alg", "ES256".into()), KeyError::OtherFamily),
        (with(&public("otherEd25519", "k2"), "alg", "RSA-OAEP".into()), KeyError::OtherFamily),
        (with(&public("otherEd25519", "k2"), "use", "enc".into()), KeyError::OtherUse),
        (with(&public("otherEd25519", "k2"), "key_ops", json!([])), KeyError::OtherUse),
        (with(&public("otherEd25519", "k2"), "key_ops", json!(["sign", "Verify"])), KeyError::OtherUse),
        (with(&public("otherEd25519", "k2"), "key_ops", json!("verify")), KeyError::Malformed("key_ops")),
        (with(&public("otherEd25519", "k2"), "kid", json!(2)), KeyError::Malformed("kid")),
        (with(&public("otherEd25519", "k2"), "x", json!(2)), KeyError::Malformed("x")),
        (without(&public("otherEd25519", "k2"), "x"), KeyError::Malformed("x")),
        (without(&public("otherEd25519", "k2"), "kty"), KeyError::Malformed("kty")),
        (with(&key("otherEd25519"), "kid", "k2".into()), KeyError::Secret),
        (with(&key("p256"), "kid", "k2".into()), KeyError::Secret),
        (with(&key("rsa"), "kid", "k2".into()), KeyError::Secret),
        (with(&public("otherEd25519", "k2"), "d", Value::Null), KeyError::Secret),
        (with(&public("otherEd25519", "k2"), "priv", "AA".into()), KeyError::Secret),
    ] {
        let keys = json!([bad, good]);
        let set = prepare(keys.clone(), &[Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256]).expect("a set");
        assert_eq!(set.refused()[0].why, why, "{bad}");
        assert_eq!((set.refused().len(), set.refused()[0].index, set.keys().len()), (1, 0, 1));
        assert!(is_accepted(&trusting(&[Algorithm::EdDsa], &keys), &signed_by(&Signer::EDDSA, Some("k1"))));
        // What was put aside is not chosen for want of another, either.
        let named = bad["kid"].is_string();
        let expected = if named { Reason::SigningKeyUnusable } else { Reason::SigningKeyUnknown };
        let chosen = reason(&trusting(&[Algorithm::EdDsa], &keys), &signed_by(&Signer::STRANGER, Some("k2")));
        assert_eq!(chosen, expected, "{bad}");
    }
    let no_object = prepare(json!([1, good, "x", null]), &[Algorithm::EdDsa]).expect("a set");
    assert_eq!(no_object.refused().len(), 3);
}

#[test]
fn a_key_says_what_it_is_for() {
    for (member, value) in [("use", json!("sig")), ("key_ops", json!(["verify"])), ("alg", json!("EdDSA"))] {
        let keys = json!([with(&Signer::EDDSA.jwk(), member, value)]);
        assert!(is_accepted(&trusting(&[Algorithm::EdDsa], &keys), &Signer::EDDSA.token(&claims())), "{member}");
    }
    // One RSA key, one padding: what the key names is all that it serves.
    let bound =
        trusting(&[Algorithm::Rs256, Algorithm::Ps256], &json!([with(&Signer::RS256.jwk(), "alg", "RS256".into())]));
    assert!(is_accepted(&bound, &Signer::RS256.token(&claims())));
    assert_eq!(reason(&bound, &Signer::PS256.token(&claims())), Reason::SigningKeyUnknown);
    // The two names of Ed25519 are one algorithm on the key, and two on the token.
    let renamed = trusting(&[Algorithm::EdDsa], &json!([with(&Signer::EDDSA.jwk(), "alg", "Ed25519".into())]));
    assert!(is_accepted(&renamed, &Signer::EDDSA.token(&claims())));
    assert_eq!(reason(&renamed, &Signer::ED25519.token(&claims())), Reason::AlgorithmNotAllowed);
}

#[test]
fn weak_keys_are_refused() {
    let rsa = public("rsa", "k1");
    let cases = [
        public("rsa1024", "k1"),
        with(&rsa, "e", "AQ".into()),
        with(&rsa, "e", "Ag".into()),
        with(&rsa, "e", "AA".into()),
        with(&rsa, "e", "".into()),
        with(&rsa, "e", "AQAA".into()),
        with(&rsa, "e", encode([0xff; 9]).into()),
        with(&rsa, "e", rsa["n"].clone()),
        with(&rsa, "n", "".into()),
        with(&rsa, "n", "AQ".into()),
        with(&rsa, "n", encode([0xff; 255]).into()),
        with(&rsa, "n", encode([0; 256]).into()),
        // Even, so that anybody can factor it.
        with(&rsa, "n", encode([0xfe; 256]).into()),
        // Divisible by 3, 5 and 17.
        with(&rsa, "n", encode([0xff; 1024]).into()),
        with(&rsa, "n", encode([0xff; 1025]).into()),
        with(&rsa, "n", encode(vec![0xff; 1 << 16]).into()),
    ];
    for jwk in cases {
        let error = prepare(json!([jwk]), &[Algorithm::Rs256, Algorithm::Ps256]).expect_err("a weak key");
        assert!(
            matches!(error, KeySetError::NoUsableKey(Some(KeyError::Weak(_) | KeyError::Malformed(_)))),
            "{error:?} {jwk}"
        );
    }
}

#[test]
fn a_key_of_the_flawed_generator_is_refused() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/roca.json")).expect("JSON");
    for modulus in vectors["moduli"].as_array().expect("an array") {
        let jwk = with(&public("rsa", "k1"), "n", modulus.clone());
        let error = prepare(json!([jwk]), &[Algorithm::Rs256]).expect_err("a weak key");
        let KeySetError::NoUsableKey(Some(KeyError::Weak(why))) = error else { panic!("{error:?}") };
        assert!(why.contains("CVE-2017-15361"), "{why}");
        // The fingerprint is that number's: the next one without a small factor does not have it.
        let mut number = decode(modulus.as_str().expect("a string"));
        let taken = (0..100).any(|_| {
            let last = number.last_mut().expect("a byte");
            *last = last.wrapping_add(2);
            prepare(json!([with(&jwk, "n", encode(&number).into())]), &[Algorithm::Rs256]).is_ok()
        });
        assert!(taken);
    }
}

#[test]
fn keys_of_small_order_and_off_their_curve_are_refused() {
    let ed25519 = |x: String| json!([{ "kty": "OKP", "crv": "Ed25519", "x": x }]);
    // The points of order 1, 2, 4 and 8 (RFC 7748 §7 and RFC 8032 §5.1): each makes signatures that fit any message.
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let order_8 = data_encoding::HEXLOWER.decode(order_8.as_bytes()).expect("hex");
    let mut order_1 = [0; 32];
    order_1[0] = 1;
    let mut order_2 = [0xff; 32];
    (order_2[0], order_2[31]) = (0xec, 0x7f);
    // The same as the first, written with a number past the field's prime.
    let mut past_the_prime = [0xff; 32];
    (past_the_prime[0], past_the_prime[31]) = (0xee, 0x7f);
    for x in [&order_1[..], &order_2, &[0; 32], &order_8, &past_the_prime] {
        let error = prepare(ed25519(encode(x)), &[Algorithm::EdDsa]).expect_err("small order");
        assert!(matches!(error, KeySetError::NoUsableKey(Some(KeyError::Weak(_)))), "{error:?} {x:02x?}");
    }
    for x in [&[0x02; 32][..], &[1; 31], &[1; 33], &[]] {
        let error = prepare(ed25519(encode(x)), &[Algorithm::EdDsa]).expect_err("no point");
        assert!(matches!(error, KeySetError::NoUsableKey(Some(KeyError::Malformed(_)))), "{error:?} {x:02x?}");
    }
    let p256 = public("p256", "k1");
    for (member, value) in [
        ("x", p256["y"].clone()),
        ("x", "AA".into()),
        ("y", encode([0; 32]).into()),
        ("y", encode([0; 33]).into()),
        ("x", format!("{}=", p256["x"].as_str().expect("a string")).into()),
    ] {
        let error = prepare(json!([with(&p256, member, value)]), &[Algorithm::Es256]).expect_err("off the curve");
        assert!(matches!(error, KeySetError::NoUsableKey(Some(KeyError::Malformed(_)))), "{error:?}");
    }
}

#[test]
fn a_secret_is_as_long_as_the_hash() {
    for (algorithm, least) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let set = |bytes: usize| prepare(json!([{ "kty": "oct", "k": encode(vec![7; bytes]) }]), &[algorithm]);
        assert!(set(least).is_ok());
        for bytes in [0, 1, least - 1] {
            let error = set(bytes).expect_err("too short");
            assert!(matches!(error, KeySetError::NoUsableKey(Some(KeyError::Weak(_)))), "{error:?}");
        }
    }
}

#[test]
fn a_set_has_bounds_and_a_shape() {
    let many = |count: usize| Value::Array(vec![Signer::EDDSA.jwk(); count]);
    assert!(prepare(many(64), &[Algorithm::EdDsa]).is_ok());
    assert_eq!(prepare(many(65), &[Algorithm::EdDsa]).expect_err("too many"), KeySetError::TooManyKeys(65));
    assert_eq!(prepare(json!([]), &[Algorithm::EdDsa]).expect_err("none"), KeySetError::NoUsableKey(None));
    for keys in [json!({}), json!(null), json!("x")] {
        assert_eq!(prepare(keys, &[Algorithm::EdDsa]).expect_err("no set"), KeySetError::NotAKeySet);
    }
}

#[test]
fn a_secret_serves_the_algorithms_that_it_is_long_enough_for() {
    let keys = json!([{ "kty": "oct", "k": encode([7; 32]) }]);
    let set = prepare(keys, &[Algorithm::Hs512, Algorithm::Hs256]).expect("a key set");
    assert_eq!(set.keys()[0].algorithms().collect::<Vec<_>>(), [Algorithm::Hs256]);
}

#[test]
fn the_most_useful_reason_wins_where_no_key_can_be_used() {
    let weak = json!({ "kty": "RSA", "kid": "k1", "n": "A".repeat(200), "e": "AQAB" });
    let encrypting = with(&public("otherEd25519", "k1"), "use", "enc".into());
    let private = with(&key("p256"), "kid", "k1".into());
    let good = public("otherEd25519", "k2");
    let all = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];
    let named = signed_by(&Signer::EDDSA, Some("k1"));
    let told = |keys: &Value, token: &str| {
        let denial = denial(&trusting(&all, keys), token);
        (denial.reason, denial.note.unwrap_or_default())
    };
    let unusable = |keys: &Value| {
        let (reason, note) = told(keys, &named);
        assert_eq!(reason, Reason::SigningKeyUnusable, "{note}");
        note
    };
    assert_eq!(unusable(&json!([good, encrypting])), "key 1: not meant for verifying signatures");
    assert!(unusable(&json!([good, weak, encrypting])).starts_with("key 1: "));
    assert_eq!(unusable(&json!([good, weak, private])), "key 2: a private or symmetric key in a public key set");
    // A refused key of another id says nothing.
    let (reason, note) = told(&json!([good, with(&encrypting, "kid", "k3".into())]), &named);
    assert_eq!((reason, note.as_str()), (Reason::SigningKeyUnknown, "no key of the set has this `kid`"));
    let (reason, note) = told(&json!([Signer::ES256.jwk()]), &named);
    assert_eq!((reason, note.as_str()), (Reason::SigningKeyUnknown, "the key of this `kid` does not serve EdDSA"));
    let (reason, note) = told(&json!([Signer::ES256.jwk()]), &signed_by(&Signer::EDDSA, None));
    assert_eq!(reason, Reason::SigningKeyUnknown);
    assert_eq!(note, "no `kid` in the token, and no key of the set serves EdDSA");
}

#[test]
fn a_denial_tells_the_audit_what_the_token_was_held_against() {
    let known = |token: &str| {
        let who = denial(usual(), token).principal;
        assert_eq!((&who.subject, &who.client_id, &who.credential_id), (&None, &None, &None));
        (who.issuer, who.key_id, who.algorithm)
    };
    let issuer = || Some("https://issuer.example/".to_owned());
    let forged = Signer::STRANGER.token(&claims());
    assert_eq!(known(&forged), (issuer(), Some("k1".to_owned()), Some("EdDSA")));
    // A `kid` that is no key's is the sender's word alone.
    assert_eq!(known(&signed_by(&Signer::EDDSA, Some("k2"))), (issuer(), None, Some("EdDSA")));
    let unknown = Signer::EDDSA.token(&with(&claims(), "iss", OTHER_ISSUER.into()));
    assert_eq!(known(&unknown), (None, None, Some("EdDSA")));
    assert_eq!(known("a.b.c"), (None, None, None));
    let for_another = Signer::EDDSA.token(&with(&claims(), "exp", "1".into()));
    assert_eq!(known(&for_another), (issuer(), Some("k1".to_owned()), Some("EdDSA")));
}
