//! The reference of the policy, made of its schema.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use edgeward::gate::{Gate, Resources};
use serde_json::Value;

const HEAD: &str = "# The policy\n\n\
    Made by `cargo xtask docs` from the types in `src/policy/`, as \
    [schema/policy.schema.json](../schema/policy.schema.json) is (JSON Schema, draft 2020-12). The package has the schema \
    as `edgeward/policy.schema.json`: name it as `$schema` in a policy, and an editor completes and checks it. The schema \
    says what can be read; `edgeward lint` says all that is wrong and what is unwise ([lint-rules.md](lint-rules.md)).\n\n\
    The policy is strict JSON: no comments, no member twice. An unknown member is an error everywhere. No secret stands in \
    a policy, but the shared secrets of issuers that sign with `HS256` and its like.\n\n\
    A policy that is refused is told with every fault at once, each with its JSON pointer and a hint. Of\n\n\
    ```json\n\
    {wrong}\n\
    ```\n\n\
    it is said (in one line):\n\n\
    ```text\n\
    {refusal}\n\
    ```\n";

/// A policy with faults, as the page has it.
const WRONG: &str = r#"{ "rotues": [{ "methods": ["get"], "path": "v1" }], "origin": "origin.example" }"#;

/// The page: an object after the other, in the order in which they are met.
pub(crate) fn page(schema: &Value) -> String {
    let refusal = Gate::read(WRONG, Resources::default()).err().map(|error| error.to_string()).unwrap_or_default();
    let head = HEAD.replace("{wrong}", WRONG).replace("{refusal}", &refusal.replace("; ", ";\n  "));
    let mut page = Page { schema, text: head, seen: BTreeMap::new(), waiting: Vec::new() };
    page.section("The document", schema);
    while !page.waiting.is_empty() {
        let (place, definition) = page.waiting.remove(0);
        page.section(&format!("`{place}`"), definition);
    }
    page.text
}

struct Page<'s> {
    schema: &'s Value,
    text: String,
    /// The definitions that have a section, or will have one, with the place where they were met first.
    seen: BTreeMap<&'s str, String>,
    waiting: Vec<(String, &'s Value)>,
}

impl<'s> Page<'s> {
    fn section(&mut self, heading: &str, schema: &'s Value) {
        let about = words(schema);
        let place = heading.trim_matches('`');
        let place = if schema.get("$schema").is_some() { "" } else { place };
        // Writing to a string does not fail.
        let _ = write!(self.text, "\n## {heading}\n\n{about}\n");
        if let Some(members) = schema.get("properties").and_then(Value::as_object) {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let _ = write!(self.text, "\n| member | value | where left out | meaning |\n|---|---|---|---|\n");
            for (name, member) in members {
                let at = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                let value = self.value(&at, member);
                let default = if required.contains(&name.as_str()) { "**needed**".to_owned() } else { default(member) };
                let _ = writeln!(self.text, "| `{name}` | {value} | {default} | {} |", cell(&words(member)));
            }
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
            let _ = write!(self.text, "\nOne of {}.\n", values.join(", "));
        }
        let variants = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array());
        let described: Vec<&Value> =
            variants.into_iter().flatten().filter(|variant| variant.get("description").is_some()).collect();
        if !described.is_empty() {
            self.text.push_str("\n| value | meaning |\n|---|---|\n");
            for variant in described {
                let value = self.value(place, variant);
                let _ = writeln!(self.text, "| {value} | {} |", cell(&words(variant)));
            }
        }
    }

    /// What can stand at a place.
    fn value(&mut self, place: &str, schema: &'s Value) -> String {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.reference(place, reference);
        }
        if let Some(constant) = schema.get("const") {
            return format!("`{constant}`");
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        }
        if let Some(variants) = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array()) {
            let of_types =
                variants.iter().filter(|variant| variant["type"] != "null" && variant.get("required").is_none());
            let values: Vec<String> = of_types.map(|variant| self.value(place, variant)).collect();
            if !values.is_empty() {
                return values.join(" or ");
            }
        }
        let kind = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            kind => kind.as_str(),
        };
        match kind {
            Some("array") => {
                let items = schema.get("items").map(|items| self.value(&format!("{place}[]"), items));
                format!("array of {}", items.unwrap_or_else(|| "anything".to_owned()))
            }
            Some("object") => match (schema.get("additionalProperties"), schema.get("properties")) {
                (Some(of_each), None) if of_each.is_object() => {
                    format!("object: for each name {}", self.value(&format!("{place}.*"), of_each))
                }
                (_, Some(members)) => {
                    let one = |(name, member): (&String, &'s Value)| {
                        format!("`{name}`: {}", self.value(&format!("{place}.{name}"), member))
                    };
                    format!(
                        "object {{ {} }}",
                        members.as_object().into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
                    )
                }
                _ => "object".to_owned(),
            },
            Some("integer") => format!("whole number{}", range(schema)),
            Some(kind) => kind.to_owned(),
            None => "anything".to_owned(),
        }
    }

    /// A type of its own: small ones are written out, objects have a section.
    fn reference(&mut self, place: &str, reference: &'s str) -> String {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let definition = &self.schema["$defs"][name];
        let is_large = definition.get("properties").is_some()
            || ["oneOf", "enum"].iter().any(|kind| definition[*kind].as_array().is_some_and(|words| words.len() > 4));
        if !is_large {
            return self.value(place, definition);
        }
        let first = self.seen.entry(name).or_insert_with(|| {
            self.waiting.push((place.to_owned(), definition));
            place.to_owned()
        });
        format!("[`{first}`](#{})", anchor(first))
    }
}

fn words(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().trim().to_owned()
}

fn cell(words: &str) -> String {
    words.replace('\n', " ").replace('|', "\\|")
}

fn default(schema: &Value) -> String {
    match schema.get("default") {
        None | Some(Value::Null) => String::new(),
        Some(default) => format!("`{default}`"),
    }
}

fn range(schema: &Value) -> String {
    match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        _ => String::new(),
    }
}

/// The anchor that a heading gets on GitHub.
fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    heading.to_lowercase().chars().filter(kept).collect()
}
