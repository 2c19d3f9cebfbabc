//! What issuers say of their clients, in the shapes of their own listings, as bodies of an import.
//!
//! Secrets may stand in a listing; Auth0's holds them in clear. Nothing is taken over but what is named here, so that none of
//! them goes any further.

mod auth0;
mod date;
mod workos;

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

use crate::json;

/// Whose listing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Auth0: `GET /api/v2/clients` of the Management API.
    Auth0,
    /// `WorkOS`: `GET /connect/applications`, with what `GET /connect/applications/{id}/client_secrets` answers as the member
    /// `client_secrets` of each application.
    WorkOs,
}

impl Listing {
    /// The one of this name: `auth0` or `workos`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "auth0" => Some(Self::Auth0),
            "workos" => Some(Self::WorkOs),
            _ => None,
        }
    }

    fn client(self, members: &Map<String, Value>, issuer: &str) -> Result<Value, &'static str> {
        match self {
            Self::Auth0 => auth0::client(members, issuer),
            Self::WorkOs => workos::client(members, issuer),
        }
    }
}

/// What was read of a listing.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ListedClients {
    /// The M2M clients, each as the body of an import.
    pub clients: Vec<Value>,
    /// What stands in it and is not taken.
    pub passed: Vec<Passed>,
}

/// An entry that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passed {
    /// Which entry, counted from 1 over all documents of the text.
    pub entry: u64,
    /// What its issuer calls it, where it says so.
    pub client_id: Option<String>,
    /// Why.
    pub why: &'static str,
    /// Whether the entry is none that an issuer would write. Else it is a client that asks for no tokens of its own.
    pub fault: bool,
}

/// Reads a listing: one JSON document or several, one after the other, as pages are put into one file. A document is an array
/// of clients, an object with such an array in it, or one client. `issuer` is what the tokens of these clients name in `iss`,
/// which no listing says.
///
/// # Errors
/// In words, where the text is none that can be read at all. They quote nothing.
pub fn read_listing(listing: Listing, text: &str, issuer: &str) -> Result<ListedClients, String> {
    let mut read = ListedClients::default();
    let mut entry = 0_u64;
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document.map_err(|error| {
            format!("the listing is no JSON, from line {}, column {} on", error.line(), error.column())
        })?;
        let document = json::parse(document.get().as_bytes()).map_err(|error| format!("the listing is {error}"))?;
        for client in entries(document)? {
            entry = entry.saturating_add(1);
            let members = client.as_object();
            let client_id = members.and_then(|members| text_of(members, "client_id")).map(str::to_owned);
            let taken = members.ok_or("it is no object").and_then(|members| listing.client(members, issuer));
            match taken {
                Ok(client) => read.clients.push(client),
                Err(why) => read.passed.push(Passed { entry, client_id, why, fault: !is_other(why) }),
            }
        }
    }
    if entry == 0 {
        return Err("there is no client in the listing".to_owned());
    }
    Ok(read)
}

/// Why a client is not taken that is sound, and no M2M client.
const NO_CLIENT_CREDENTIALS: &str = "it asks for no tokens by client credentials";

fn is_other(why: &str) -> bool {
    why == NO_CLIENT_CREDENTIALS
}

/// The members under which the issuers' pages hold their clients.
const PAGES: [&str; 2] = ["clients", "data"];

fn entries(document: Value) -> Result<Vec<Value>, String> {
    match document {
        Value::Array(clients) => Ok(clients),
        Value::Object(mut members) => {
            for name in PAGES {
                if let Some(Value::Array(clients)) = members.get_mut(name) {
                    return Ok(std::mem::take(clients));
                }
            }
            Ok(vec![Value::Object(members)])
        }
        _ => Err("the listing is no array and no object".to_owned()),
    }
}

/// A text with something in it.
fn text_of<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// An array of texts; none where it is left out or another thing.
fn texts_of(members: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
    members.get(name)?.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
}

/// A body from members of which some are not there.
fn body<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let there = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(there.collect())
}
