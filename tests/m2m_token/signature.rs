//! Signatures: the examples of the standards, and everything that is nearly a signature.

use edgeward::{
    jose::{Algorithm, CompactJws, Header, KeySet, PORTABLE},
    verdict::Reason,
};
use rsa::BigUint;
use serde_json::{Value, json};

use super::{is_accepted, reason};
use crate::support::{Signer, claims, decode, encode, issuer, key, public, verifier, with};

/// Whether a key holds for a token of which only the signature is to be judged.
fn holds(jwk: &Value, token: &str) -> bool {
    let jws = CompactJws::parse(token, 4096).expect("three segments");
    let header = Header::parse(&jws.header).expect("a header");
    let algorithm = Algorithm::from_name(&header.algorithm).expect("an algorithm");
    let set = json!({ "keys": [jwk] });
    let set = KeySet::prepare(set.as_object().expect("an object"), &[algorithm], PORTABLE).expect("a key set");
    set.keys()[0].verify(algorithm, jws.signing_input.as_bytes(), &jws.signature)
}

/// The payload of the examples of RFC 7515, appendix A.
const RFC7515: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn the_examples_of_the_standards_hold_and_nothing_near_them() {
    let rsa = json!({
        "kty": "RSA", "e": "AQAB",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-\
              SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-U\
              To7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethF\
              kMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    });
    let by_rsa = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9u\
                  JdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_e\
                  SN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5\
                  AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let examples = [
        // RFC 7515 A.1.
        (
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
            RFC7515,
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            key("hmac"),
        ),
        // RFC 7515 A.2.
        ("eyJhbGciOiJSUzI1NiJ9", RFC7515, by_rsa, rsa),
        // RFC 7515 A.3.
        (
            "eyJhbGciOiJFUzI1NiJ9",
            RFC7515,
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            public("p256", "k1"),
        ),
        // RFC 8037 A.4.
        (
            "eyJhbGciOiJFZERTQSJ9",
            "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            public("ed25519", "k1"),
        ),
    ];
    for (header, payload, signature, jwk) in examples {
        assert!(holds(&jwk, &format!("{header}.{payload}.{signature}")), "{header}");
        let mut changed = decode(payload);
        changed[5] ^= 1;
        assert!(!holds(&jwk, &format!("{header}.{}.{signature}", encode(&changed))), "{header}");
        let mut changed = decode(signature);
        changed[5] ^= 1;
        assert!(!holds(&jwk, &format!("{header}.{payload}.{}", encode(&changed))), "{header}");
    }
}

/// The token with another signature.
fn resigned(token: &str, signature: impl AsRef<[u8]>) -> String {
    let (input, _) = token.rsplit_once('.').expect("dots");
    format!("{input}.{}", encode(signature))
}

fn signature_of(token: &str) -> Vec<u8> {
    decode(token.rsplit_once('.').expect("dots").1)
}

#[test]
fn a_signature_of_another_length_is_refused_by_every_algorithm() {
    for signer in [Signer::HS256, Signer::HS512, Signer::RS256, Signer::PS256, Signer::ES256, Signer::EDDSA] {
        let trusting = verifier([issuer(&signer)]);
        let good = signer.token(&claims());
        let signature = signature_of(&good);
        let longer = |before: usize, after: usize| [vec![0; before], signature.clone(), vec![0; after]].concat();
        for wrong in [
            Vec::new(),
            vec![0],
            signature[1..].to_vec(),
            signature[..signature.len() - 1].to_vec(),
            signature[..signature.len() / 2].to_vec(),
            longer(1, 0),
            longer(0, 1),
            longer(32, 0),
            [signature.clone(), signature.clone()].concat(),
            vec![0; signature.len()],
            vec![0xff; signature.len()],
            vec![0; 8192],
        ] {
            assert_eq!(reason(&trusting, &resigned(&good, &wrong)), Reason::SignatureInvalid, "{} bytes", wrong.len());
        }
        assert!(is_accepted(&trusting, &good));
    }
}

#[test]
fn a_changed_header_payload_or_signature_is_refused() {
    for signer in [Signer::HS256, Signer::RS256, Signer::ES256, Signer::EDDSA] {
        let trusting = verifier([issuer(&signer)]);
        let good = signer.token(&claims());
        let parts: Vec<&str> = good.split('.').collect();
        let other = signer.token(&with(&claims(), "scope", "admin".into()));
        let grafted = format!("{}.{}.{}", parts[0], other.split('.').nth(1).expect("a payload"), parts[2]);
        assert_eq!(reason(&trusting, &grafted), Reason::SignatureInvalid);
        let header = json!({ "alg": signer.algorithm.name(), "kid": "k1", "typ": "at+jwt", "x": 1 }).to_string();
        let another = format!("{}.{}.{}", encode(header), parts[1], parts[2]);
        assert_eq!(reason(&trusting, &another), Reason::SignatureInvalid);
        for place in [0, 31, 63, 200] {
            let mut signature = signature_of(&good);
            if let Some(byte) = signature.get_mut(place) {
                *byte ^= 0x80;
                assert_eq!(reason(&trusting, &resigned(&good, &signature)), Reason::SignatureInvalid, "byte {place}");
            }
        }
    }
}

