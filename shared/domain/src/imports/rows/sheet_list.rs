//! Lists the visible sheets of a spreadsheet and the files that have them.

use std::collections::HashMap;

use super::xml::Tag;

/// The file of the first sheet, and of the shared strings, where nothing says otherwise.
const FIRST_SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";
/// How many characters of a sheet's name are kept. Spreadsheets allow 31.
const MAX_NAME_CHARS: usize = 60;

/// The visible sheets.
#[derive(Default)]
pub(super) struct SheetList {
    sheets: Vec<ListedSheet>,
    /// The sheets by the id of their relationship.
    by_id: HashMap<String, usize>,
    strings: Option<String>,
    since_1904: bool,
}

struct ListedSheet {
    name: String,
    file: Option<String>,
}

impl SheetList {
    /// The greatest number of sheets.
    pub(super) const MAX_SHEETS: usize = 1000;

    /// Returns how many sheets may be read: the first one also if none is listed.
    pub(super) fn len(&self) -> usize {
        self.sheets.len().max(1)
    }

    /// Returns the name of a sheet.
    pub(super) fn name(&self, index: usize) -> &str {
        self.sheets.get(index).map_or("the sheet", |sheet| sheet.name.as_str())
    }

    /// Returns the name of a sheet's file.
    pub(super) fn file(&self, index: usize) -> &str {
        let known = self.sheets.get(index).and_then(|sheet| sheet.file.as_deref());
        known.unwrap_or(if index == 0 { FIRST_SHEET } else { "" })
    }

    /// Returns the name of the file with the relationships of a sheet.
    pub(super) fn relations_file(&self, index: usize) -> String {
        let file = self.file(index);
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        format!("{folder}/_rels/{name}.rels")
    }

    /// Returns the name of the file with the shared strings.
    pub(super) fn strings_file(&self) -> &str {
        self.strings.as_deref().unwrap_or(STRINGS)
    }

    /// Tells whether dates count from 1904.
    pub(super) fn dates_since_1904(&self) -> bool {
        self.since_1904
    }

    /// Takes a tag of the file that lists the sheets. Returns `false` if there are too many.
    pub(super) fn take_tag(&mut self, tag: &Tag<'_>) -> bool {
        if tag.is("workbookPr") && !tag.closes {
            self.since_1904 = tag.attribute("date1904").is_some_and(|value| value == "1" || value == "true");
        }
        let is_visible = || tag.attribute("state").is_none_or(|state| state == "visible");
        if tag.is("sheet") && !tag.closes && is_visible() {
            if let Some(id) = tag.attribute("id") {
                self.by_id.insert(id.into_owned(), self.sheets.len());
            }
            let name = tag.attribute("name").unwrap_or_default();
            self.sheets.push(ListedSheet { name: name.chars().take(MAX_NAME_CHARS).collect(), file: None });
        }
        self.sheets.len() <= Self::MAX_SHEETS
    }

    /// Takes a tag of the file that says which file has which sheet.
    pub(super) fn take_relation(&mut self, tag: &Tag<'_>) -> bool {
        let (true, Some(target)) = (tag.is("Relationship"), tag.attribute("Target")) else { return true };
        let sheet = tag.attribute("Id").and_then(|id| self.by_id.get(id.as_ref()));
        if let Some(sheet) = sheet.and_then(|index| self.sheets.get_mut(*index)) {
            sheet.file = Some(path_of(&target));
        } else if tag.attribute("Type").is_some_and(|kind| kind.ends_with("/sharedStrings")) {
            self.strings = Some(path_of(&target));
        }
        true
    }
}

/// Returns the path in the archive of a target that the file of the sheets names.
fn path_of(target: &str) -> String {
    match target.strip_prefix('/') {
        Some(whole) => whole.to_owned(),
        None => match target.strip_prefix("../") {
            Some(beside) => beside.to_owned(),
            None => format!("xl/{}", target.trim_start_matches("./")),
        },
    }
}
