//! Reads a file row by row, whatever the pieces it comes in: bytes in, rows out, no input or output of its own. Memory is
//! bounded by the longest row that is allowed and the longest piece.

mod boundaries;
mod buffer;
mod columns;
mod csv;
mod fields;
mod json_object;
mod layout;
mod limits;
mod lines;
mod names;
mod notes;
mod place;
mod sniff;
mod unreadable;

use self::buffer::Buffer;
use self::csv::Cells;
use self::json_object::Objects;
use self::layout::Shape;
use self::lines::{Found, Lines};
use self::sniff::{SNIFF_BYTES, byte_order_mark, sniff};

pub use self::boundaries::{Boundaries, Boundary};
pub use self::columns::Columns;
pub use self::fields::{Column, Fault, Fields, Tags};
pub use self::layout::{Encoding, Format, Layout, Packing, Source};
pub use self::limits::{Limits, MAX_COLUMNS, MAX_MEMBER_NAME, MAX_MEMBERS, MAX_ROW_BYTES};
pub use self::notes::Notes;
pub use self::place::RowPlace;
pub use self::unreadable::Unreadable;

/// A row of data.
#[derive(Debug)]
pub struct Row<'a> {
    /// 1 for the first row of data; a header is not counted, nor are blank lines.
    pub number: u64,
    /// The line it begins on, 1 for the first of the file.
    pub line: u64,
    /// Its fields, if they can be read.
    pub fields: Result<Fields<'a>, Fault>,
}

/// What comes next.
#[derive(Debug)]
// A row is what nearly always comes, and to box it would cost an allocation for each.
#[allow(clippy::large_enum_variant)]
pub enum Next<'a> {
    /// A row.
    Row(Row<'a>),
    /// Nothing until there is more of the file: call [`Rows::feed`] or [`Rows::end`].
    More,
    /// Nothing until the file comes from this byte on: what was fed last is to be left, and the pieces from there to the
    /// file's end to be fed. Only archives and spreadsheets ask for it.
    Seek(u64),
    /// Nothing: the file is read.
    End,
}

/// The rows of one file.
pub struct Rows {
    buffer: Buffer,
    /// How the rows are read, once the file is recognised.
    reader: Option<Reader>,
    layout: Option<Layout>,
    notes: Notes,
}

struct Reader {
    lines: Lines,
    objects: Objects,
}

impl Rows {
    /// The rows of a file of `size` bytes, whatever it is.
    pub fn new(_size: u64, _limits: Limits) -> Self {
        Self { buffer: Buffer::at(0, 1), reader: None, layout: None, notes: Notes::default() }
    }

    /// The rows of a splittable file from `place` on, which is what [`Rows::feed`] is then given. They have the numbers and
    /// lines that they have from the beginning of the file. `None` if the file cannot be split.
    pub fn resume(layout: &Layout, place: RowPlace) -> Option<Self> {
        let lines = Lines::new(&layout.shape, place).filter(|_| layout.is_splittable())?;
        let objects = Objects::of(layout.source);
        Some(Self {
            buffer: Buffer::at(place.byte, place.line),
            reader: Some(Reader { lines, objects }),
            layout: Some(layout.clone()),
            notes: Notes::default(),
        })
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        if let Some(reader) = &mut self.reader {
            reader.lines.release(&mut self.buffer);
        }
        self.buffer.extend(bytes);
        if self.buffer.position() == 0 {
            self.buffer.consume(byte_order_mark(self.buffer.rest()));
        }
    }

    /// Says that there are no more pieces.
    pub fn end(&mut self) {
        self.buffer.end();
    }

    /// What the file is, once that is known: from the first row on.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The place behind the last row, from which a splittable file can be read on.
    pub fn place(&self) -> RowPlace {
        self.reader.as_ref().map_or(RowPlace::START, |reader| reader.lines.place(&self.buffer))
    }

    /// How many bytes of the file are done.
    pub fn position(&self) -> u64 {
        self.place().byte
    }

    /// What the owner of the file should know about it.
    pub fn notes(&self) -> Notes {
        let mut notes = self.notes.clone();
        if let Some(reader) = &self.reader {
            notes.merge(&reader.objects.notes);
        }
        notes
    }

    /// The file in the archive that the last row is from, if it is from an archive.
    pub fn member(&self) -> Option<&str> {
        None
    }

    /// The next row.
    ///
    /// # Errors
    /// The file is no list of links, or it cannot be read any further.
    #[inline]
    pub fn next_row(&mut self) -> Result<Next<'_>, Unreadable> {
        if self.reader.is_none() && !self.recognise()? {
            return Ok(Next::More);
        }
        let (Some(reader), Some(layout)) = (&mut self.reader, &self.layout) else { return Ok(Next::More) };
        let found = reader.lines.find(&mut self.buffer);
        let (number, line) = reader.lines.last();
        let fields = match found {
            Found::Broken(fault) => Err(fault),
            Found::More => return Ok(Next::More),
            Found::End => return Ok(Next::End),
            Found::Row(length) => reader.fields(&self.buffer.rest()[..length], layout),
        };
        Ok(Next::Row(Row { number, line, fields }))
    }

    /// Recognises the file, if enough of it is there.
    fn recognise(&mut self) -> Result<bool, Unreadable> {
        let rest = self.buffer.rest();
        if rest.len() < SNIFF_BYTES && !self.buffer.ended() {
            return Ok(false);
        }
        let (head, whole) = (&rest[..rest.len().min(SNIFF_BYTES)], self.buffer.ended() && rest.len() <= SNIFF_BYTES);
        let (shape, source) = sniff(head, self.buffer.position(), whole, &mut self.notes)?;
        let layout = Layout { packing: Packing::Plain, encoding: Encoding::Utf8, shape, source };
        let resumed = Self::resume(&layout, RowPlace::START);
        self.reader = resumed.and_then(|rows| rows.reader);
        self.layout = Some(layout);
        Ok(true)
    }
}

impl Reader {
    /// The fields of the row that `text` is.
    #[inline]
    fn fields<'a>(&mut self, text: &'a [u8], layout: &Layout) -> Result<Fields<'a>, Fault> {
        match &layout.shape {
            Shape::Csv { delimiter, columns, .. } => {
                let row = std::str::from_utf8(text).map_err(|_| Fault::of_row(text, "is not UTF-8 text"))?;
                columns.fields(Cells::new(row, *delimiter), row, layout.source)
            }
            Shape::JsonLines => self.objects.fields(text),
        }
    }
}

#[cfg(test)]
mod tests;
