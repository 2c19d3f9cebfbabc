//! What is kept of decisions and of leaked keys: the audit event of each.

mod audit;
mod leak;

pub use audit::audit_event;
pub use leak::{LeakReport, leak_event};
