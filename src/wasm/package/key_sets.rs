//! The key sets of what has some: a verifier, a gate, and the check on an origin's side are asked alike.

use std::rc::Rc;

use wasm_bindgen::prelude::JsValue;

use super::{
    host::{JsHost, Lent},
    task,
};
use crate::{
    gate::{Gate, OriginCheck},
    host::{Host, UnixMillis},
    key_source::KeySetStatus,
    m2m_token::TokenVerifier,
};

/// What has key sets, and work behind requests.
pub(super) trait HasKeySets: 'static {
    /// Does what is to be done behind a request for the key set of this number.
    async fn refresh(&self, host: &Lent, key_set: u32);
    /// Fetches the key sets by the clock.
    async fn refresh_on_schedule(&self, host: &Lent);
    /// What is known of those that are fetched.
    fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus>;
}

macro_rules! has_key_sets {
    ($( $holder:ty ),*) => { $(
        impl HasKeySets for $holder {
            async fn refresh(&self, host: &Lent, key_set: u32) {
                self.refresh(host, key_set).await;
            }

            async fn refresh_on_schedule(&self, host: &Lent) {
                self.refresh_on_schedule(host).await;
            }

            fn key_sets(&self, now: UnixMillis) -> Vec<KeySetStatus> {
                self.key_sets(now)
            }
        }
    )* };
}

has_key_sets!(TokenVerifier, Gate, OriginCheck);

/// Does what is to be done behind a request; nothing, or a task.
pub(super) fn refresh_one<T: HasKeySets>(holder: &Rc<T>, host: JsHost, key_set: u32) -> JsValue {
    let host = Lent::new(host, None);
    let (holder, exchange) = (Rc::clone(holder), host.exchange());
    let work = async move {
        holder.refresh(&host, key_set).await;
        String::new()
    };
    task::start(work, exchange)
}

/// Fetches the key sets by the clock; what is known of them then, as JSON, or a task.
pub(super) fn refresh_all<T: HasKeySets>(holder: &Rc<T>, host: &JsHost) -> JsValue {
    let host = Lent::new(host.clone(), None);
    let (holder, exchange) = (Rc::clone(holder), host.exchange());
    let work = async move {
        holder.refresh_on_schedule(&host).await;
        write(&holder.key_sets(host.now()))
    };
    task::start(work, exchange)
}

/// What is known of the key sets that are fetched, as JSON.
pub(super) fn known<T: HasKeySets>(holder: &Rc<T>, host: &JsHost) -> String {
    write(&holder.key_sets(Lent::new(host.clone(), None).now()))
}

/// Strings and numbers cannot fail to be written.
fn write(status: &[KeySetStatus]) -> String {
    serde_json::to_string(status).unwrap_or_default()
}
