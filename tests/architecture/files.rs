//! Checks that the files of a crate form no circle.
//!
//! A file uses another if it imports or names one of its items; a re-export leads to the file that has the item. A parent that
//! only declares its modules or re-exports their items does not use them. Tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::modules::Crate;
use crate::repository::{folders, require_none, root};

/// For each file, the files that it uses, with the paths in the code.
type Graph = BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>;

/// Finds the circles. Gives the uses that close each one: the file, the file it uses, and the paths in the code.
fn circles(graph: &Graph) -> Vec<Vec<(&PathBuf, &PathBuf, &BTreeSet<String>)>> {
    let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> = graph.keys().map(|file| (file, reach(graph, file))).collect();
    let mut found: Vec<BTreeSet<&PathBuf>> = Vec::new();
    for file in graph.keys().filter(|file| reached[file].contains(file)) {
        if found.iter().any(|circle| circle.contains(file)) {
            continue;
        }
        let back = |other: &&&PathBuf| reached.get(*other).is_some_and(|files| files.contains(file));
        found.push(reached[file].iter().filter(back).copied().collect());
    }
    let uses = |circle: BTreeSet<&PathBuf>| {
        let inside = graph.iter().filter(|(file, _)| circle.contains(file)).flat_map(|(file, used)| {
            used.iter().filter(|(other, _)| circle.contains(other)).map(move |(other, paths)| (file, other, paths))
        });
        inside.collect()
    };
    found.into_iter().map(uses).collect()
}

/// Finds the files that a file uses, directly or through others.
fn reach<'a>(graph: &'a Graph, file: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<&PathBuf> = graph[file].keys().collect();
    while let Some(next) = waiting.pop() {
        if reached.insert(next) {
            waiting.extend(graph.get(next).into_iter().flat_map(BTreeMap::keys));
        }
    }
    reached
}

/// Describes each circle in the crate whose root is `file`.
fn describe(file: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Vec<String> {
    let graph = Crate::load(file, read).uses();
    let folder = file.parent().unwrap();
    let name = |file: &Path| file.strip_prefix(folder).unwrap_or(file).display().to_string();
    let describe = |circle: &Vec<(&PathBuf, &PathBuf, &BTreeSet<String>)>| {
        let files: BTreeSet<String> = circle.iter().map(|(file, _, _)| name(file)).collect();
        let mut text =
            format!("{} files in a circle: {}", files.len(), files.into_iter().collect::<Vec<_>>().join(", "));
        for (file, other, paths) in circle {
            let paths = paths.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            text += &format!("\n    {} -> {}: {paths}", name(file), name(other));
        }
        text
    };
    circles(&graph).iter().map(describe).collect()
}

#[test]
fn files_of_a_crate_form_no_circle() {
    let shared = folders("shared").into_iter().map(|name| format!("shared/{name}"));
    let mut problems = Vec::new();
    for folder in shared.chain(["bench".to_owned()]) {
        for file in ["lib.rs", "main.rs"].map(|name| root().join(&folder).join("src").join(name)) {
            if file.is_file() {
                let found = describe(&file, &|path| fs::read_to_string(path).ok());
                problems.extend(found.into_iter().map(|circle| format!("{folder}/src: {circle}")));
            }
        }
    }
    require_none(&problems);
}

/// Finds the circles of a crate with these files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let read = |path: &Path| files.iter().find(|(name, _)| Path::new(name) == path).map(|(_, text)| (*text).to_owned());
    describe(Path::new("lib.rs"), &read)
}

#[test]
fn imports_paths_and_re_exports_form_a_circle() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use c::inner::Inner;"),
        ("a.rs", "use crate::{b::Second, Inner}; pub struct First(Second, Inner);"),
        ("b.rs", "pub struct Second; impl Second { fn f() -> super::a::First { todo!() } }"),
        ("c.rs", "pub mod inner; pub(crate) use self::inner::*; pub fn parent() {}"),
        ("c/inner.rs", "use super::parent; pub struct Inner; fn f() { g!(0, crate::a::First::new()) }"),
    ];
    let circles = found(&files);
    assert_eq!(circles.len(), 1, "{circles:?}");
    let expected = "3 files in a circle: a.rs, b.rs, c/inner.rs
    a.rs -> b.rs: use crate::b::Second
    a.rs -> c/inner.rs: use crate::Inner
    b.rs -> a.rs: super::a::First
    c/inner.rs -> a.rs: crate::a::First::new";
    assert_eq!(circles[0], expected);
}

#[test]
fn parent_and_child_form_a_circle() {
    let parent = "mod child; use child::Child; pub struct Parent(Child);";
    assert_eq!(found(&[("lib.rs", "mod p;"), ("p.rs", parent), ("p/child.rs", "use super::Parent;")]).len(), 1);
}

#[test]
fn re_exporting_parent_forms_a_circle() {
    let parent = "mod child; pub use child::Child; pub struct Parent(Child);";
    assert_eq!(
        found(&[("lib.rs", "mod p;"), ("p.rs", parent), ("p/child.rs", "pub struct Child; use super::Parent;")]).len(),
        1
    );
}

#[test]
fn declarations_and_tests_do_not_count() {
    let files = [
        ("lib.rs", "mod a; mod b; pub use a::A; pub struct Root;"),
        (
            "a.rs",
            "use crate::Root; use crate::b::B; pub struct A(B);\n#[cfg(test)] mod tests { use crate::b::tests::X; }",
        ),
        (
            "b.rs",
            "pub struct B;\n#[cfg(test)] mod tests;\n#[cfg(test)] use crate::a::A;\n#[cfg(test)] impl B { fn f(_: crate::a::A) {} }",
        ),
    ];
    assert_eq!(found(&files), [""; 0]);
}
