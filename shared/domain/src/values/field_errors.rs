//! Collects all invalid fields of a request, so that one answer names them all.

use crate::values::error::{Error, FieldError};

/// The greatest number of errors that one answer lists.
const MAX_ERRORS: usize = 100;

/// The errors found so far.
#[derive(Debug, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Adds an error at `pointer`, unless the list is full.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl ToString) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(FieldError::new(pointer, detail));
        }
    }

    /// Adds all `others`, as far as the list has room.
    pub fn append(&mut self, others: Self) {
        let room = MAX_ERRORS - self.0.len();
        self.0.extend(others.0.into_iter().take(room));
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the value, or adds the error at `pointer` and returns `None`.
    pub fn note<T, E: ToString>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error)).ok()
    }

    /// Returns the value, if there is one and no error.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all errors that were added.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::Invalid(self.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_lists_the_first_hundred_errors() {
        let mut errors = Errors::default();
        (0..MAX_ERRORS + 5).for_each(|index| errors.add(format!("/{index}"), "is wrong"));
        let Err(Error::Invalid(listed)) = errors.or(Some(())) else { panic!("a value in spite of errors") };
        assert_eq!((listed.len(), listed[99].pointer.as_str()), (100, "/99"));
    }

    #[test]
    fn value_needs_to_be_there_and_free_of_errors() {
        assert_eq!(Errors::default().or(Some(1)).unwrap(), 1);
        assert!(Errors::default().or(None::<u8>).is_err());
        let mut errors = Errors::default();
        assert_eq!(errors.note("/a", Ok::<_, String>(1)), Some(1));
        assert_eq!(errors.note("/b", Err::<u8, _>("is wrong")), None);
        let Err(Error::Invalid(listed)) = errors.or(Some(1)) else { panic!("a value in spite of an error") };
        assert_eq!(listed, [FieldError::new("/b", "is wrong")]);
    }
}
