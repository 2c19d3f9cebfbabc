//! What is kept of decisions: the audit event of each.

mod audit;

pub use audit::audit_event;
