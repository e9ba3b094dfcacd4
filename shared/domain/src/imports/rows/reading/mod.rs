//! Reads the rows of a file, from its first byte or from the middle.

mod content;
mod members;
mod open_file;
mod step;

use self::content::InnerFile;
use self::open_file::OpenFile;
use self::step::Advance;
use super::column_names::ColumnNames;
use super::layout::Layout;
use super::limits::Limits;
use super::notes::Notes;
use super::place::RowPlace;
use super::row::Next;
use super::unpack::Unpacker;
use super::unreadable::Unreadable;

/// Reads the rows of one file.
pub struct Rows {
    file: OpenFile,
}

impl Rows {
    /// Reads a file of `size` bytes in any format.
    pub fn new(size: u64, limits: Limits) -> Self {
        Self { file: OpenFile::new(size, limits) }
    }

    /// Reads columns of these names as their owner says. Call it before the first row.
    pub fn with_columns(mut self, columns: &ColumnNames) -> Self {
        self.file.columns = columns.clone();
        self
    }

    /// Reads a splittable file from `place` on; feed [`Rows::feed`] the bytes from there. Rows and lines keep the
    /// numbers that they have in the whole file. Returns `None` if the file cannot be split.
    pub fn resume(layout: &Layout, place: RowPlace) -> Option<Self> {
        layout.is_splittable().then(|| Self { file: OpenFile::resume(layout, place) })
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.file.feed(bytes);
    }

    /// Ends the file after the last piece.
    pub fn end(&mut self) {
        self.file.end();
    }

    /// Returns the format of the file, which is known from the first row on. For an archive, returns that of the file
    /// with the last row.
    pub fn layout(&self) -> Option<&Layout> {
        self.file.current_layout()
    }

    /// Returns the place after the last row. Reading a splittable file can resume there; to resume any other file, read
    /// it again and skip the rows before `row`.
    pub fn place(&self) -> RowPlace {
        let file = &self.file;
        match file.reader.as_ref().and_then(|reader| reader.place(&file.buffer)) {
            Some(place) if file.direct => place,
            _ => {
                let (rows, line) = file.last_row();
                RowPlace { byte: self.position(), row: rows + 1, line }
            }
        }
    }

    /// Returns how many bytes of the file are done. Never decreases, and reaches the size of the file at the end.
    pub fn position(&self) -> u64 {
        let file = &self.file;
        match (&file.reader, &file.unpacker) {
            _ if file.finished && !file.direct => file.size,
            (Some(reader), _) if file.direct => {
                reader.place(&file.buffer).map_or(file.buffer.position(), |place| place.byte)
            }
            _ if file.direct => file.buffer.position(),
            // The first bytes wait until they tell the encoding.
            (None, None | Some(Unpacker::Plain)) => 0,
            (_, Some(Unpacker::Zip(zip))) => zip.position(),
            _ => file.input.position(),
        }
    }

    /// Returns what the owner of the file should know about it, as far as it is read.
    pub fn notes(&self) -> Notes {
        self.file.all_notes()
    }

    /// Returns the next row.
    ///
    /// # Errors
    /// The file is not a list of links, or the rest of it cannot be read.
    #[inline]
    pub fn next_row(&mut self) -> Result<Next<'_>, Unreadable> {
        Ok(match self.file.advance()? {
            Advance::Row(found) => self.file.row(found).map_or(Next::More, Next::Row),
            Advance::Pause => Next::Pause,
            Advance::More => Next::More,
            Advance::Seek(to) => Next::Seek(to),
            Advance::End => Next::End,
        })
    }
}
