//! How long a revocation takes, measured by the simulation and put into its document.

use crate::output::{Failure, Result, say};
use crate::process;
use crate::workspace::{Workspace, read_text, write};

const PAGE: &str = "docs/revocation.md";
const BEGIN: &str = "<!-- simulation:begin -->";
const END: &str = "<!-- simulation:end -->";

/// Runs the simulation and prints what it measures, or writes it into the document.
pub(crate) fn run(workspace: &Workspace, seed: u64, writes: bool) -> Result<()> {
    let printed = process::quietly(
        workspace
            .cargo()
            .args(["test", "--quiet", "--test", "revocation", "--"])
            .args(["--ignored", "--exact", "measured::print", "--nocapture"])
            .env("EDGEWARD_SEED", seed.to_string()),
        "The simulation",
    )?;
    let (_, measured, _) =
        between(&printed).ok_or_else(|| Failure::new("The simulation printed nothing that was measured."))?;
    if !writes {
        say!("{}", measured.trim());
        return Ok(());
    }
    let path = workspace.path(PAGE);
    let page = read_text(&path)?;
    let (before, _, after) =
        between(&page).ok_or_else(|| Failure::new(format!("{PAGE} has no {BEGIN} with an {END} behind it.")))?;
    write(&path, format!("{before}{BEGIN}\n{}\n{END}{after}", measured.trim()))?;
    say!("{PAGE}: measured with seed {seed}");
    Ok(())
}

/// What stands before, between and behind the two marks.
fn between(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (measured, after) = rest.split_once(END)?;
    Some((before, measured, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_its_place_for_what_is_measured() {
        let page = std::fs::read_to_string(Workspace::here().path(PAGE)).expect("the document");
        let (before, measured, after) = between(&page).expect("the two marks");
        assert!(before.contains("## Measured") && measured.contains("stated bound") && after.contains("--seed"));
        assert_eq!(between(END), None);
    }
}
