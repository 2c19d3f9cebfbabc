//! What a single check may be asked beside the credential.

use serde::Deserialize;
use wasm_bindgen::prelude::{JsError, JsValue};

use crate::verdict::{Denial, Reason, Verdict};

/// The options of one check. Unknown ones are refused: a misspelt `scopes` must not check nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct CheckOptions {
    /// The scopes that are needed, all of them.
    pub(super) scopes: Option<Vec<String>>,
    /// The time in milliseconds since the Unix epoch, in place of the host's.
    pub(super) now: Option<f64>,
    /// The client's address.
    pub(super) ip: Option<String>,
}

impl CheckOptions {
    /// # Errors
    /// Where the options are of another shape: a mistake of the calling program.
    pub(super) fn read(value: JsValue) -> Result<Self, JsError> {
        if value.is_undefined() || value.is_null() {
            return Ok(Self::default());
        }
        serde_wasm_bindgen::from_value(value)
            .map_err(|error| JsError::new(&format!("the options of the check: {error}")))
    }

    /// Holds a verdict against the scopes that were asked for.
    pub(super) fn require_scopes(&self, verdict: Verdict) -> Verdict {
        let needed = self.scopes.as_deref().unwrap_or_default();
        let grant = verdict?;
        if needed.iter().all(|scope| grant.scopes.contains(scope)) {
            return Ok(grant);
        }
        let mut denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal);
        denial.needed_scopes = needed.to_vec();
        Err(denial)
    }
}
