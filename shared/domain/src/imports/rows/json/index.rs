//! Finds the links in a whole JSON object: in its lists, in lists of its folders, or as members named by their slugs.
//! Looks at each byte once, and only at brackets, strings and names: the links themselves may be broken.

use std::ops::Range;

use super::known_names::{decode, is_own_folder, is_target, is_url, names_field, names_links};
use super::links::{Index, Parent, Place, Span, SpanKind};
use super::list_names::{Choice, ListNames};

/// How deeply lists and objects may be nested.
const MAX_DEPTH: usize = 256;
/// How many texts and numbers of a list are kept in case that links follow them.
const MAX_UNSURE: usize = 100;

/// An object or a list that is open.
#[derive(Debug)]
struct Frame {
    id: usize,
    start: usize,
    is_list: bool,
    /// The name under which it stands.
    name: Option<Range<usize>>,
    /// Whether that name is one of lists of links.
    is_named: bool,
    /// In an object, the name whose value follows.
    key: Option<Range<usize>>,
    label: Option<Range<usize>>,
    /// Whether a member is the URL of a link.
    has_target: bool,
    /// Whether a member is another field of a link.
    has_field: bool,
    is_folder: bool,
    /// Whether it is the browser's own folder.
    is_own: bool,
    members: usize,
    /// Whether a list has links.
    has_links: bool,
    /// How many spans precede it.
    first_span: usize,
}

/// Finds the links in the object `text`. Returns `None` if the brackets do not match.
pub(super) fn index(text: &[u8], place: Place, lists: &mut ListNames) -> Option<Index> {
    let mut indexer = Indexer { text, place, lists, stack: Vec::new(), found: Index::default() };
    indexer.run()?;
    Some(indexer.found)
}

struct Indexer<'a> {
    text: &'a [u8],
    place: Place,
    lists: &'a mut ListNames,
    stack: Vec<Frame>,
    found: Index,
}

