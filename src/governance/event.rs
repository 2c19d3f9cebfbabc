//! What the audit events have in common, and what of them is handed to the host: a line, its size, and numbers to count by.

use serde::Serialize;

#[cfg(feature = "schema")]
use super::{audit::Authentication, entity::EntityManagement, forwarding::HttpActivity, leak::DetectionFinding};
use crate::verdict::Principal;

/// The version of the Open Cybersecurity Schema Framework that the events follow.
pub(super) const OCSF_VERSION: &str = "1.4.0";

/// One audit event, as the host hands it on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// The event: one line of JSON.
    pub event: String,
    /// Its length in UTF-8, in bytes; sinks reckon by it.
    pub bytes: usize,
    /// The same decision to count by; none for what is no decision.
    pub point: Option<AnalyticsPoint>,
    /// What the gate counts of it.
    #[serde(skip)]
    pub(crate) tally: Option<Tally>,
}

impl AuditEntry {
    /// Strings, numbers and lists of them have a form in JSON.
    pub(super) fn of(event: &impl Serialize) -> Self {
        let event = serde_json::to_string(event).unwrap_or_default();
        Self { bytes: event.len(), event, point: None, tally: None }
    }
}

/// What a decision is counted under: few values each, none of a sender's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tally {
    /// The class of the credential; none where it is not known.
    pub(crate) class: Option<&'static str>,
    /// `allowed`, `denied` or `undecided`.
    pub(crate) verdict: &'static str,
    /// The reason code.
    pub(crate) reason: &'static str,
    /// From where the facts came.
    pub(crate) tier: Option<&'static str>,
}

/// A decision as a data point of Workers Analytics Engine: texts, numbers, and the text that it samples by. The places
/// never change their meaning; `docs/audit.md` names them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AnalyticsPoint {
    /// The organization, of which at most 96 bytes are taken.
    pub indexes: [String; 1],
    /// Verdict, reason, class, route, organization, credential, issuer, tier of the facts, tier of the key set, method.
    pub blobs: [String; 10],
    /// One, and the latency in milliseconds.
    pub doubles: [f64; 2],
}

impl AnalyticsPoint {
    /// The longest index, in bytes.
    pub const LONGEST_INDEX: usize = 96;
    /// The longest text, in bytes: ten of them stay far below the 16 KiB of a point.
    pub const LONGEST_BLOB: usize = 256;

    /// Who came which way, in one text: the same for each request that a credential makes to a route. None where another
    /// one could have the same text, since one of its parts may have been cut, or holds what stands between them.
    pub(crate) fn way(&self) -> Option<String> {
        let [_, _, way @ .., _, _, _] = &self.blobs;
        let may_be_cut = |part: &String| part.len() > Self::LONGEST_BLOB.saturating_sub(char::MAX.len_utf8());
        let is_one = !way.iter().any(|part| may_be_cut(part) || part.contains('\n'));
        is_one.then(|| way.join("\n"))
    }
}

/// At most so many bytes of a text, and whole characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

/// What is known of an event itself.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata<'e> {
    /// The version of OCSF.
    #[cfg_attr(feature = "schema", schemars(extend("const" = "1.4.0")))]
    version: &'static str,
    /// The id of the event: that of the request, with the place in the report behind it where a report makes several;
    /// empty where the host had no random bytes.
    uid: String,
    /// The id of the request, where other events belong to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_uid: Option<&'e str>,
    /// Who writes.
    product: Product,
}

impl<'e> Metadata<'e> {
    pub(super) const fn new(uid: String, correlation_uid: Option<&'e str>) -> Self {
        let product = Product { name: "Edgeward", vendor_name: "Edgeward", version: crate::VERSION };
        Self { version: OCSF_VERSION, uid, correlation_uid, product }
    }
}

/// The product that writes an event.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Product {
    /// Its name.
    name: &'static str,
    /// Who makes it.
    vendor_name: &'static str,
    /// Its version.
    version: &'static str,
}

/// Whom a credential speaks for. At least one of `uid` and `name` is there.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(extend("anyOf" = [{ "required": ["uid"] }, { "required": ["name"] }])))]
#[serde(deny_unknown_fields)]
pub(super) struct User<'e> {
    /// The token's `sub`, or the owner of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'e str>,
    /// `unknown` where nobody was authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'static str>,
    /// Always 4, a service.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 4)))]
    type_id: u8,
    /// The same as a word.
    r#type: &'static str,
    /// The customer that the credential belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<Organization<'e>>,
}

impl<'e> User<'e> {
    pub(super) fn of(who: &'e Principal) -> Self {
        let name = who.subject.is_none().then_some("unknown");
        Self { name, ..Self::named(who.subject.as_deref(), who.organization.as_deref()) }
    }

    pub(super) fn named(uid: Option<&'e str>, organization: Option<&'e str>) -> Self {
        Self { uid, name: None, type_id: 4, r#type: "Service", org: organization.map(|uid| Organization { uid }) }
    }
}

/// A customer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Organization<'e> {
    /// Its id.
    uid: &'e str,
}

/// Where a request came from.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct SourceEndpoint<'e> {
    /// The client's address, where the host vouches for it.
    ip: &'e str,
}

impl<'e> SourceEndpoint<'e> {
    pub(super) fn of(address: Option<&'e str>) -> Option<Self> {
        address.map(|ip| Self { ip })
    }
}

/// The JSON Schema of every audit event.
#[cfg(feature = "schema")]
#[must_use]
pub fn audit_event_schema() -> serde_json::Value {
    /// An audit event of Edgeward, by its class: Authentication for a decision, Entity Management for what an
    /// administrator did, Detection Finding for a leaked key, HTTP Activity for an allowed request that the origin did not
    /// answer. What is not known is left out, but for the members of `unmapped`, which are null then.
    #[derive(Serialize, schemars::JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "stands for the four in the schema alone")]
    enum AuditEvent<'e> {
        Authentication(Authentication<'e>),
        EntityManagement(EntityManagement<'e>),
        DetectionFinding(DetectionFinding<'e>),
        HttpActivity(HttpActivity<'e>),
    }
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<AuditEvent<'_>>().to_value();
    settle(&mut schema);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$id".to_owned(), "urn:edgeward:schema:audit-event".into());
        members.insert("title".to_owned(), "Edgeward audit event".into());
    }
    schema
}

/// What may be left out is never null, and formats of numbers are no formats of JSON Schema.
#[cfg(feature = "schema")]
fn settle(schema: &mut serde_json::Value) {
    use serde_json::Value;
    let Some(members) = schema.as_object_mut() else { return };
    if members.get("format").and_then(Value::as_str).is_some_and(|format| format.contains("int")) {
        members.remove("format");
    }
    let required = members.get("required").cloned().unwrap_or_default();
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties {
            if !required.as_array().is_some_and(|required| required.contains(&Value::from(name.as_str()))) {
                never_null(property);
            }
        }
    }
    for member in members.values_mut() {
        match member {
            Value::Object(_) => {
                settle(member);
            }
            Value::Array(items) => items.iter_mut().for_each(settle),
            _ => {}
        }
    }
}

/// Takes null out of what a member may be.
#[cfg(feature = "schema")]
fn never_null(property: &mut serde_json::Value) {
    use serde_json::{Value, json};
    let Some(members) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            members.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(kinds)) = members.get_mut("anyOf") {
        kinds.retain(|kind| *kind != json!({ "type": "null" }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 2), "ab");
        assert_eq!(cut("a\u{e9}", 2), "a");
        assert_eq!(cut("\u{1f511}", 3), "");
    }
}