#[test]
fn one_hash_is_not_another() {
    let all = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384];
    let policy = with(&issuer(&Signer::RS256), "algorithms", serde_json::to_value(all).expect("names"));
    let verifier = verifier([policy]);
    let token = Signer::RS256.token(&claims());
    let (_, payload) = token.split_once('.').expect("dots");
    for algorithm in &all[1..] {
        let renamed = format!("{}.{payload}", encode(crate::support::header(*algorithm)));
        assert_eq!(reason(&verifier, &renamed), Reason::SignatureInvalid, "{algorithm}");
    }
}

/// The order of P-256 (SEC 2 §2.4.2).
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn order() -> Vec<u8> {
    data_encoding::HEXLOWER.decode(ORDER.as_bytes()).expect("hex")
}

#[test]
fn an_ecdsa_signature_is_two_numbers_in_range() {
    let verifier = verifier([issuer(&Signer::ES256)]);
    let good = Signer::ES256.token(&claims());
    let signature = signature_of(&good);
    let (r, s) = signature.split_at(32);
    let (zero, order) = (&[0; 32][..], order());
    let mut one = [0; 32];
    one[31] = 1;
    for (r, s) in [
        // "Psychic signatures", CVE-2022-21449, and their neighbours.
        (zero, zero),
        (r, zero),
        (zero, s),
        (&one, &one),
        (&order, &order),
        (r, &order),
        (&order, s),
        (&one, zero),
        (s, r),
    ] {
        assert_eq!(reason(&verifier, &resigned(&good, [r, s].concat())), Reason::SignatureInvalid);
    }
    // JWS asks for no low s, and no host does.
    let mirrored = (BigUint::from_bytes_be(&order) - BigUint::from_bytes_be(s)).to_bytes_be();
    let mirrored = [r.to_vec(), vec![0; 32 - mirrored.len()], mirrored].concat();
    assert!(is_accepted(&verifier, &resigned(&good, mirrored)));
}

#[test]
fn an_ecdsa_signature_has_the_form_of_jws_and_the_length_of_its_curve() {
    let verifier = verifier([issuer(&Signer::ES256)]);
    let good = Signer::ES256.token(&claims());
    let signature = signature_of(&good);
    let (r, s) = signature.split_at(32);
    let integer = |bytes: &[u8]| {
        let digits = BigUint::from_bytes_be(bytes).to_bytes_be();
        let sign = if digits[0] & 0x80 == 0 { vec![] } else { vec![0] };
        let body = [sign, digits].concat();
        [vec![2, u8::try_from(body.len()).expect("short")], body].concat()
    };
    let body = [integer(r), integer(s)].concat();
    let der = [vec![0x30, u8::try_from(body.len()).expect("short")], body].concat();
    assert_eq!(reason(&verifier, &resigned(&good, der)), Reason::SignatureInvalid);
    // As long as one on P-384, or on P-521.
    for half in [48, 66] {
        let pad = vec![0; half - 32];
        let long = [&pad[..], r, &pad, s].concat();
        assert_eq!(reason(&verifier, &resigned(&good, long)), Reason::SignatureInvalid);
    }
}

fn token(name: &str) -> String {
    let tokens: Value = serde_json::from_str(include_str!("../vectors/tokens.json")).expect("JSON");
    tokens[name].as_str().expect(name).to_owned()
}

#[test]
fn a_salt_is_as_long_as_the_hash() {
    assert_eq!(reason(&verifier([issuer(&Signer::PS256)]), &token("pssWithoutSalt")), Reason::SignatureInvalid);
}

#[test]
fn an_exponent_of_three_is_good_enough() {
    let jwks = json!({ "keys": [public("rsaExponent3", "k1")] });
    assert!(is_accepted(&verifier([with(&issuer(&Signer::RS256), "jwks", jwks)]), &token("rsaExponent3")));
}

#[test]
fn an_ed25519_signature_has_its_number_below_the_order() {
    // RFC 8032 §5.1.7: s plus the order of the group fits the same equation.
    let order = data_encoding::HEXLOWER
        .decode(b"1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed")
        .expect("hex");
    let verifier = verifier([issuer(&Signer::EDDSA)]);
    let good = Signer::EDDSA.token(&claims());
    let signature = signature_of(&good);
    let sum = BigUint::from_bytes_le(&signature[32..]) + BigUint::from_bytes_be(&order);
    let malleated = [&signature[..32], &sum.to_bytes_le()].concat();
    assert_eq!(malleated.len(), 64);
    assert_eq!(reason(&verifier, &resigned(&good, malleated)), Reason::SignatureInvalid);
}

#[test]
fn an_rsa_signature_is_a_number_below_the_modulus() {
    let modulus = BigUint::from_bytes_be(&decode(key("rsa")["n"].as_str().expect("a string")));
    let verifier = verifier([issuer(&Signer::PS256)]);
    assert!(is_accepted(&verifier, &token("pss")));
    // RFC 8017 §5.2.2: the same number modulo n, and yet another token. Native cryptography refuses it.
    assert_eq!(
        BigUint::from_bytes_be(&signature_of(&token("pss"))) + modulus.clone(),
        BigUint::from_bytes_be(&signature_of(&token("pssPlusModulus")))
    );
    assert_eq!(reason(&verifier, &token("pssPlusModulus")), Reason::SignatureInvalid);
    for number in [modulus.clone(), modulus.clone() + 1_u8, modulus - 1_u8, BigUint::from(1_u8)] {
        let bytes = number.to_bytes_be();
        let bytes = [vec![0; 256 - bytes.len()], bytes].concat();
        assert_eq!(reason(&verifier, &resigned(&token("pss"), bytes)), Reason::SignatureInvalid);
    }
}
