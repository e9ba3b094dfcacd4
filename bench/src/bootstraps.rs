//! Builds the bootstraps as a deployment does, and finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The bootstraps by binary name.
#[derive(Debug)]
pub(crate) struct Bootstraps(BTreeMap<String, PathBuf>);

impl Bootstraps {
    /// Builds `names` with the release profile. Functions get the features that `sam build` gives them, the sum over all
    /// functions; floors (`bench-…`) get their own.
    pub(crate) fn build(root: &Path, names: &[&str]) -> Result<Self> {
        let (floors, functions): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.starts_with("bench-"));
        let mut built = BTreeMap::new();
        for (names, of_package) in [(functions, false), (floors, true)] {
            if names.is_empty() {
                continue;
            }
            println!("building {} (cargo build --release)", names.join(", "));
            let mut command = cargo_build(root);
            for name in names {
                if of_package {
                    command.args(["--package", name]);
                }
                command.args(["--bin", name]);
            }
            let output =
                command.stdout(Stdio::piped()).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
            ensure!(output.status.success(), "the build failed");
            built.extend(String::from_utf8(output.stdout)?.lines().filter_map(executable));
        }
        Ok(Self(built))
    }

    /// Adds a bootstrap that was built before.
    pub(crate) fn add(&mut self, name: &str, path: PathBuf) {
        self.0.insert(name.to_owned(), path);
    }

    /// The path of `name`.
    pub(crate) fn path(&self, name: &str) -> Result<&Path> {
        self.0.get(name).map(PathBuf::as_path).with_context(|| format!("cargo did not build {name}"))
    }

    /// The size of `name` in units of 1024 bytes.
    pub(crate) fn size_kb(&self, name: &str) -> Result<u64> {
        Ok(self.path(name)?.metadata()?.len().div_ceil(1024))
    }
}

fn cargo_build(root: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root).args(["build", "--release", "--message-format=json-render-diagnostics"]);
    // `cargo run` sets these for the bench itself. Some build scripts read them, and would run again at every change between
    // this and a build by hand.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Reads name and path of an executable from a line of cargo's messages.
fn executable(line: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(line).ok()?;
    let path = message["executable"].as_str()?;
    Some((message["target"]["name"].as_str()?.to_owned(), path.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_read_from_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"redirect"},"executable":"/t/release/redirect"}"#;
        assert_eq!(executable(line), Some(("redirect".to_owned(), "/t/release/redirect".into())));
        assert_eq!(executable(r#"{"reason":"compiler-artifact","executable":null}"#), None);
        assert_eq!(executable("not JSON"), None);
    }
}
