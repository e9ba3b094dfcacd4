//! The commands for operators, run as `make` runs them.

use std::process::Command;

/// What `tools/{name}.py` prints for the stack that the environment describes. Fails the test if it does not succeed.
pub fn tool(name: &str, arguments: &[&str]) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let mut command = Command::new(format!("{root}/.tools/sam/bin/python"));
    command.arg(format!("tools/{name}.py")).args(["--stack", &crate::setting("WAYPOST_STACK")]).args(arguments);
    let output = command.current_dir(root).output().expect("`make test` has set up Python");
    let (printed, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} {arguments:?}: {printed}{errors}");
    printed.into_owned()
}
