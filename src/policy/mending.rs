//! A document with what cannot be read taken out, and the way from its places back to those of the document as its
//! author wrote it.

use serde_json::{Map, Value, json};

use super::{
    PolicyFault,
    wrong::{Kind, Wrong},
};
use crate::json::pointer_step;

/// The document, and what was done to it: a few hundred things at most, so that they stand in lists.
pub(super) struct Mending {
    document: Value,
    /// The elements that were taken out of an array, by its place: their indices as the author counts.
    taken: Vec<(String, Vec<usize>)>,
    /// The members that are read under the name that is meant, by their place: as the author spells them.
    respelt: Vec<((String, String), String)>,
    /// The members that were taken out, by the place of their object.
    removed: Vec<(String, String)>,
    /// Every place whose value is no longer its author's.
    touched: Vec<String>,
}

impl Mending {
    pub(super) const fn new(document: Value) -> Self {
        Self { document, taken: Vec::new(), respelt: Vec::new(), removed: Vec::new(), touched: Vec::new() }
    }

    pub(super) const fn document(&self) -> &Value {
        &self.document
    }

    /// The place as the author of the document finds it.
    pub(super) fn original(&self, pointer: &str) -> String {
        let mut place = String::new();
        for segment in pointer.split('/').skip(1) {
            let segment = match (self.taken.iter().find(|(of, _)| *of == place), segment.parse::<usize>()) {
                (Some((_, taken)), Ok(index)) => {
                    let before = |index: usize, gone: &usize| index.saturating_add(usize::from(*gone <= index));
                    taken.iter().fold(index, before).to_string()
                }
                _ => self
                    .respelt
                    .iter()
                    .rfind(|((of, name), _)| *of == place && name == segment)
                    .map_or_else(|| segment.to_owned(), |(_, written)| written.clone()),
            };
            place = format!("{place}/{segment}");
        }
        place
    }

    /// Whether something is missing that was taken out here.
    pub(super) fn is_own_doing(&self, wrong: &Wrong) -> bool {
        let Kind::Missing { name } = &wrong.kind else { return false };
        self.removed.contains(&(self.original(&wrong.pointer), name.clone()))
    }

    /// Whether a fault that was found later comes of what was done here: it is about a place whose value is not its
    /// author's, or its words name one.
    pub(super) fn has_caused(&self, fault: &PolicyFault) -> bool {
        let is_below = |one: &str, other: &str| one.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'));
        self.touched.iter().any(|touched| {
            let name = touched.rsplit('/').find(|segment| segment.parse::<usize>().is_err()).unwrap_or_default();
            let names = |words: &str| words.contains(&format!("`{name}`")) || words.contains(&format!("/{name}"));
            fault.pointer == *touched
                || is_below(&fault.pointer, touched)
                || is_below(touched, &fault.pointer)
                || names(&fault.reason)
        })
    }

    /// Mends the document where something is wrong with it, so that it can be read on. `again` says what is wrong with it
    /// next.
    pub(super) fn mend(&mut self, wrong: &Wrong, again: impl Fn(&Value) -> Option<Wrong>) -> bool {
        match &wrong.kind {
            Kind::Unknown { name, near } => {
                let Some((parent, _)) = wrong.pointer.rsplit_once('/') else { return false };
                if let Some(near) = near
                    && let Some(members) = self.members(parent)
                    && !members.contains_key(near)
                    && let Some(value) = members.remove(name)
                {
                    members.insert(near.clone(), value);
                    let place = self.original(parent);
                    self.respelt.push(((place, pointer_step(near)), pointer_step(name)));
                    return true;
                }
                self.take_out(&wrong.pointer)
            }
            Kind::Missing { name } => self.fill(&wrong.pointer, name, again) || self.take_out(&wrong.pointer),
            Kind::Variant { .. } | Kind::Other => self.take_out(&wrong.pointer),
        }
    }

    fn members(&mut self, pointer: &str) -> Option<&mut Map<String, Value>> {
        self.document.pointer_mut(pointer)?.as_object_mut()
    }

    /// Takes the value at a place out. The document as a whole stays.
    fn take_out(&mut self, pointer: &str) -> bool {
        let Some((parent, segment)) = pointer.rsplit_once('/') else { return false };
        let (original, place) = (self.original(pointer), self.original(parent));
        let done = match self.document.pointer_mut(parent) {
            Some(Value::Object(members)) => {
                let name = segment.replace("~1", "/").replace("~0", "~");
                let done = members.remove(&name).is_some();
                self.removed.push((place, name));
                done
            }
            Some(Value::Array(items)) => {
                let index = segment.parse::<usize>().ok().filter(|index| *index < items.len());
                if let Some(index) = index {
                    items.remove(index);
                }
                let as_written = original.rsplit('/').next().and_then(|index| index.parse().ok());
                if let Some(as_written) = as_written {
                    match self.taken.iter_mut().find(|(of, _)| *of == place) {
                        Some((_, taken)) => {
                            taken.insert(taken.partition_point(|other| *other < as_written), as_written);
                        }
                        None => self.taken.push((place, vec![as_written])),
                    }
                }
                index.is_some()
            }
            _ => false,
        };
        if done {
            self.touched.push(original);
        }
        done
    }

    /// Puts something in the place of a member that is missing, so that the rest of its object can be read.
    fn fill(&mut self, pointer: &str, name: &str, again: impl Fn(&Value) -> Option<Wrong>) -> bool {
        let place = format!("{pointer}/{}", pointer_step(name));
        let mut candidates = vec![json!(null), json!([]), json!(0), json!(false), json!("")];
        let mut has_words = true;
        while let Some(candidate) = candidates.pop() {
            let Some(members) = self.members(pointer) else { return false };
            members.insert(name.to_owned(), candidate);
            match again(&self.document) {
                Some(wrong) if wrong.pointer == place => {
                    // One of a few words is wanted: the first of them will do, and is tried once.
                    if let Kind::Variant { known } = &wrong.kind
                        && std::mem::take(&mut has_words)
                    {
                        candidates.extend(known.first().map(|word| word.as_str().into()));
                    }
                }
                _ => {
                    let original = self.original(&place);
                    self.touched.push(original);
                    return true;
                }
            }
        }
        if let Some(members) = self.members(pointer) {
            members.remove(name);
        }
        false
    }
}
