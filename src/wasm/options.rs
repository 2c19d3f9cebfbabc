//! What a single check may be asked beside the credential.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::{
    JsCast,
    prelude::{JsError, JsValue},
};

use crate::verdict::{Denial, Reason, Verdict};

/// The options of one check.
#[derive(Debug, Default)]
pub(super) struct CheckOptions {
    /// The scopes that are needed, all of them.
    pub(super) scopes: Vec<String>,
    /// The time in milliseconds since the Unix epoch, in place of the host's.
    pub(super) now: Option<f64>,
    /// The client's address.
    pub(super) ip: Option<String>,
}

impl CheckOptions {
    /// What an M2M token may be checked with.
    pub(super) const OF_TOKENS: &[&str] = &["scopes", "now"];
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
        for name in Object::keys(options) {
            let name = name.as_string().unwrap_or_default();
            if !known.contains(&name.as_str()) {
                let known = known.join("`, `");
                return Err(JsError::new(&format!("a check has no option `{name}`, it has `{known}`")));
            }
        }
        Ok(Self { scopes: scopes(&member(options, "scopes")?)?, now: now(&member(options, "now")?)?, ip: ip(options)? })
    }

    /// Holds a verdict against the scopes that were asked for.
    pub(super) fn require_scopes(&self, verdict: Verdict) -> Verdict {
        let grant = verdict?;
        if self.scopes.iter().all(|scope| grant.scopes.contains(scope)) {
            return Ok(grant);
        }
        let mut denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal);
        denial.needed_scopes.clone_from(&self.scopes);
        Err(denial)
    }
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
