//! The gate's own endpoints, by name and method.

use super::{GateRequest, administrator::Access};
use crate::{
    api_key::Operation,
    m2m_client::ClientOperation,
    verdict::{Denial, Reason},
};

/// One of the gate's own endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint<'r> {
    /// The verdict on the credential of the request.
    Verify,
    /// How the gate is.
    Health,
    /// The numbers of this instance.
    Metrics,
    /// Ends the key of the request.
    Revoke,
    /// What administrators do.
    Admin(AdminCall<'r>),
}

/// What an administrator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdminCall<'r> {
    /// A step in the life of a key.
    Keys(Operation<'r>),
    /// A step with the record of a client.
    Clients(ClientOperation<'r>),
    /// What standing credentials there are.
    Inventory,
    /// What is wrong with them.
    Review,
    /// How the gate is, in full.
    Health,
    /// The numbers of this instance.
    Metrics,
    /// What is known of the signed deny list.
    DenyList,
    /// Credentials to put on the signed deny list.
    Deny,
    /// Credentials to take off it.
    Undeny,
}

impl AdminCall<'_> {
    /// What it takes.
    pub(super) const fn access(&self) -> Access {
        match self {
            Self::Inventory | Self::Review | Self::Health | Self::Metrics | Self::DenyList => Access::Read,
            Self::Keys(operation) if operation.only_looks() => Access::Read,
            Self::Clients(operation) if operation.only_looks() => Access::Read,
            Self::Keys(_) | Self::Clients(_) | Self::Deny | Self::Undeny => Access::Write,
        }
    }

    /// Its path under the prefix, as audit events name it.
    pub(super) const fn route(&self) -> &'static str {
        match self {
            Self::Inventory => "admin/inventory",
            Self::Review => "admin/review",
            Self::Health => "admin/health",
            Self::Metrics => "metrics",
            Self::DenyList | Self::Deny => "admin/deny",
            Self::Undeny => "admin/deny/withdraw",
            Self::Keys(Operation::List | Operation::Issue) => "admin/keys",
            Self::Keys(Operation::Import) => "admin/keys/import",
            Self::Keys(Operation::Show(_) | Operation::Update(_)) => "admin/keys/:id",
            Self::Keys(Operation::Rotate(_)) => "admin/keys/:id/rotate",
            Self::Keys(Operation::Disable(_)) => "admin/keys/:id/disable",
            Self::Keys(Operation::Enable(_)) => "admin/keys/:id/enable",
            Self::Keys(Operation::Revoke(_)) => "admin/keys/:id/revoke",
            Self::Clients(ClientOperation::List | ClientOperation::Add) => "admin/clients",
            Self::Clients(ClientOperation::Import) => "admin/clients/import",
            Self::Clients(ClientOperation::Show(_) | ClientOperation::Update(_)) => "admin/clients/:id",
            Self::Clients(ClientOperation::AddSecret(_)) => "admin/clients/:id/secrets",
            Self::Clients(ClientOperation::RevokeSecret(_)) => "admin/clients/:id/secrets/revoke",
            Self::Clients(ClientOperation::Remove(_)) => "admin/clients/:id/remove",
        }
    }
}

/// The endpoint of this path under the prefix.
///
/// # Errors
/// [`Reason::EndpointUnknown`], and [`Reason::MethodNotAllowed`] with the methods that it takes.
pub(super) fn find<'r>(name: &'r str, request: &GateRequest) -> Result<Endpoint<'r>, Denial> {
    let keys = |operation| Endpoint::Admin(AdminCall::Keys(operation));
    let clients = |operation| Endpoint::Admin(AdminCall::Clients(operation));
    let steps: Vec<&str> = name.split('/').collect();
    // The methods of each endpoint, and what each of them does. Reading answers HEAD as it does GET.
    let by_method: &[(&str, Endpoint<'r>)] = &match steps.as_slice() {
        ["verify"] => vec![("GET", Endpoint::Verify)],
        ["health"] => vec![("GET", Endpoint::Health)],
        ["metrics"] => vec![("GET", Endpoint::Metrics)],
        ["revoke"] => vec![("POST", Endpoint::Revoke)],
        ["admin", "inventory"] => vec![("GET", Endpoint::Admin(AdminCall::Inventory))],
        ["admin", "review"] => vec![("GET", Endpoint::Admin(AdminCall::Review))],
        ["admin", "health"] => vec![("GET", Endpoint::Admin(AdminCall::Health))],
        ["admin", "deny"] => {
            vec![("GET", Endpoint::Admin(AdminCall::DenyList)), ("POST", Endpoint::Admin(AdminCall::Deny))]
        }
        ["admin", "deny", "withdraw"] => vec![("POST", Endpoint::Admin(AdminCall::Undeny))],
        ["admin", "keys"] => vec![("GET", keys(Operation::List)), ("POST", keys(Operation::Issue))],
        ["admin", "keys", "import"] => vec![("POST", keys(Operation::Import))],
        ["admin", "keys", id] => vec![("GET", keys(Operation::Show(id))), ("PATCH", keys(Operation::Update(id)))],
        ["admin", "keys", id, "rotate"] => vec![("POST", keys(Operation::Rotate(id)))],
        ["admin", "keys", id, "disable"] => vec![("POST", keys(Operation::Disable(id)))],
        ["admin", "keys", id, "enable"] => vec![("POST", keys(Operation::Enable(id)))],
        ["admin", "keys", id, "revoke"] => vec![("POST", keys(Operation::Revoke(id)))],
        ["admin", "clients"] => vec![("GET", clients(ClientOperation::List)), ("POST", clients(ClientOperation::Add))],
        ["admin", "clients", "import"] => vec![("POST", clients(ClientOperation::Import))],
        ["admin", "clients", id] => {
            vec![("GET", clients(ClientOperation::Show(id))), ("PATCH", clients(ClientOperation::Update(id)))]
        }
        ["admin", "clients", id, "secrets"] => vec![("POST", clients(ClientOperation::AddSecret(id)))],
        ["admin", "clients", id, "secrets", "revoke"] => vec![("POST", clients(ClientOperation::RevokeSecret(id)))],
        ["admin", "clients", id, "remove"] => vec![("POST", clients(ClientOperation::Remove(id)))],
        _ => return Err(Reason::EndpointUnknown.into()),
    };
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    if let Some((_, endpoint)) = by_method.iter().find(|(one, _)| *one == method) {
        return Ok(*endpoint);
    }
    let mut allowed: Vec<&str> = by_method.iter().map(|(method, _)| *method).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    Err(Denial { allowed_methods: Some(allowed.join(", ").into_boxed_str()), ..Denial::new(Reason::MethodNotAllowed) })
}
