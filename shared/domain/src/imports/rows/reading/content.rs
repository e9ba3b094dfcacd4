//! Decides what becomes of the bytes that a file or a file of an archive unpacks to.

use super::step::Advance;
use crate::imports::rows::column_names::ColumnNames;
use crate::imports::rows::layout::Packing;
use crate::imports::rows::limits::{Limits, MAX_INNER_ARCHIVE, MAX_NESTING};
use crate::imports::rows::unreadable::Unreadable;

/// How many bytes of an archive in memory are fed at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A file that can be within another.
pub(super) trait InnerFile {
    /// Opens a file of `size` bytes within `depth` compressed files or archives.
    fn nested(size: u64, limits: Limits, depth: usize, columns: &ColumnNames) -> Self;

    /// Takes the next piece of the file.
    fn feed(&mut self, bytes: &[u8]);

    /// Ends the file after the last piece.
    fn end(&mut self);

    /// Looks for the next row.
    fn advance(&mut self) -> Result<Advance, Unreadable>;
}

/// What the unpacked bytes are.
#[derive(Default)]
pub(super) enum Content<F> {
    /// No file of an archive is open.
    #[default]
    Nothing,
    /// The first bytes, too few to tell.
    Head(Vec<u8>),
    /// Text to decode, or a part of a spreadsheet.
    Text,
    /// Another compressed file or archive.
    Nested(Nested<F>),
}

/// A compressed file or an archive within another.
pub(super) struct Nested<F> {
    /// How many compressed files and archives it is in.
    depth: usize,
    limits: Limits,
    /// What the owner says about the columns.
    columns: ColumnNames,
    source: Source<F>,
    ended: bool,
}

enum Source<F> {
    /// Read from its beginning, as it is unpacked.
    Stream(Box<F>),
    /// An archive whose directory is at its end, of which not all bytes are there.
    Collecting(Vec<u8>),
    /// The same with all bytes, of which those before `next` are fed.
    Collected { file: Box<F>, bytes: Vec<u8>, next: usize },
}

impl<F: InnerFile> Nested<F> {
    /// Begins to read a file that is packed so. It may unpack to as many bytes as `limits` say.
    pub(super) fn new(
        packing: Packing,
        depth: usize,
        limits: Limits,
        columns: &ColumnNames,
    ) -> Result<Self, Unreadable> {
        if depth > MAX_NESTING {
            let cause = format!("the file is packed within more than {MAX_NESTING} other files");
            return Err(Unreadable::because(cause));
        }
        let source = match packing {
            Packing::Zip => Source::Collecting(Vec::new()),
            _ => Source::Stream(Box::new(F::nested(u64::MAX, limits, depth, columns))),
        };
        Ok(Self { depth, limits, columns: columns.clone(), source, ended: false })
    }

    /// Takes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        match &mut self.source {
            Source::Stream(file) => file.feed(bytes),
            Source::Collecting(collected) if collected.len() + bytes.len() <= MAX_INNER_ARCHIVE => {
                collected.extend_from_slice(bytes);
            }
            Source::Collecting(_) => {
                let cause = format!(
                    "a spreadsheet or a ZIP archive within another file may have at most {MAX_INNER_ARCHIVE} bytes; \
                     upload it by itself"
                );
                return Err(Unreadable::because(cause));
            }
            Source::Collected { .. } => {}
        }
        Ok(())
    }

    /// Ends the file after the last bytes.
    pub(super) fn end(&mut self) {
        self.ended = true;
        match &mut self.source {
            Source::Stream(file) => file.end(),
            Source::Collecting(bytes) => {
                let bytes = std::mem::take(bytes);
                let file = Box::new(F::nested(bytes.len() as u64, self.limits, self.depth, &self.columns));
                self.source = Source::Collected { file, bytes, next: 0 };
            }
            Source::Collected { .. } => {}
        }
    }

    /// Tells whether all its bytes were given.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Returns the file, once it can be read.
    pub(super) fn file(&self) -> Option<&F> {
        match &self.source {
            Source::Stream(file) | Source::Collected { file, .. } => Some(file),
            Source::Collecting(_) => None,
        }
    }

    /// Returns the file, once it can be read.
    pub(super) fn file_mut(&mut self) -> Option<&mut F> {
        match &mut self.source {
            Source::Stream(file) | Source::Collected { file, .. } => Some(file),
            Source::Collecting(_) => None,
        }
    }

    /// Looks for the next row.
    pub(super) fn advance(&mut self) -> Result<Advance, Unreadable> {
        let (file, bytes, next) = match &mut self.source {
            Source::Stream(file) => return file.advance(),
            Source::Collecting(_) => return Ok(Advance::More),
            Source::Collected { file, bytes, next } => (file, bytes, next),
        };
        loop {
            match file.advance()? {
                Advance::Seek(to) => *next = usize::try_from(to).unwrap_or(usize::MAX).min(bytes.len()),
                Advance::More if *next == bytes.len() => file.end(),
                Advance::More => {
                    let end = bytes.len().min(*next + PIECE_BYTES);
                    file.feed(&bytes[*next..end]);
                    *next = end;
                }
                found => return Ok(found),
            }
        }
    }
}
