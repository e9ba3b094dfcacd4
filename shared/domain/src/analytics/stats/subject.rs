//! Defines whose clicks a request for statistics is about.

use crate::analytics::model::dimension::Dimension;

/// Whose clicks a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Link,
    /// The links with a tag.
    Tagged,
    Workspace,
}

impl Subject {
    /// Returns the dimensions that its clicks are counted by.
    pub(super) fn dimensions(self) -> Vec<Dimension> {
        let link = (self != Self::Link).then_some(Dimension::Link);
        Dimension::OF_LINK.into_iter().chain(Dimension::OF_BOTS).chain(link).collect()
    }
}
