//! What is kept of decisions, of what administrators do and of leaked keys: audit events; and what is said of standing
//! credentials: the inventory and the review (contract §7.5, §9).
//!
//! `reading` asks the store about a key and loses nothing that is wrong with it, `client` about a client; `inventory` makes
//! lines of that, and `review` and `review_client` findings, as pure functions of what was read and the clock. `walk` goes
//! through the store page by page: `standing` says what stands on a page.
//! `table` and `page` write pages of either for a spreadsheet and for a person, and `document` whole ones.

mod audit;
mod client;
mod command;
mod document;
mod entity;
mod event;
mod finding;
mod forwarding;
mod inventory;
mod leak;
mod limits;
mod page;
mod paging;
mod reading;
mod review;
mod review_client;
mod standing;
mod table;
#[cfg(test)]
mod testing;
mod walk;
mod weak_route;
mod words;

pub use audit::audit_event;
pub use client::{ClientReading, ClientSecretLine};
pub use document::{Document, DocumentKind, DocumentPart};
pub use entity::{Activity, EntityChange, EntityFacts, entity_event};
pub(crate) use event::Tally;
#[cfg(feature = "schema")]
pub use event::audit_event_schema;
pub use event::{AnalyticsPoint, AuditEntry};
pub use finding::{Ask, AskedAs, Evidence, Finding, Outcomes, ReviewRule, Risk, RuleFacts, Severity, Subject};
pub use forwarding::{FailedForwarding, forwarding_event};
pub use inventory::{
    InventoryLine, InventoryPage, Lifecycle, Said, StandingClass, StandingLine, State, inventory_page,
};
pub use leak::{LeakReport, leak_event};
pub use limits::ReviewRules;
pub use page::{page_csp, page_foot, page_head, page_rows, page_stopped};
pub use paging::{MOST_PER_PAGE, PageError, Progress, WalkError};
pub use reading::{KeyReading, ReadRecord};
pub use review::review_key;
pub use review_client::review_client;
pub use table::{
    findings_csv_head, findings_csv_rows, findings_csv_stopped, inventory_csv_head, inventory_csv_rows,
    inventory_csv_stopped,
};
pub use walk::{InventoryWalk, ReviewPage, ReviewWalk, Summary, review_page};
pub use weak_route::review_policy;
