//! Describes the links in a JSON object.

use std::ops::Range;

/// A link in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) range: Range<usize>,
    /// The name under which it stands, if that is its slug; with quotation marks.
    pub(super) key: Option<Range<usize>>,
    pub(super) kind: SpanKind,
    /// The innermost object or list that holds it.
    pub(super) parent: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpanKind {
    /// A link.
    Link,
    /// A link whose URL is in a member of its own.
    Merged,
    /// No link, but an element of a list of links.
    Broken,
    /// A list that is not read.
    Refused,
    /// A URL that is the value of a name.
    Member,
    /// An object with a URL that is the value of a name.
    MemberObject,
}

/// The links in an object.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) spans: Vec<Span>,
    pub(super) parents: Vec<Parent>,
    /// Whether there is a list of links, be it an empty one.
    pub(super) has_list: bool,
}

#[derive(Debug)]
pub(super) struct Parent {
    pub(super) parent: Option<usize>,
    /// The name of the folder.
    pub(super) label: Option<String>,
}

impl Index {
    /// Returns the names of the folders that hold the link, the outermost first.
    pub(super) fn folders(&self, span: &Span) -> Vec<String> {
        let (mut names, mut at) = (Vec::new(), Some(span.parent));
        while let Some(parent) = at.and_then(|at| self.parents.get(at)) {
            names.extend(parent.label.clone());
            at = parent.parent;
        }
        names.reverse();
        names
    }
}

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the document.
    Document,
    /// It is an element of a list.
    Element,
    /// It is a member of an object; whether its name is that of a browser's own folder.
    Member(bool),
}
