//! Runs the operators' commands as `make` runs them.

use std::process::Command;

/// Runs `tools/{name}.py` on the stack that the environment describes, and gives what it prints. Fails the test if the command
/// fails.
pub fn tool(name: &str, arguments: &[&str]) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command = Command::new(format!("{root}/.tools/sam/bin/python"));
    command.arg(format!("tools/{name}.py")).args(["--stack", &crate::setting("WAYPOST_STACK")]).args(arguments);
    let output = command.current_dir(root).output().expect("`make test` has set up Python");
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} {arguments:?}: {printed}{errors}");
    printed.into_owned()
}
