//! What is kept of decisions, of what administrators do and of leaked keys: audit events.

mod audit;
mod entity;
mod leak;

pub use audit::audit_event;
pub use entity::{Activity, EntityChange, entity_event};
pub use leak::{LeakReport, leak_event};
