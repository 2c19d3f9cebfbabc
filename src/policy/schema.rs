//! The JSON Schema of the policy (draft 2020-12), made of its types. It says what can be read, and the bounds that cost
//! little to say; a policy that it lets pass is judged all the same.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::Value;

use super::{Days, KeysOfIssuer, Named, Policy};
use crate::{
    api_key::Cidr,
    jose::Algorithm,
    revocation::{DenyEntry, DenyList, LONGEST_DENY_LIST},
};

/// The schema, as a JSON document.
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Policy>().to_value();
    if let Some(members) = schema.as_object_mut() {
        members.insert("title".to_owned(), "The policy of an Edgeward gate".into());
    }
    tidy(&mut schema);
    schema
}

/// Takes out what the Rust types alone have: the formats of numbers, links to other items, and the ends of lines.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_of_rust = |format: &Value| {
                format.as_str().is_some_and(|name| name.starts_with("int") || name.starts_with("uint"))
            };
            if members.get("format").is_some_and(is_of_rust) {
                members.remove("format");
            }
            if let Some(Value::String(words)) = members.get_mut("description") {
                *words = words.replace("\n\n", "\r").replace('\n', " ").replace('\r', "\n\n");
                *words = words.replace("[`", "`").replace("`]", "`");
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Types that read themselves say themselves what they read.
macro_rules! schemas {
    ($( $type:ty, $name:literal, |$generator:ident| $schema:expr; )*) => { $(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )* };
}

schemas! {
    Algorithm, "Algorithm", |_generator| {
        let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.name()).collect();
        json_schema!({
            "description": "A signature algorithm, by its registered name.",
            "type": "string",
            "enum": names,
        })
    };
    Cidr, "Cidr", |_generator| json_schema!({
        "description": "An address, or a range of addresses in CIDR notation, as `192.0.2.0/24`.",
        "type": "string",
        "pattern": "^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$",
    });
    Days, "Days", |_generator| json_schema!({
        "description": "A number of days.",
        "type": "integer",
        "minimum": 1,
        "maximum": Self::MOST,
    });
    Named, "Named", |_generator| json_schema!({
        "description": "A name with something in it.",
        "type": "string",
        "pattern": "\\S",
    });
    KeysOfIssuer, "KeysOfIssuer", |_generator| json_schema!({
        "description": "A JSON Web Key Set (RFC 7517 §5), or a snapshot of one as `edgeward snapshot` takes it.",
        "type": "object",
        "required": ["keys"],
        "properties": { "keys": { "description": "The keys.", "type": "array", "items": { "type": "object" } } },
    });
    DenyList, "DenyList", |generator| json_schema!({
        "description": "The credentials that are refused before they end.",
        "type": "array",
        "items": generator.subschema_for::<DenyEntry>(),
        "maxItems": LONGEST_DENY_LIST,
    });
    DenyEntry, "DenyEntry", |_generator| {
        let text = |words: &str| json_schema!({
            "description": words,
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": 2048,
        });
        json_schema!({
            "description": "One entry of a deny list. It names one of `jti`, `client`, `subject`, `organization` and `key`.",
            "type": "object",
            "additionalProperties": false,
            "properties": {
                "jti": text("One token, by its `jti`."),
                "client": text("Every token of a client."),
                "subject": text("Every token of a subject."),
                "organization": text("Every token of an organization; without an issuer, every API key of it as well."),
                "key": text("One API key, by its id."),
                "issuer": text("The issuer, as it stands in `iss` or in the policy. Only an organization can be denied without one, and an API key has none."),
                "until": {
                    "description": "The last second, since the Unix epoch, at which the entry denies anything. Without it the entry stays.",
                    "type": ["integer", "null"],
                    "minimum": 0,
                    "maximum": 253_402_300_799_u64,
                },
            },
            "oneOf": [
                { "required": ["jti", "issuer"] },
                { "required": ["client", "issuer"] },
                { "required": ["subject", "issuer"] },
                { "required": ["organization"] },
                { "required": ["key"] },
            ],
        })
    };
}
