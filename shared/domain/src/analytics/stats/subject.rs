//! Defines whose clicks a request for statistics is about.

use crate::analytics::model::dimension::Dimension;

/// Whose clicks a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Link,
    /// The links with a tag.
    Tagged,
    Workspace,
    /// Visits to no link of a domain.
    Misses,
}

impl Subject {
    /// Returns the dimensions that its clicks are counted by.
    pub(super) fn dimensions(self) -> Vec<Dimension> {
        let of_people = match self {
            Self::Misses => &Dimension::OF_MISSES[..],
            _ => &Dimension::OF_LINK,
        };
        let link = matches!(self, Self::Tagged | Self::Workspace).then_some(Dimension::Link);
        of_people.iter().copied().chain(Dimension::OF_BOTS).chain(link).collect()
    }
}
