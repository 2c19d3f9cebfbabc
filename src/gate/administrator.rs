//! Who may administer: an M2M client of one issuer with the right scope, and, until the first of them has come, whoever
//! holds the bootstrap secret.

use std::{
    fmt,
    sync::atomic::{AtomicBool, Ordering},
};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::{Gate, GateRequest};
use crate::{
    host::Host,
    policy::AdminPolicy,
    verdict::{CredentialClass, Denial, Evidence, Grant, Principal, Reason, Verdict},
};

/// The shortest bootstrap secret, in bytes.
pub const SHORTEST_BOOTSTRAP_SECRET: usize = 32;

/// Where the store holds when the first administrator came.
const FIRST_ADMINISTRATOR: &str = "admin/first";

/// What the bootstrap secret is called as one who did something.
pub(super) const BOOTSTRAP: &str = "bootstrap";

/// The secret that administers until the first administrator has come. Only its digest is held, since it is compared and
/// never used.
#[derive(Clone)]
pub struct BootstrapSecret([u8; 32]);

impl BootstrapSecret {
    /// Takes a secret of at least [`SHORTEST_BOOTSTRAP_SECRET`] bytes and wipes it.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not quote it.
    pub fn new(mut secret: String) -> Result<Self, &'static str> {
        let fits = secret.len() >= SHORTEST_BOOTSTRAP_SECRET && secret.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
        let digest = Sha256::digest(&secret).into();
        secret.zeroize();
        if fits { Ok(Self(digest)) } else { Err("the bootstrap secret has at least 32 visible ASCII characters") }
    }

    /// In constant time.
    fn is(&self, presented: &str) -> bool {
        let presented: [u8; 32] = Sha256::digest(presented).into();
        self.0.ct_eq(&presented).into()
    }
}

impl fmt::Debug for BootstrapSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BootstrapSecret(hidden)")
    }
}

/// Who may administer.
#[derive(Debug)]
pub(crate) struct Administrators {
    policy: AdminPolicy,
    bootstrap: Option<BootstrapSecret>,
    /// Whether it is known here that the first administrator has come.
    has_come: AtomicBool,
}

/// What an administrator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To look.
    Read,
    /// To change something.
    Write,
}

/// Somebody who may.
pub(super) struct Admitted {
    /// Who it is, as a grant.
    pub(super) grant: Grant,
    /// Whether it is the bootstrap secret that was presented.
    pub(super) bootstrap: bool,
}

impl Admitted {
    /// By what name something is done by them: the client, or the subject of the token.
    pub(super) fn name(&self) -> String {
        let who = &self.grant.principal;
        who.client_id.clone().or_else(|| who.subject.clone()).unwrap_or_else(|| "unknown".to_owned())
    }
}

impl Administrators {
    pub(super) const fn new(policy: AdminPolicy, bootstrap: Option<BootstrapSecret>) -> Self {
        Self { policy, bootstrap, has_come: AtomicBool::new(false) }
    }

    /// Whether the first administrator has come. The record is written once and never taken away.
    async fn have_come<H: Host>(&self, host: &H) -> Result<bool, Denial> {
        if self.has_come.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let stored = host.read_latest(FIRST_ADMINISTRATOR).await;
        let stored = stored.map_err(|error| Denial::new(Reason::StoreUnavailable).noting(error.to_string()))?;
        if stored.is_some() {
            self.has_come.store(true, Ordering::Relaxed);
        }
        Ok(stored.is_some())
    }

    /// Puts down that the first administrator has come. Where that cannot be done nothing else is: the bootstrap secret
    /// would go on working.
    async fn put_down<H: Host>(&self, host: &H, who: &Principal) -> Result<(), Denial> {
        if self.have_come(host).await? {
            return Ok(());
        }
        let record = serde_json::json!({ "at": host.now().seconds(), "by": who.client_id, "issuer": who.issuer });
        let put = host.swap(FIRST_ADMINISTRATOR, None, Some(record.to_string().as_bytes())).await;
        put.map_err(|error| Denial::new(Reason::StoreUnavailable).noting(error.to_string()))?;
        self.has_come.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Gate {
    /// Admits an administrator.
    pub(super) async fn admit<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        administrators: &Administrators,
        access: Access,
    ) -> Result<Admitted, Denial> {
        if let Some(secret) = &administrators.bootstrap
            && bearer(request).is_some_and(|presented| secret.is(presented))
        {
            if self.decider.is_readable_on_its_way(request) {
                return Err(Reason::CredentialExposed.into());
            }
            if administrators.have_come(host).await? {
                return Err(Reason::BootstrapClosed.into());
            }
            return Ok(Admitted { grant: of_bootstrap(), bootstrap: true });
        }
        let grant = self.check_administrator(host, request, &administrators.policy, access).await?;
        administrators.put_down(host, &grant.principal).await?;
        Ok(Admitted { grant, bootstrap: false })
    }

    async fn check_administrator<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        policy: &AdminPolicy,
        access: Access,
    ) -> Verdict {
        let presented = match self.decider.take_credential(request) {
            Ok(presented) => presented,
            Err(denial) => return Err(self.note_exposed(host, request, denial).await),
        };
        // A standing secret that could make others is how a leak outlives its mending.
        if presented.class != CredentialClass::M2mToken {
            return Err(Denial::new(Reason::ClassNotAccepted).of(presented.class));
        }
        let grant = self.decider.check_presented(host, request, presented).await?;
        if grant.principal.issuer.as_deref() != Some(policy.issuer.as_str()) {
            let denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal);
            return Err(denial.noting("a token of an issuer that does not administer"));
        }
        let has = |scope: &String| grant.scopes.contains(scope);
        // Whoever changes keys may look at them.
        let (may, needed) = match access {
            Access::Read => (has(&policy.read_scope) || has(&policy.write_scope), &policy.read_scope),
            Access::Write => (has(&policy.write_scope), &policy.write_scope),
        };
        if may {
            return Ok(grant);
        }
        let mut denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal);
        denial.needed_scopes = [needed.clone()].into();
        Err(denial)
    }
}

/// What stands after the scheme `Bearer`, where the header stands once.
fn bearer(request: &GateRequest) -> Option<&str> {
    let mut values = request.values("authorization");
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(secret.trim_start_matches(' '))
}

fn of_bootstrap() -> Grant {
    Grant {
        class: CredentialClass::M2mToken,
        principal: Principal { subject: Some(BOOTSTRAP.to_owned()), ..Principal::default() },
        scopes: Vec::new(),
        expires: None,
        evidence: Evidence::Claims("{}".to_owned()),
    }
}
