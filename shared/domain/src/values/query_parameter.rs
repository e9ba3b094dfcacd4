//! Defines a parameter of a query string.

/// A parameter that an operation of the API takes in its query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryParameter {
    /// The name, which is told apart by case.
    pub name: &'static str,
    /// Whether it may be given several times.
    pub is_list: bool,
}

impl QueryParameter {
    /// Makes a parameter that may be given once.
    pub const fn one(name: &'static str) -> Self {
        Self { name, is_list: false }
    }

    /// Makes a parameter that may be given several times.
    pub const fn list(name: &'static str) -> Self {
        Self { name, is_list: true }
    }
}
