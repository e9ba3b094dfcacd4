//! Defines what the owner of a file says about its columns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::names::normalize;

/// The columns that the owner of a file has named: a normalized name of the file, and what the column holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnNames(BTreeMap<String, Column>);

impl ColumnNames {
    /// The greatest number of names.
    pub const MAX_NAMES: usize = 50;
    /// The greatest length of a name, in characters.
    pub const MAX_NAME_CHARS: usize = 100;

    /// Adds that the column `name` of the file holds `column`, or is to be left out if that is `ignore`. A name without a letter or
    /// digit has no effect.
    ///
    /// # Errors
    /// What is wrong, for a person.
    pub fn add(&mut self, name: &str, column: &str) -> Result<(), String> {
        if !(1..=Self::MAX_NAME_CHARS).contains(&name.chars().count()) {
            return Err(format!("must be named with 1 to {} characters", Self::MAX_NAME_CHARS));
        }
        let Some(column) = Column::named(column) else {
            return Err(format!("must be one of {}", Column::names().collect::<Vec<_>>().join(", ")));
        };
        let normalized = Some(normalize(name)).filter(|name| !name.is_empty()).unwrap_or_else(|| name.to_owned());
        if self.0.insert(normalized, column).is_some_and(|before| before != column) {
            return Err("has two meanings: case, spaces and punctuation of its name do not matter".to_owned());
        }
        if self.0.len() > Self::MAX_NAMES {
            return Err(format!("is one of more than {} names", Self::MAX_NAMES));
        }
        Ok(())
    }

    /// Returns the names and what they mean.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Column)> {
        self.0.iter().map(|(name, column)| (name.as_str(), *column))
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the column that has this name, which must be normalized.
    pub(super) fn get(&self, name: &str) -> Option<Column> {
        self.0.get(name).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_columns_are_checked() {
        let mut names = ColumnNames::default();
        assert_eq!(names.add(" Short-Name ", "slug"), Ok(()));
        assert_eq!(names.add("shortname", "slug"), Ok(()));
        assert_eq!((names.get("shortname"), names.get("other")), (Some(Column::Slug), None));
        assert!(names.add("Short name", "ignore").unwrap_err().contains("two meanings"));
        assert!(names.add("x", "slugs").unwrap_err().contains("short_url"));
        assert!(names.add("", "slug").is_err() && names.add(&"x".repeat(101), "slug").is_err());
        for n in 0..49 {
            assert_eq!(names.add(&format!("n{n}"), "ignore"), Ok(()));
        }
        assert!(names.add("n50", "ignore").is_err());
    }
}
