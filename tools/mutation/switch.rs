//! Tells which mutant is on. `make mutants` copies this file into the sources that it compiles; it is no part of the product.
//!
//! `WAYPOST_MUTANT` names the mutant; without it, none is on. `WAYPOST_MUTANTS_REACHED` names a file, to which a process appends the
//! number of each mutant that it comes past.

use std::fs::File;
use std::io::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// More than the crate has mutants.
const NUMBERS: usize = 65_536;

static SWITCH: LazyLock<Switch> = LazyLock::new(|| Switch {
    on: std::env::var("WAYPOST_MUTANT").ok().and_then(|number| number.parse().ok()),
    reached: std::env::var_os("WAYPOST_MUTANTS_REACHED").and_then(|path| File::options().append(true).create(true).open(path).ok()),
});
static SEEN: [AtomicBool; NUMBERS] = [const { AtomicBool::new(false) }; NUMBERS];

struct Switch {
    on: Option<usize>,
    reached: Option<File>,
}

/// Tells whether the mutant of this number is on.
pub(crate) fn on(number: usize) -> bool {
    let switch = &*SWITCH;
    if let Some(mut file) = switch.reached.as_ref()
        && SEEN.get(number).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed))
    {
        let line = format!("{number}\n");
        assert!(file.write_all(line.as_bytes()).is_ok(), "cannot write which mutants were reached");
    }
    switch.on == Some(number)
}
