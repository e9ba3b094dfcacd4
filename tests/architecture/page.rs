//! Checks that `docs/architecture.md` has a row for each function, crate and top-level folder.

use crate::repository::{folders, read, require_none};

/// Folders that cargo and `make` create.
const CREATED: [&str; 1] = ["target"];

#[test]
fn page_lists_each_function_and_folder() {
    let page = read("docs/architecture.md");
    let first_cells: Vec<&str> =
        page.lines().filter_map(|line| line.trim().strip_prefix('|')).filter_map(|row| row.split('|').next()).collect();
    let has_row = |name: &str| {
        let mut names = first_cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
        names.any(|found| found.trim_end_matches('/') == name || found.starts_with(&format!("{name}/")))
    };
    let top_level = folders(".").into_iter().filter(|name| !name.starts_with('.') && !CREATED.contains(&name.as_str()));
    let crates = folders("shared").into_iter().map(|name| format!("shared/{name}"));
    let missing = top_level.chain(crates).chain(folders("functions")).filter(|name| !has_row(name));
    require_none(&missing.map(|name| format!("docs/architecture.md: no table has a row `{name}`")).collect::<Vec<_>>());
}
