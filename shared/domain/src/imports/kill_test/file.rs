//! Makes the import and the file that the schedules load.

use crate::imports::job::id::ImportId;
use crate::imports::job::import::Import;
use crate::imports::job::options::OnConflict;
use crate::ports::Clock;
use crate::testing::system::{FixedClock, SeededRandom};
use crate::values::slug::Slug;
use crate::values::workspace::WorkspaceId;

/// How many rows the file has.
pub(super) const ROWS: u64 = 120;

/// Makes the import, which waits for its file.
pub(super) fn import(on_conflict: OnConflict) -> Import {
    let clock = FixedClock::at("2026-01-02T00:00:00Z");
    let id = ImportId::generate(&clock, &SeededRandom::new(0));
    let mut import = Import::awaiting(id, WorkspaceId::parse("acme").unwrap(), None, 1, clock.now());
    import.options.on_conflict = on_conflict;
    import
}

/// Makes a file with rows of every kind: new ones with and without slugs, near and far repetitions, taken slugs, slugs that
/// are also derived for rows without one, invalid rows, and rows with a warning.
pub(super) fn file(json: bool) -> String {
    let import = import(OnConflict::Skip);
    let mut file = String::from(if json { "" } else { "url,slug,created_at,aliases\n" });
    for n in 0..ROWS {
        let (url, slug) = match n % 8 {
            0 => (format!("https://{n}.example/"), String::new()),
            1 => ("https://same.example/".to_owned(), format!("same{}", n / 40)),
            2 => (format!("https://{n}.example/"), format!("first{}", n / 60)),
            3 => (format!("https://s{n}.example/"), format!("s{n}")),
            4 => ("not a url".to_owned(), format!("bad{n}")),
            5 => (format!("https://s{n}.example/"), format!("s{}", n % 60)),
            6 if n % 16 == 6 => (format!("https://{n}.example/"), "v1".to_owned()),
            // The slug that is derived for the row with the same number from the end, which comes before or after this one.
            6 => (format!("https://{n}.example/"), Slug::derive(&import.origin((ROWS - n) / 8 * 8 + 1), 8).to_string()),
            _ => (format!("https://{n}.example/"), format!("own{n}")),
        };
        // Some links lack their creation time, which gives the report a warning.
        let created_at = if n % 3 == 0 { "yesterday" } else { "" };
        let aliases = if n % 8 == 7 { format!("alias{n}|again{n}") } else { String::new() };
        let row = if json {
            serde_json::json!({"url": url, "slug": slug, "created_at": created_at, "aliases": aliases}).to_string()
        } else {
            format!("{url},{slug},{created_at},{aliases}")
        };
        file.push_str(&row);
        file.push('\n');
    }
    file
}
