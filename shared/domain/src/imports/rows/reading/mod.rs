//! The rows of a file, from its first byte or from the middle.

mod unwrapping;

use std::sync::Arc;

use super::archive::Archive;
use super::buffer::Buffer;
use super::encoding::Decoder;
use super::layout::Layout;
use super::limits::Limits;
use super::notes::Notes;
use super::place::RowPlace;
use super::reader::{Found, Reader};
use super::sniff::byte_order_mark;
use super::unpack::{Input, Unpacker};
use super::unreadable::Unreadable;
use crate::imports::rows::{Next, Row, RowAddress};

/// The rows of one file.
pub struct Rows {
    size: u64,
    limits: Limits,
    /// What came and is not unpacked.
    input: Input,
    /// What the file is wrapped in, once that is known.
    unpacker: Option<Unpacker>,
    archive: Archive,
    decoder: Decoder,
    /// What was unpacked last.
    piece: Vec<u8>,
    buffer: Buffer,
    /// Whether what comes goes straight into the buffer.
    direct: bool,
    /// How the rows are read, once the file is recognised.
    reader: Option<Reader>,
    layout: Option<Layout>,
    notes: Notes,
    /// How many rows the files of the archive before this one have.
    before: u64,
    /// Which file of an archive is open.
    file: Option<Arc<str>>,
    /// Why no more can be unpacked. What came before is read first.
    trouble: Option<Unreadable>,
    finished: bool,
}

/// What is to be done next.
enum Step {
    Again,
    More,
    Seek(u64),
    End,
}

impl Rows {
    /// The rows of a file of `size` bytes, whatever it is.
    pub fn new(size: u64, limits: Limits) -> Self {
        Self {
            size,
            limits,
            input: Input::default(),
            unpacker: None,
            archive: Archive::default(),
            decoder: Decoder::default(),
            piece: Vec::new(),
            buffer: Buffer::new(0, 1),
            direct: false,
            reader: None,
            layout: None,
            notes: Notes::default(),
            before: 0,
            file: None,
            trouble: None,
            finished: false,
        }
    }

    /// The rows of a splittable file from `place` on, which is what [`Rows::feed`] is then given. They have the numbers and
    /// lines that they have from the beginning of the file. `None` if the file cannot be split.
    pub fn resume(layout: &Layout, place: RowPlace) -> Option<Self> {
        layout.is_splittable().then(|| Self {
            buffer: Buffer::new(place.byte, place.line),
            direct: true,
            reader: Some(Reader::new(&layout.shape, layout.source, place)),
            layout: Some(layout.clone()),
            ..Self::new(0, Limits::default())
        })
    }

    /// Takes the next piece of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        if !self.direct {
            return self.input.extend(bytes);
        }
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.buffer.extend(bytes);
        self.skip_mark();
    }

    /// Says that there are no more pieces.
    pub fn end(&mut self) {
        if self.direct { self.buffer.end() } else { self.input.end() }
    }

    /// What the file is, once that is known: from the first row on. Of an archive, what the file in it is that the last row
    /// is from.
    pub fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }

    /// The place behind the last row. A splittable file can be read on from it; of any other, `row` says how many rows are
    /// to be left out when it is read again.
    pub fn place(&self) -> RowPlace {
        let Some(reader) = &self.reader else { return RowPlace { row: self.before + 1, ..RowPlace::START } };
        match reader.place(&self.buffer) {
            Some(place) if self.direct => place,
            _ => {
                let (number, line) = reader.last();
                RowPlace { byte: self.position(), row: self.before + number + 1, line }
            }
        }
    }

    /// How many bytes of the file are done. Never less than before, and all of them at the end.
    pub fn position(&self) -> u64 {
        match (&self.reader, &self.unpacker) {
            _ if self.finished && !self.direct => self.size,
            (Some(reader), _) if self.direct => {
                reader.place(&self.buffer).map_or(self.buffer.position(), |place| place.byte)
            }
            _ if self.direct => self.buffer.position(),
            (_, Some(Unpacker::Zip(zip))) => zip.done(),
            _ => self.input.position(),
        }
    }

    /// What the owner of the file should know about it, as far as it is read.
    pub fn notes(&self) -> Notes {
        let mut notes = self.notes.clone();
        if let Some(more) = self.reader.as_ref().and_then(Reader::notes) {
            notes.merge(more);
        }
        notes
    }

    /// The name of the file in the archive that the last row is from, if it is from an archive.
    pub fn member(&self) -> Option<String> {
        match &self.unpacker {
            Some(Unpacker::Zip(zip)) => zip.member(),
            _ => None,
        }
    }

    /// The next row.
    ///
    /// # Errors
    /// The file is no list of links, or it cannot be read any further.
    #[inline]
    pub fn next_row(&mut self) -> Result<Next<'_>, Unreadable> {
        if self.finished {
            return Ok(Next::End);
        }
        let found = loop {
            let step = match &mut self.reader {
                Some(reader) => match reader.find(&mut self.buffer) {
                    Ok(Found::More) => self.pump()?,
                    Ok(Found::End) => self.next_file()?,
                    Ok(found) => break found,
                    Err(error) => return Err(Unreadable { member: self.member(), ..error }),
                },
                None => self.recognise()?,
            };
            match step {
                Step::Again => {}
                Step::More => return Ok(Next::More),
                Step::Seek(to) => return Ok(Next::Seek(to)),
                Step::End => return Ok(Next::End),
            }
        };
        let Some(reader) = &mut self.reader else { return Ok(Next::End) };
        let (number, line) = reader.last();
        let fields = match found {
            Found::Fields(fields) => *fields,
            Found::Text(length) => reader.fields(&self.buffer.rest()[..length]),
            Found::More | Found::End => return Ok(Next::More),
        };
        let address = RowAddress { row: self.before + number, line, file: self.file.clone() };
        Ok(Next::Row(Row { address, fields }))
    }

    fn skip_mark(&mut self) {
        if self.buffer.position() == 0 {
            self.buffer.consume(byte_order_mark(self.buffer.rest()));
        }
    }
}
