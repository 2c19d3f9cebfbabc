//! What key sets that are fetched keep in memory: so much for each set, for a number of sets that has a bound, and next to
//! nothing for a tenant whose set is not in memory (contract §4).

mod support;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use edgeward::{
    host::{Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
    key_source::MOST_KEY_SETS,
    m2m_token::TokenVerifier,
    policy::{Beside, read_token_policy, token_verifier_with},
    verdict::Reason,
};
use pollster::block_on;
use serde_json::{Value, json};
use support::{NOW, Signer, edited};

/// Counts what is allocated and not given back.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be had without; it hands everything on to the system's")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's layout, as it is.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's place and layout, as they are.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A host whose issuer has one set for everybody, written as large as those of real issuers.
struct Issuer {
    keys: String,
}

impl Issuer {
    fn new(keys: &[Value]) -> Self {
        Self { keys: json!({ "keys": keys }).to_string() }
    }
}

impl Host for Issuer {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW * 1000)
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        Ok(())
    }

    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, HostError> {
        Ok(None)
    }

    async fn fetch(&self, _: OutboundRequest) -> Result<InboundAnswer, HostError> {
        Ok(InboundAnswer { status: 200, headers: Vec::new(), body: self.keys.clone().into_bytes() })
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("no signatures here".to_owned()))
    }
}

fn verifier(tenants: usize) -> TokenVerifier {
    let tenants: Vec<_> = (0..tenants).map(|number| format!("tenant-{number:05}")).collect();
    let policy = json!({ "issuers": [{
        "issuer": "https://login.example/{tenant}/v2.0",
        "tenants": tenants,
        "audience": "a",
        "algorithms": ["RS256", "ES256", "ES384"],
        "jwksUri": "https://login.example/{tenant}/keys",
    }] });
    let policy = read_token_policy(&policy.to_string()).expect("a policy");
    token_verifier_with(policy.issuers, &Beside::default(), None).expect("a verifier")
}

/// A token of a tenant that no key of its set has signed.
fn look_up(verifier: &TokenVerifier, host: &Issuer, tenant: usize) {
    let issuer = format!("https://login.example/tenant-{tenant:05}/v2.0");
    let claims = json!({ "iss": issuer, "aud": "a", "sub": "s", "exp": NOW + 60 });
    let token = Signer::ES256.mint(r#"{"alg":"ES256","kid":"nobody's"}"#, claims.to_string());
    let denial = block_on(verifier.verify(host, &token)).expect_err("no such key");
    assert_eq!(denial.reason, Reason::SigningKeyUnknown);
}

fn in_memory(verifier: &TokenVerifier) -> usize {
    verifier.key_sets(UnixMillis(NOW * 1000)).iter().filter(|status| status.keys > 0).count()
}

/// The keys of an issuer with two certificates in rotation, their chains published beside them, and one elliptic key.
fn usual_keys() -> Vec<Value> {
    let chain = json!(["MIID".repeat(400)]);
    let rsa = |kid: &str| edited(&Signer::RS256.jwk(), &json!({ "kid": kid, "use": "sig", "x5c": chain }));
    vec![rsa("r1"), rsa("r2"), Signer::ES256.jwk()]
}

// One test alone: another beside it would be counted too.
#[test]
fn memory_is_so_much_for_each_set_and_the_number_of_sets_is_bounded() {
    const TENANTS: usize = 1_000;
    let host = Issuer::new(&usual_keys());

    let before = IN_USE.load(Ordering::Relaxed);
    let verifier = verifier(TENANTS);
    let of_tenant = (IN_USE.load(Ordering::Relaxed) - before) / TENANTS;

    for tenant in 0..MOST_KEY_SETS {
        look_up(&verifier, &host, tenant);
    }
    assert_eq!(in_memory(&verifier), MOST_KEY_SETS);
    let full = IN_USE.load(Ordering::Relaxed) - before;
    let of_set = (full - of_tenant * TENANTS) / MOST_KEY_SETS;

    for tenant in MOST_KEY_SETS..TENANTS {
        look_up(&verifier, &host, tenant);
        assert!(in_memory(&verifier) <= MOST_KEY_SETS);
    }
    let after = IN_USE.load(Ordering::Relaxed) - before;
    println!(
        "a tenant without a set: {of_tenant} bytes; a set of three keys in {} bytes of JSON: {of_set} bytes",
        host.keys.len()
    );

    // The figures of docs/key-sets.md, with room for another allocator.
    assert!(of_tenant <= 2_048, "{of_tenant} bytes for each tenant");
    assert!(of_set <= 32 * 1024, "{of_set} bytes for each set");
    assert!(
        after <= full + TENANTS * 256,
        "{full} bytes with {MOST_KEY_SETS} sets, {after} after all of them were used"
    );
}
