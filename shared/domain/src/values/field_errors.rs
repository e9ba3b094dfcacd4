//! Collects everything that is wrong with a request, so that one answer names all of it.

use crate::values::error::{Error, FieldError};

/// No more errors than this are told of one link.
const MAX_ERRORS: usize = 100;

/// The errors that were found so far.
#[derive(Debug, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    /// Notes that the field at `pointer` is wrong.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl ToString) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(FieldError::new(pointer, detail));
        }
    }

    /// The value, or `None` with the error noted at `pointer`.
    pub fn note<T, E: ToString>(&mut self, pointer: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(pointer, error)).ok()
    }

    /// The value if there is one and nothing is wrong.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong.
    pub fn or<T>(self, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(Error::Invalid(self.0)),
        }
    }
}
