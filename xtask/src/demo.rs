//! The demo that `serve` shows: what is in the store, and what the gate answers.

use serde_json::{Value, json};

use crate::example::Example;

/// What the local store holds, by key.
pub(crate) fn entries() -> Vec<(String, Value)> {
    vec![("demo/greeting".to_owned(), json!("hello from the store"))]
}

/// What to try, in the order it is told.
pub(crate) fn examples() -> Vec<Example> {
    vec![
        Example::new("A request that reaches the origin", "GET", "/v1/things?limit=1", 200)
            .credential("authorization", "Bearer ", "not-a-real-token")
            .member("/method", "GET")
            .member("/headers/edgeward-demo", "hello from the store")
            .no_header("set-cookie"),
        Example::new("One with a body", "POST", "/v1/things", 200)
            .header("content-type", "application/json")
            .body("{\"name\":\"it's\"}")
            .member("/body", "{\"name\":\"it's\"}")
            .no_member("/headers/cookie")
            .has_header("content-type", "application/json")
            .contains("it's"),
    ]
}
