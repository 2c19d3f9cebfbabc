//! The routes of Cloudflare Workers, as the API of Cloudflare lists them. They lead requests to the gate, and one of them
//! says whether requests pass by it where the account's daily limit is reached.

use serde::Deserialize;
use serde_json::Value;

use crate::json;

/// The routes of one zone.
#[derive(Debug, Clone, Default)]
pub struct WorkersRoutes {
    /// Where in the document the list begins: a JSON pointer.
    place: &'static str,
    routes: Vec<Route>,
}

/// One of them. The API may say more of it.
#[derive(Debug, Clone, Deserialize)]
struct Route {
    pattern: String,
    /// The Worker. Where there is none, no Worker is asked.
    script: Option<String>,
    request_limit_fail_open: Option<bool>,
}

/// What the API puts around a list.
#[derive(Deserialize)]
struct Envelope {
    success: bool,
    result: Vec<Route>,
    result_info: Option<ResultInfo>,
}

#[derive(Deserialize)]
struct ResultInfo {
    total_pages: Option<u32>,
}

/// A route that fails open, or of which nobody says that it does not.
pub(super) struct FailsOpen {
    pub(super) pointer: String,
    pub(super) evidence: String,
}

impl WorkersRoutes {
    /// Reads what `GET /zones/{zone_id}/workers/routes` answers (JSON text): as it is, or its `result` alone.
    ///
    /// # Errors
    /// Where it is something else, or not all of it; in words for whoever handed it over.
    pub fn read(text: &str) -> Result<Self, String> {
        let document = json::parse(text.as_bytes()).map_err(|error| format!("the Workers routes: {error}"))?;
        let place = if document.is_array() { "" } else { "/result" };
        let listed = if document.is_array() { routes(&document) } else { result(&document) };
        listed.map(|routes| Self { place, routes }).map_err(|reason| {
            format!("the Workers routes are those that `GET /zones/{{zone_id}}/workers/routes` lists: {reason}")
        })
    }

    /// Those past which requests go, where the daily limit is reached.
    pub(super) fn failing_open(&self) -> impl Iterator<Item = FailsOpen> {
        let asks_a_worker = |route: &Route| route.script.as_ref().is_some_and(|script| !script.is_empty());
        self.routes.iter().enumerate().filter(move |(_, route)| asks_a_worker(route)).filter_map(|(index, route)| {
            let what = match route.request_limit_fail_open {
                Some(false) => return None,
                Some(true) => "`request_limit_fail_open` is true",
                // What is not said is not closed.
                None => "the list does not say `request_limit_fail_open`",
            };
            let script = route.script.as_deref().unwrap_or_default();
            Some(FailsOpen {
                pointer: format!("{}/{index}", self.place),
                evidence: format!("`{}` of the Worker `{}`: {what}", visible(&route.pattern), visible(script)),
            })
        })
    }
}

fn routes(document: &Value) -> Result<Vec<Route>, String> {
    json::read_open(document).map_err(|error| error.to_string())
}

fn result(document: &Value) -> Result<Vec<Route>, String> {
    let envelope: Envelope = json::read_open(document).map_err(|error| error.to_string())?;
    if !envelope.success {
        return Err("`success` is false".to_owned());
    }
    match envelope.result_info.and_then(|info| info.total_pages) {
        Some(pages @ 2..) => Err(format!("one page of {pages}: list them in one, or hand over an array of all")),
        _ => Ok(envelope.result),
    }
}

/// A text from elsewhere, for a terminal.
fn visible(text: &str) -> String {
    text.chars().flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn open(document: &Value) -> Vec<String> {
        let routes = WorkersRoutes::read(&document.to_string()).expect("routes");
        routes.failing_open().map(|found| found.pointer).collect()
    }

    #[test]
    fn a_route_is_closed_where_the_list_says_so() {
        let routes = json!([
            { "id": "1", "pattern": "a.example/*", "script": "gate", "request_limit_fail_open": false },
            { "id": "2", "pattern": "b.example/*", "script": "gate", "request_limit_fail_open": true },
            { "id": "3", "pattern": "c.example/*", "script": "gate" },
            { "id": "4", "pattern": "d.example/*", "script": null, "request_limit_fail_open": true },
            { "id": "5", "pattern": "e.example/*" },
        ]);
        assert_eq!(open(&routes), ["/1", "/2"]);
        let whole = json!({ "success": true, "errors": [], "messages": [], "result": routes, "result_info": null });
        assert_eq!(open(&whole), ["/result/1", "/result/2"]);
        assert_eq!(open(&json!([])), [""; 0]);
    }

    #[test]
    fn what_is_no_whole_list_is_refused() {
        for text in [
            "",
            "{}",
            "null",
            r#"{"success":false,"errors":[{"code":10000}],"result":null}"#,
            r#"{"success":false,"result":[]}"#,
            r#"{"success":true,"result":[],"result_info":{"page":1,"total_pages":2}}"#,
            r#"[{"script":"gate"}]"#,
            r#"[{"pattern":"a/*","script":"gate","request_limit_fail_open":"no"}]"#,
        ] {
            assert!(WorkersRoutes::read(text).expect_err(text).starts_with("the Workers routes"), "{text}");
        }
    }

    #[test]
    fn a_pattern_does_not_write_to_the_terminal() {
        let routes = json!([{ "pattern": "a\u{1b}[2J/*\n", "script": "gate", "request_limit_fail_open": true }]);
        let routes = WorkersRoutes::read(&routes.to_string()).expect("routes");
        let evidence: Vec<String> = routes.failing_open().map(|found| found.evidence).collect();
        assert_eq!(evidence, [r"`a\u{1b}[2J/*\n` of the Worker `gate`: `request_limit_fail_open` is true"]);
    }
}
