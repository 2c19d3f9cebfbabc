//! Somebody finds keys where everybody can read them, and says so.

pub(crate) mod desk;
mod handling;
mod sender;
