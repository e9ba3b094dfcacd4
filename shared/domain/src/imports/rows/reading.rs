//! The rows of a file, from its first byte or from the middle.

use std::sync::Arc;

use super::archive::Archive;
use super::buffer::Buffer;
use super::encoding::Decoder;
use super::layout::{Encoding, Layout, Packing, Shape};
use super::limits::Limits;
use super::notes::Notes;
use super::place::RowPlace;
use super::reader::{Found, Reader};
use super::sniff::{SNIFF_BYTES, byte_order_mark, sniff};
use super::unpack::{Input, Pumped, Unpacker, packing, unpacker};
use super::unreadable::Unreadable;
use super::workbook::{WORKBOOK, Workbook};
use super::{Next, Row, RowAddress};

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

    /// Unpacks more.
    fn pump(&mut self) -> Result<Step, Unreadable> {
        if self.direct {
            return Ok(Step::More);
        }
        if self.unpacker.is_none() {
            self.unpacker = unpacker(&self.input, self.size, self.limits);
        }
        if let Some(error) = self.trouble.take() {
            return Err(error);
        }
        let Some(unpacker) = &mut self.unpacker else { return Ok(Step::More) };
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.piece.clear();
        let pumped = unpacker.pump(&mut self.input, &mut self.piece).unwrap_or_else(|error| {
            self.trouble = Some(error);
            Pumped::Progress
        });
        if self.buffer.ended() && pumped == Pumped::End {
            return Ok(Step::End);
        }
        self.buffer.comes_from(self.input.position());
        self.decoder.push(&self.piece, pumped == Pumped::End, &mut self.buffer);
        self.skip_mark();
        let plain = matches!(self.unpacker, Some(Unpacker::Plain));
        if plain && self.decoder.encoding() == Some(Encoding::Utf8) {
            self.direct = true;
            self.buffer.is_the_file();
            self.buffer.extend(self.input.rest());
            if self.input.ended() {
                self.buffer.end();
            }
            self.input = Input::default();
        }
        match pumped {
            Pumped::Progress | Pumped::End => Ok(Step::Again),
            Pumped::More => Ok(Step::More),
            Pumped::Seek(to) => Ok(Step::Seek(to)),
            Pumped::Opened => self.open_archive(),
        }
    }

    /// Recognises the file, if enough of it is there.
    fn recognise(&mut self) -> Result<Step, Unreadable> {
        let more = self.trouble.is_none() || self.buffer.rest().is_empty();
        if self.buffer.rest().len() < SNIFF_BYTES && !self.buffer.ended() && more {
            return self.pump();
        }
        let rest = self.buffer.rest();
        let wrapped = self.unpacker.as_ref().map_or(Packing::Plain, Unpacker::packing);
        let (head, whole) = (&rest[..rest.len().min(SNIFF_BYTES)], self.buffer.ended() && rest.len() <= SNIFF_BYTES);
        if wrapped != Packing::Plain && packing(head) != Packing::Plain {
            let error = Unreadable::at(self.input.position(), "an archive within an archive is not read");
            return Err(Unreadable { member: self.member(), ..error });
        }
        let at = |index: usize| self.buffer.at() + if self.direct { index as u64 } else { 0 };
        let encoding = self.decoder.encoding().unwrap_or(Encoding::Utf8);
        let (shape, source) = match sniff(head, encoding, at, whole, &mut self.notes) {
            Ok(recognised) => recognised,
            Err(error) => {
                let trouble = self.trouble.take();
                return trouble.map_or_else(|| self.unrecognised(error), Err);
            }
        };
        self.reader = Some(Reader::new(&shape, source, RowPlace::START));
        self.layout = Some(Layout { packing: wrapped, encoding, shape, source });
        self.archive.read();
        Ok(Step::Again)
    }

    /// A file in an archive that is no list of links is left out.
    fn unrecognised(&mut self, error: Unreadable) -> Result<Step, Unreadable> {
        let Some(Unpacker::Zip(zip)) = &mut self.unpacker else { return Err(error) };
        self.archive.skip(zip, error, &mut self.notes);
        self.next_file()
    }

    fn open_archive(&mut self) -> Result<Step, Unreadable> {
        if let Some(Unpacker::Zip(zip)) = &self.unpacker
            && zip.names().any(|name| name == WORKBOOK)
        {
            self.reader = Some(Reader::Workbook(Box::<Workbook>::default()));
            let (packing, encoding) = (Packing::Zip, Encoding::Utf8);
            self.layout = Some(Layout { packing, encoding, shape: Shape::Sheet, source: None });
        }
        self.next_file()
    }

    /// Goes on with the next file of an archive, or ends.
    fn next_file(&mut self) -> Result<Step, Unreadable> {
        let Some(Unpacker::Zip(zip)) = &mut self.unpacker else {
            self.finished = true;
            return Ok(Step::End);
        };
        let opened = match &mut self.reader {
            Some(Reader::Workbook(workbook)) => {
                let next = workbook.next_file(zip.names());
                if let Some(index) = next {
                    zip.open(index);
                } else if let Some(trouble) = workbook.trouble() {
                    return Err(Unreadable::because(trouble));
                }
                next.is_some()
            }
            reader => {
                let opened = self.archive.open_next(zip);
                self.file = zip.member().map(Arc::from);
                if let Some(reader) = reader.take_if(|_| opened) {
                    self.before += reader.last().0;
                    self.notes.merge(reader.notes().unwrap_or(&Notes::default()));
                }
                if !opened && let Some(trouble) = self.archive.trouble() {
                    return Err(trouble);
                }
                opened
            }
        };
        if !opened {
            self.finished = true;
            return Ok(Step::End);
        }
        self.decoder = Decoder::default();
        self.buffer = Buffer::new(0, 1);
        Ok(Step::Again)
    }
}
