//! The life of API keys, and how long what is known of them is used.
//!
//! The store of these tests belongs to them: it answers late, fails before or after it did what it was asked, and lets
//! others in between.

#[path = "../support/mod.rs"]
mod support;

mod at_once;
mod cache;
mod faults;
mod imported;
mod notes;
mod shelf;
mod whole_life;
