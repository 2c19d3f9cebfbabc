//! The gate's own endpoints, by name and method.

use super::{GateRequest, administrator::Access};
use crate::verdict::{Denial, Reason};

/// One of the gate's own endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Endpoint<'r> {
    /// The verdict on the credential of the request.
    Verify,
    /// How the gate is.
    Health,
    /// Ends the key of the request.
    Revoke,
    /// What administrators do.
    Admin(AdminCall<'r>),
}

/// What an administrator asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AdminCall<'r> {
    /// A page of keys.
    List,
    /// A new key.
    Issue,
    /// A foreign key.
    Import,
    /// One key.
    Show(&'r str),
    /// A change of a key's record.
    Update(&'r str),
    /// A new key in the place of an old one.
    Rotate(&'r str),
    /// Switching a key off.
    Disable(&'r str),
    /// Switching a key on.
    Enable(&'r str),
    /// The end of a key.
    RevokeKey(&'r str),
}

impl<'r> AdminCall<'r> {
    /// What it takes.
    pub(super) const fn access(&self) -> Access {
        match self {
            Self::List | Self::Show(_) => Access::Read,
            _ => Access::Write,
        }
    }

    /// The id of the key that it is about.
    pub(super) const fn id(&self) -> Option<&'r str> {
        match self {
            Self::List | Self::Issue | Self::Import => None,
            Self::Show(id)
            | Self::Update(id)
            | Self::Rotate(id)
            | Self::Disable(id)
            | Self::Enable(id)
            | Self::RevokeKey(id) => Some(id),
        }
    }

    /// Its path under the prefix, as audit events name it.
    pub(super) const fn route(&self) -> &'static str {
        match self {
            Self::List | Self::Issue => "admin/keys",
            Self::Import => "admin/keys/import",
            Self::Show(_) | Self::Update(_) => "admin/keys/:id",
            Self::Rotate(_) => "admin/keys/:id/rotate",
            Self::Disable(_) => "admin/keys/:id/disable",
            Self::Enable(_) => "admin/keys/:id/enable",
            Self::RevokeKey(_) => "admin/keys/:id/revoke",
        }
    }
}

/// The endpoint of this path under the prefix.
///
/// # Errors
/// [`Reason::EndpointUnknown`], and [`Reason::MethodNotAllowed`] with the methods that it takes.
pub(super) fn find<'r>(name: &'r str, request: &GateRequest) -> Result<Endpoint<'r>, Denial> {
    use AdminCall as Call;
    let steps: Vec<&str> = name.split('/').collect();
    // The methods of each endpoint, and what each of them does. Reading answers HEAD as it does GET.
    let by_method: &[(&str, Endpoint<'r>)] = &match steps.as_slice() {
        ["verify"] => [("GET", Endpoint::Verify)].to_vec(),
        ["health"] => [("GET", Endpoint::Health)].to_vec(),
        ["revoke"] => [("POST", Endpoint::Revoke)].to_vec(),
        ["admin", "keys"] => [("GET", Endpoint::Admin(Call::List)), ("POST", Endpoint::Admin(Call::Issue))].to_vec(),
        ["admin", "keys", "import"] => [("POST", Endpoint::Admin(Call::Import))].to_vec(),
        ["admin", "keys", id] => {
            [("GET", Endpoint::Admin(Call::Show(id))), ("PATCH", Endpoint::Admin(Call::Update(id)))].to_vec()
        }
        ["admin", "keys", id, "rotate"] => [("POST", Endpoint::Admin(Call::Rotate(id)))].to_vec(),
        ["admin", "keys", id, "disable"] => [("POST", Endpoint::Admin(Call::Disable(id)))].to_vec(),
        ["admin", "keys", id, "enable"] => [("POST", Endpoint::Admin(Call::Enable(id)))].to_vec(),
        ["admin", "keys", id, "revoke"] => [("POST", Endpoint::Admin(Call::RevokeKey(id)))].to_vec(),
        _ => return Err(Reason::EndpointUnknown.into()),
    };
    let method = if request.method == "HEAD" { "GET" } else { request.method.as_str() };
    if let Some((_, endpoint)) = by_method.iter().find(|(one, _)| *one == method) {
        return Ok(endpoint.clone());
    }
    let mut allowed: Vec<&str> = by_method.iter().map(|(method, _)| *method).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    Err(Denial { allowed_methods: Some(allowed.join(", ").into_boxed_str()), ..Denial::new(Reason::MethodNotAllowed) })
}
