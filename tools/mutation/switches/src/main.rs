//! Puts every mutant of some Rust files into one copy of them, so that one build serves to try them all.
//!
//! Reads a JSON document from standard input: the files, where their copies go, and the mutants as `cargo mutants --list --json` names
//! them, each with a number. An expression becomes `(if on(1) { mutant 1 } else if on(2) { mutant 2 } else { the expression })`, a
//! function begins with `if on(3) { return mutant 3; }`, and a match arm gets the guard `if !on(4)`. As only one mutant is on at a
//! time, a mutant's code has no switches in it.
//!
//! Writes to standard output where in the copies each mutant is, for whoever must find out which of them does not compile.

mod place;
mod render;

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::path::PathBuf;
use std::{fs, io};

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Source {
    from: PathBuf,
    to: PathBuf,
    mutants: Vec<Mutant>,
}

/// A mutant as cargo-mutants lists it, with a number.
#[derive(Clone, Deserialize)]
struct Mutant {
    number: usize,
    genre: Genre,
    span: Span,
    replacement: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
enum Genre {
    BinaryOperator,
    FnValue,
    MatchArm,
    MatchArmGuard,
    StructField,
    UnaryOperator,
}

#[derive(Clone, Deserialize)]
struct Span {
    start: Position,
    end: Position,
}

/// A line and a column, both from 1 on; columns are characters.
#[derive(Clone, Deserialize)]
struct Position {
    line: usize,
    column: usize,
}

/// What became of a file's mutants. Ranges are in bytes of the copy.
#[derive(Serialize, Default)]
struct Placed {
    /// The code of each mutant.
    arms: BTreeMap<usize, Range<usize>>,
    /// From the first switch of an expression to its end, and the mutants there.
    sites: Vec<(Range<usize>, Vec<usize>)>,
    /// Mutants in code that the compiler runs, which cannot ask for a switch.
    constant: Vec<usize>,
    /// Mutants that would not compile whatever the types are: `||` beside a `let`.
    unviable: Vec<usize>,
    /// Mutants whose place was not found.
    lost: Vec<usize>,
}

fn main() -> Result<()> {
    let sources: Vec<Source> = serde_json::from_reader(io::stdin().lock())?;
    let mut placed = BTreeMap::new();
    for source in sources {
        let code = fs::read_to_string(&source.from)?;
        let (copy, found) = switched(&code, &source.mutants)
            .map_err(|error| Error::new(ErrorKind::InvalidData, format!("{}: {error}", source.from.display())))?;
        fs::write(&source.to, copy)?;
        placed.insert(source.to, found);
    }
    serde_json::to_writer(io::stdout().lock(), &placed)?;
    Ok(())
}

/// Returns the code with a switch for each mutant, and where the mutants are.
fn switched(code: &str, mutants: &[Mutant]) -> syn::Result<(String, Placed)> {
    let file = syn::parse_file(code)?;
    let places = place::find(code, &file, mutants);
    let mut placed =
        Placed { constant: places.constant, unviable: places.unviable, lost: places.lost, ..Placed::default() };
    let copy = render::render(code, &places.sites, &mut placed);
    Ok((copy, placed))
}

#[cfg(test)]
mod tests;
