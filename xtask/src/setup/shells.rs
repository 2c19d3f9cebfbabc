//! The shells whose completion is tested.

use super::{DebianPackage, Found, program};
use crate::output::Result;
use crate::tools;

const SHELLS: [DebianPackage; 2] = [
    DebianPackage { name: "zsh", what: "zsh, for the tests of completion,", variable: "ZSH", megabytes: 4 },
    DebianPackage { name: "fish", what: "fish, for the tests of completion,", variable: "FISH", megabytes: 4 },
];

/// Where one cannot be had the tests look at the text of its script alone: no other test needs it.
pub(super) fn of_debian(_: &mut Found<'_>) -> Result<String> {
    let mut outcomes = Vec::new();
    for package in &SHELLS {
        let find = || tools::asked_for_or_first(package.variable, &[package.name]);
        let outcome = match find()? {
            Some(path) => format!("already there ({})", path.display()),
            None => match program(find, package) {
                Ok((_, outcome)) => outcome,
                Err(_) => "not to be had: the tests go without it".to_owned(),
            },
        };
        outcomes.push(format!("{} {outcome}", package.name));
    }
    Ok(outcomes.join(", "))
}
