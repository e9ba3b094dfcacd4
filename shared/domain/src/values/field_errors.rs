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
