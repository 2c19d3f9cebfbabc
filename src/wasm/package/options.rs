//! What a single check may be asked beside the credential.

use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{
    JsCast,
    prelude::{JsError, JsValue},
};

use crate::{
    m2m_token::{CertificateThumbprint, DpopProof, SenderContext},
    verdict::{Denial, Reason, Verdict},
};

/// The options of one check.
#[derive(Debug, Default)]
pub(super) struct CheckOptions {
    /// The scopes that are needed, all of them.
    pub(super) scopes: Vec<String>,
    /// The time in milliseconds since the Unix epoch, in place of the host's.
    pub(super) now: Option<f64>,
    /// The client's address.
    pub(super) ip: Option<String>,
    /// The proof of the sender, with its request.
    dpop: Option<Dpop>,
    /// The client certificate of the connection.
    certificate: Option<CertificateThumbprint>,
}

impl CheckOptions {
    /// What an M2M token may be checked with.
    pub(super) const OF_TOKENS: &[&str] = &["scopes", "now", "dpop", "certificate"];
    /// What an API key may be checked with.
    pub(super) const OF_KEYS: &[&str] = &["scopes", "now", "ip"];

    /// Reads the options, member by member. Unknown ones are refused: a misspelt `scopes` must not check nothing. The
    /// reader that derives itself from the type would pass over them, since it asks an object for the members that it
    /// knows alone.
    ///
    /// # Errors
    /// Where the options are of another shape: a mistake of the calling program.
    pub(super) fn read(value: &JsValue, known: &[&str]) -> Result<Self, JsError> {
        if value.is_undefined() || value.is_null() {
            return Ok(Self::default());
        }
        // No test for the class `Object`: what has no prototype is an object too.
        if !value.is_object() || Array::is_array(value) {
            return Err(JsError::new("the options of a check are an object"));
        }
        let options: &Object = value.unchecked_ref();
        refuse_unknown(options, "a check", known)?;
        Ok(Self {
            scopes: scopes(&member(options, "scopes")?)?,
            now: now(&member(options, "now")?)?,
            ip: ip(options)?,
            dpop: Dpop::read(&member(options, "dpop")?)?,
            certificate: certificate(&member(options, "certificate")?)?,
        })
    }

    /// What is known of the sender of a token.
    pub(super) fn sender(&self) -> SenderContext<'_> {
        SenderContext { dpop: self.dpop.as_ref().map(Dpop::presented), certificate: self.certificate }
    }

    /// Whether these scopes have all that were asked for.
    pub(super) fn scopes_in(&self, scopes: &[String]) -> bool {
        self.scopes.iter().all(|scope| scopes.contains(scope))
    }

    /// Holds a verdict against the scopes that were asked for.
    pub(super) fn require_scopes(&self, verdict: Verdict) -> Verdict {
        let grant = verdict?;
        if self.scopes_in(&grant.scopes) {
            return Ok(grant);
        }
        let denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal);
        Err(Denial { needed_scopes: self.scopes.as_slice().into(), ..denial })
    }
}

/// A proof of the sender, with the request that it came with.
#[derive(Debug)]
struct Dpop {
    proof: String,
    method: String,
    url: String,
    nonce: Option<String>,
}

impl Dpop {
    fn read(value: &JsValue) -> Result<Option<Self>, JsError> {
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        if !value.is_object() || Array::is_array(value) {
            return Err(JsError::new("the option `dpop` is an object"));
        }
        let members: &Object = value.unchecked_ref();
        refuse_unknown(members, "the option `dpop`", &["proof", "method", "url", "nonce"])?;
        let text = |name: &str| member(members, name).map(|value| value.as_string());
        let needed = |name: &str| {
            text(name)?.ok_or_else(|| JsError::new(&format!("the option `dpop` has `{name}`, which is a string")))
        };
        let nonce = text("nonce")?;
        if nonce.is_none() && !member(members, "nonce")?.is_undefined() {
            return Err(JsError::new("the `nonce` of the option `dpop` is a string"));
        }
        Ok(Some(Self { proof: needed("proof")?, method: needed("method")?, url: needed("url")?, nonce }))
    }

    fn presented(&self) -> DpopProof<'_> {
        DpopProof { proof: &self.proof, method: &self.method, url: &self.url, nonce: self.nonce.as_deref() }
    }
}

/// A certificate in DER, or its thumbprint. One that is not known may also be given as null.
fn certificate(value: &JsValue) -> Result<Option<CertificateThumbprint>, JsError> {
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    let read = match value.dyn_ref::<Uint8Array>() {
        Some(der) => Some(CertificateThumbprint::of_der(&der.to_vec())),
        None => value.as_string().as_deref().and_then(CertificateThumbprint::parse),
    };
    let wrong =
        "the option `certificate` is a certificate in DER, or its SHA-256 thumbprint in base64url or hexadecimal";
    read.map(Some).ok_or_else(|| JsError::new(wrong))
}

fn refuse_unknown(options: &Object, whose: &str, known: &[&str]) -> Result<(), JsError> {
    for name in Object::keys(options) {
        let name = name.as_string().unwrap_or_default();
        if !known.contains(&name.as_str()) {
            let known = known.join("`, `");
            return Err(JsError::new(&format!("{whose} has no option `{name}`, it has `{known}`")));
        }
    }
    Ok(())
}

fn member(options: &Object, name: &str) -> Result<JsValue, JsError> {
    Reflect::get(options, &name.into()).map_err(|_| JsError::new(&format!("the option `{name}` cannot be read")))
}

fn scopes(value: &JsValue) -> Result<Vec<String>, JsError> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    let scopes = value.dyn_ref::<Array>().and_then(|scopes| scopes.iter().map(|scope| scope.as_string()).collect());
    scopes.ok_or_else(|| JsError::new("the option `scopes` is an array of strings"))
}

fn now(value: &JsValue) -> Result<Option<f64>, JsError> {
    if value.is_undefined() {
        return Ok(None);
    }
    let now = value.as_f64().filter(|now| now.is_finite());
    now.map(Some).ok_or_else(|| JsError::new("the option `now` is a number of milliseconds since the Unix epoch"))
}

/// An address that is not known may also be given as null.
fn ip(options: &Object) -> Result<Option<String>, JsError> {
    let value = member(options, "ip")?;
    if value.is_undefined() || value.is_null() {
        return Ok(None);
    }
    value.as_string().map(Some).ok_or_else(|| JsError::new("the option `ip` is an address as a string"))
}
