//! Keeps the names of the folders that hold a bookmark, which become its tags.

use crate::links::link::Link;

/// How deeply folders may be nested.
const MAX_NESTED_FOLDERS: usize = 200;

/// The folders that are open, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Folders {
    names: Vec<Option<String>>,
}

impl Folders {
    /// Opens a folder; one without a name gives no tag.
    ///
    /// # Errors
    /// Why it cannot be opened: too many are open.
    pub(super) fn open(&mut self, name: Option<String>) -> Result<(), String> {
        if self.names.len() == MAX_NESTED_FOLDERS {
            return Err(format!("the bookmarks have more than {MAX_NESTED_FOLDERS} nested folders"));
        }
        self.names.push(name.as_deref().and_then(tag_of_name));
        Ok(())
    }

    /// Names the innermost folder.
    pub(super) fn name(&mut self, name: &str) {
        if let Some(last) = self.names.last_mut() {
            *last = tag_of_name(name);
        }
    }

    /// Closes the innermost folder.
    pub(super) fn close(&mut self) {
        self.names.pop();
    }

    /// Adds the folders to the tags of a bookmark, as many as a link can have.
    pub(super) fn add_to(&self, mut tags: Vec<String>) -> Vec<String> {
        for name in self.names.iter().flatten() {
            if tags.len() < Link::MAX_TAGS && !tags.contains(name) {
                tags.push(name.clone());
            }
        }
        tags
    }
}

/// Makes a tag of the name of a folder; cuts a long name.
fn tag_of_name(name: &str) -> Option<String> {
    let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.trim();
    if clean.chars().count() <= Link::MAX_TAG_CHARS {
        return (!clean.is_empty()).then(|| clean.to_owned());
    }
    let cut: String = clean.chars().take(Link::MAX_TAG_CHARS - 1).collect();
    Some(format!("{}…", cut.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_name_is_cut_to_a_tag() {
        let name = "a folder with a name that is a whole sentence about what it holds";
        assert_eq!(tag_of_name(name).unwrap(), "a folder with a name that is a whole sentence abo…");
        assert_eq!(tag_of_name(&"x".repeat(50)).unwrap(), "x".repeat(50));
        assert_eq!(tag_of_name(" two\nlines "), Some("two lines".to_owned()));
        assert_eq!(tag_of_name(" \n"), None);
    }
}