impl Indexer<'_> {
    fn run(&mut self) -> Option<()> {
        let mut at = 0;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'"' => {
                    let end = string_end(self.text, at)?;
                    self.take_string(at..end)?;
                    at = end;
                    continue;
                }
                b'{' | b'[' => self.open(at, byte == b'[')?,
                b'}' | b']' => {
                    let frame = self.stack.pop()?;
                    if frame.is_list != (byte == b']') {
                        return None;
                    }
                    self.close(frame, at + 1);
                    if self.stack.is_empty() {
                        return self.text[at + 1..].trim_ascii().is_empty().then_some(());
                    }
                }
                b',' | b':' => {}
                byte if byte.is_ascii_whitespace() => {}
                _ => {
                    let end = self.text[at..].iter().position(|byte| b",]}\"{[ \t\r\n".contains(byte))?;
                    self.take_scalar(at..at + end.max(1));
                    at += end.max(1);
                    continue;
                }
            }
            at += 1;
        }
        None
    }

    fn open(&mut self, start: usize, is_list: bool) -> Option<()> {
        if self.stack.len() == MAX_DEPTH {
            return None;
        }
        let parent = self.stack.last_mut();
        let id = self.found.parents.len();
        self.found.parents.push(Parent { parent: parent.as_ref().map(|parent| parent.id), label: None });
        let name = parent.and_then(|parent| {
            parent.members += 1;
            let name = parent.key.take()?;
            parent.has_field |= names_field(&decode(&self.text[name.clone()]));
            Some(name)
        });
        let is_own = match &name {
            Some(name) => is_own_folder(&decode(&self.text[name.clone()])),
            None => id == 0 && self.place == Place::Member(true),
        };
        let is_named = name.clone().is_some_and(|name| names_links(&decode(&self.text[name])));
        self.stack.push(Frame {
            id,
            start,
            is_list,
            name,
            is_named,
            key: None,
            label: None,
            has_target: false,
            has_field: false,
            is_folder: false,
            is_own,
            members: 0,
            has_links: false,
            first_span: self.found.spans.len(),
        });
        Some(())
    }

    fn take_string(&mut self, range: Range<usize>) -> Option<()> {
        let frame = self.stack.last_mut()?;
        if !frame.is_list && frame.key.is_none() {
            frame.key = Some(range);
            return Some(());
        }
        frame.members += 1;
        let value = decode(&self.text[range.clone()]);
        let Some(key) = frame.key.take() else {
            frame.has_links |= is_url(&value);
            let kind = if is_url(&value) { SpanKind::Link } else { SpanKind::Broken };
            if frame.has_links || frame.members <= MAX_UNSURE {
                self.found.spans.push(Span { range, key: None, kind, parent: frame.id });
            }
            return Some(());
        };
        let name = decode(&self.text[key.clone()]);
        frame.has_target |= is_target(&name, &value);
        frame.has_field |= names_field(&name);
        match &*name {
            "name" | "title" | "label" if frame.label.is_none() => frame.label = Some(range.clone()),
            "type" => {
                let value = value.to_ascii_lowercase();
                frame.is_folder |= ["folder", "container", "separator"].iter().any(|kind| value.contains(kind));
            }
            "root" => frame.is_own = true, // Firefox names its own folders so
            _ => {}
        }
        if is_url(&value) {
            self.found.spans.push(Span { range, key: Some(key), kind: SpanKind::Member, parent: frame.id });
        } else if frame.is_named && frame.members <= MAX_UNSURE {
            self.found.spans.push(Span { range, key: Some(key), kind: SpanKind::Broken, parent: frame.id });
        }
        Some(())
    }

    fn take_scalar(&mut self, range: Range<usize>) {
        let Some(frame) = self.stack.last_mut() else { return };
        frame.members += 1;
        if frame.is_list {
            if !frame.has_links && frame.members > MAX_UNSURE || &self.text[range.clone()] == b"null" {
                return;
            }
            self.found.spans.push(Span { range, key: None, kind: SpanKind::Broken, parent: frame.id });
        } else if let Some(key) = frame.key.take() {
            frame.has_field |= names_field(&decode(&self.text[key]));
        }
    }

    fn close(&mut self, frame: Frame, end: usize) {
        if frame.is_list { self.close_list(&frame, end) } else { self.close_object(&frame, end) }
    }

    /// Returns whether the object or list that holds `frame` is a list.
    fn is_in_list(&self) -> bool {
        self.stack.last().map_or(self.place == Place::Element, |parent| parent.is_list)
    }

    fn push(&mut self, frame: &Frame, end: usize, kind: SpanKind) {
        if let Some(parent) = self.stack.last_mut() {
            parent.has_links |= matches!(kind, SpanKind::Link | SpanKind::Merged);
        }
        let parent = self.stack.last().map_or(frame.id, |parent| parent.id);
        let key = (kind == SpanKind::MemberObject).then(|| frame.name.clone()).flatten();
        self.found.spans.push(Span { range: frame.start..end, key, kind, parent });
    }

    fn close_object(&mut self, frame: &Frame, end: usize) {
        let is_root = self.stack.is_empty();
        let is_in_list = self.is_in_list();
        if frame.has_target {
            self.found.spans.truncate(frame.first_span);
            let kind = if is_in_list || is_root { SpanKind::Link } else { SpanKind::MemberObject };
            return self.push(frame, end, kind);
        }
        let inner = &self.found.spans[frame.first_span..];
        let count = |kind| inner.iter().filter(|span| span.parent == frame.id && span.kind == kind).count();
        let (texts, objects) = (count(SpanKind::Member), count(SpanKind::MemberObject));
        if is_in_list && objects == 1 && texts == 0 && inner.len() == 1 {
            self.found.spans.truncate(frame.first_span);
            return self.push(frame, end, SpanKind::Merged);
        }
        let is_document = is_root && self.place == Place::Document;
        let links = texts + objects;
        let is_map = !frame.has_field
            && (frame.is_named && links * 2 > frame.members
                || is_document && links == frame.members && (texts > 1 || objects > 0));
        let id = frame.id;
        for span in &mut self.found.spans[frame.first_span..] {
            let is_member = matches!(span.kind, SpanKind::Member | SpanKind::MemberObject);
            if is_map && span.parent == id && is_member {
                // `{"data": {"url": …}}` has one link, and no slug.
                let is_list_name = span.key.clone().is_some_and(|key| names_links(&decode(&self.text[key])));
                span.key = span.key.take().filter(|_| !is_list_name);
                span.kind = SpanKind::Link;
            }
        }
        self.retain(frame.first_span, |span| {
            let is_member = matches!(span.kind, SpanKind::Member | SpanKind::MemberObject);
            span.parent != id || !is_member && (is_map || span.kind != SpanKind::Broken || span.key.is_none())
        });
        self.found.has_list |= is_map;
        if self.found.spans.len() > frame.first_span {
            let is_folder = !frame.is_own && (!is_root || self.place != Place::Document);
            let label = frame.label.clone().filter(|_| is_folder);
            self.found.parents[id].label = label.map(|label| decode(&self.text[label]).into_owned());
        } else if is_in_list && !frame.is_folder {
            self.push(frame, end, SpanKind::Broken);
        }
    }

    fn close_list(&mut self, frame: &Frame, end: usize) {
        let name = frame.name.clone().map(|name| decode(&self.text[name]).into_owned());
        let id = frame.id;
        let is_named = frame.is_named;
        self.found.has_list |= is_named;
        if let Some(parent) = self.stack.last_mut() {
            parent.is_folder |= is_named;
        }
        let inner = &self.found.spans[frame.first_span..];
        let is_link = |span: &Span| matches!(span.kind, SpanKind::Link | SpanKind::Merged) && span.parent == id;
        if !inner.iter().any(is_link) {
            // Objects of a list with the right name may be links whose URL is missing.
            let keeps = is_named && inner.iter().any(|span| self.text[span.range.start] == b'{');
            return if keeps {
            } else {
                self.retain(frame.first_span, |span| span.parent != id)
            };
        }
        match self.lists.choose(name.as_deref()) {
            Choice::Read => {}
            Choice::Ignore => self.found.spans.truncate(frame.first_span),
            Choice::Refuse => {
                self.found.spans.truncate(frame.first_span);
                self.push(frame, end, SpanKind::Refused);
            }
        }
    }

    /// Keeps those of the spans from `first` on for which `keep` is true.
    fn retain(&mut self, first: usize, keep: impl Fn(&Span) -> bool) {
        let mut kept = first;
        for at in first..self.found.spans.len() {
            if keep(&self.found.spans[at]) {
                self.found.spans.swap(kept, at);
                kept += 1;
            }
        }
        self.found.spans.truncate(kept);
    }
}

/// Returns the end of the string that begins at `start`.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', &text[at..])?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
        if at > text.len() {
            return None;
        }
    }
}
