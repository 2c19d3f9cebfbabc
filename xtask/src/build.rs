//! Build: the core, the npm package, the page, and a judgement of the policy that the Worker is bundled with.

use crate::npm;
use crate::output::Result;
use crate::page;
use crate::policy;
use crate::tools::Tools;
use crate::wasm;
use crate::workspace::Workspace;

/// Makes everything that is not as it should be, and prints the sizes.
pub(crate) fn run(workspace: &Workspace, tools: &Tools) -> Result<()> {
    let core = wasm::build(workspace, tools, &wasm::PACKAGE)?;
    npm::package(workspace, tools, &core)?;
    npm::link(workspace)?;
    let core = wasm::build(workspace, tools, &wasm::PAGE)?;
    page::build(workspace, tools, &core)?;
    policy::check(workspace)
}
