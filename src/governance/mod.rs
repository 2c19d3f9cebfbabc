//! What is kept of decisions and of what administrators do: audit events.

mod audit;
mod entity;

pub use audit::audit_event;
pub use entity::{Activity, EntityChange, entity_event};
