//! Which standing credentials stand on a page: keys first, then clients.
//!
//! The cursor of a page is the store's own while there are keys to come, and says so where it goes on among the clients.

use super::{MOST_PER_PAGE, PageError};
use crate::{
    api_key::store_key,
    host::{Host, HostError},
    m2m_client::client_key,
};

/// What the cursor of a page among the clients begins with. What stands after the colon is the store's.
const CLIENTS: &str = "clients";

/// What a cursor of the store is marked with that could be taken for one of ours.
const KEYS: &str = "keys:";

/// A page: the ids of keys and of clients, and the cursor to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Standing {
    pub(super) keys: Vec<String>,
    pub(super) clients: Vec<String>,
    pub(super) cursor: Option<String>,
}

/// A page of at most so many keys and clients (and at most [`MOST_PER_PAGE`]).
///
/// # Errors
/// [`PageError`] where the store failed, or where its list is none.
pub(super) async fn standing<H: Host>(host: &H, cursor: Option<&str>, most: u32) -> Result<Standing, PageError> {
    let most = most.clamp(1, MOST_PER_PAGE);
    let failed = |error: HostError| PageError { cursor: cursor.map(str::to_owned), read: 0, error };
    let mut page = Standing::default();
    let clients_from = if let Some(from) = among_clients(cursor) {
        from
    } else {
        let from = cursor.map(|cursor| cursor.strip_prefix(KEYS).unwrap_or(cursor));
        let (keys, next) = listed(host, &store_key(""), from, most).await.map_err(failed)?;
        page.keys = keys;
        if let Some(next) = next {
            page.cursor = Some(if is_ours(&next) { format!("{KEYS}{next}") } else { next });
            return Ok(page);
        }
        None
    };
    // The keys are through. What room they leave is for clients.
    let room = most.saturating_sub(u32::try_from(page.keys.len()).unwrap_or(u32::MAX));
    if room == 0 {
        page.cursor = Some(CLIENTS.to_owned());
        return Ok(page);
    }
    let (clients, next) = listed(host, &client_key(""), clients_from, room).await.map_err(failed)?;
    page.clients = clients;
    page.cursor = next.map(|next| format!("{CLIENTS}:{next}"));
    Ok(page)
}

/// Where a cursor leads to among the clients: to the first, or to where the store's own cursor does; none for one that leads
/// to keys.
#[expect(clippy::option_option, reason = "to keys, to the first client, and to a later one are three things")]
fn among_clients(cursor: Option<&str>) -> Option<Option<&str>> {
    let rest = cursor?.strip_prefix(CLIENTS)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix(':').map(Some) }
}

fn is_ours(cursor: &str) -> bool {
    cursor.starts_with(CLIENTS) || cursor.starts_with(KEYS)
}

/// The ids that stand under a prefix of the store, and the store's cursor to the next ones.
async fn listed<H: Host>(
    host: &H,
    prefix: &str,
    cursor: Option<&str>,
    most: u32,
) -> Result<(Vec<String>, Option<String>), HostError> {
    let listing = host.list(prefix, cursor, most).await?;
    // What a store gets wrong here would make a list that passes for whole.
    let fault = if listing.keys.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        Some("the store lists more names than it was asked for")
    } else if !listing.keys.iter().all(|name| name.starts_with(prefix)) {
        Some("the store lists names that it was not asked for")
    } else if listing.cursor.is_some() && listing.cursor.as_deref() == cursor {
        Some("the store hands over the cursor that it was asked with: its list has no end")
    } else {
        None
    };
    if let Some(fault) = fault {
        return Err(HostError(fault.to_owned()));
    }
    let ids = listing.keys.iter().filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect();
    Ok((ids, listing.cursor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_keys_or_to_clients_and_never_to_both() {
        assert_eq!(among_clients(None), None);
        for cursor in ["", "key/abc", "clientsx", "client", "keys:clients", "keys:keys:"] {
            assert_eq!(among_clients(Some(cursor)), None, "{cursor}");
        }
        assert_eq!(among_clients(Some("clients")), Some(None));
        assert_eq!(among_clients(Some("clients:")), Some(Some("")));
        assert_eq!(among_clients(Some("clients:clients:x")), Some(Some("clients:x")));
        // A store whose own cursors look like ours is understood all the same.
        assert!(is_ours("clients") && is_ours("keys:x") && !is_ours("key/x"));
    }
}
