//! Turns the bytes of a file into text whose format is known: unpacks them, decodes them, recognises the format, and
//! goes through the files of an archive.

use std::sync::Arc;

use crate::imports::rows::archive::Archive;
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::column_names::ColumnNames;
use crate::imports::rows::encoding::Decoder;
use crate::imports::rows::layout::{Encoding, Layout, Packing, Shape};
use crate::imports::rows::limits::Limits;
use crate::imports::rows::notes::Notes;
use crate::imports::rows::place::RowPlace;
use crate::imports::rows::reader::Reader;
use crate::imports::rows::sniff::{SNIFF_BYTES, byte_order_mark_length, sniff};
use crate::imports::rows::unpack::{Input, UnpackStatus, Unpacker, packing, unpacker};
use crate::imports::rows::unreadable::Unreadable;
use crate::imports::rows::workbook::{WORKBOOK, Workbook};

/// A file that is being read: how far it is unpacked, and how its rows are found.
pub(super) struct OpenFile {
    pub(super) size: u64,
    limits: Limits,
    /// What the owner says about the columns.
    pub(super) columns: ColumnNames,
    /// The bytes of the file that are not unpacked yet.
    pub(super) input: Input,
    /// Known once the first bytes are there.
    pub(super) unpacker: Option<Unpacker>,
    archive: Archive,
    decoder: Decoder,
    /// The bytes that the unpacker added last.
    unpacked: Vec<u8>,
    pub(super) buffer: Buffer,
    /// Whether the caller's bytes go straight into the buffer: the file is plain UTF-8.
    pub(super) direct: bool,
    /// Known once the format is recognised.
    pub(super) reader: Option<Reader>,
    pub(super) layout: Option<Layout>,
    pub(super) notes: Notes,
    /// How many rows the archive's earlier files have.
    pub(super) rows_before: u64,
    /// The name of the archive's file that is open.
    pub(super) member: Option<Arc<str>>,
    /// Why nothing more can be unpacked. The text before it is read first.
    unpack_error: Option<Unreadable>,
    pub(super) finished: bool,
}

/// What to do next.
pub(super) enum Step {
    /// Look for a row again.
    Again,
    /// Wait for more bytes.
    More,
    /// Go to this byte of the file.
    Seek(u64),
    End,
}

impl OpenFile {
    /// Opens a file of `size` bytes.
    pub(super) fn new(size: u64, limits: Limits) -> Self {
        Self {
            size,
            limits,
            columns: ColumnNames::default(),
            input: Input::default(),
            unpacker: None,
            archive: Archive::default(),
            decoder: Decoder::default(),
            unpacked: Vec::new(),
            buffer: Buffer::new(0, 1),
            direct: false,
            reader: None,
            layout: None,
            notes: Notes::default(),
            rows_before: 0,
            member: None,
            unpack_error: None,
            finished: false,
        }
    }

    /// Opens a file that can be split, at `place`.
    pub(super) fn resume(layout: &Layout, place: RowPlace) -> Self {
        Self {
            buffer: Buffer::new(place.byte, place.line),
            direct: true,
            reader: Some(Reader::new(&layout.shape, layout.source, &layout.columns, place)),
            layout: Some(layout.clone()),
            ..Self::new(0, Limits::default())
        }
    }

    /// Takes the next piece of the file.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        if !self.direct {
            return self.input.extend(bytes);
        }
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.buffer.extend(bytes);
        self.skip_byte_order_mark();
    }

    /// Ends the file after the last piece.
    pub(super) fn end(&mut self) {
        if self.direct { self.buffer.end() } else { self.input.end() }
    }

    /// Returns the name of the archive's file that is open, made printable.
    pub(super) fn printable_member(&self) -> Option<String> {
        match &self.unpacker {
            Some(Unpacker::Zip(zip)) => zip.member(),
            _ => None,
        }
    }

    /// Unpacks the next bytes.
    pub(super) fn unpack(&mut self) -> Result<Step, Unreadable> {
        if self.direct {
            return Ok(Step::More);
        }
        if self.unpacker.is_none() {
            self.unpacker = unpacker(&self.input, self.size, self.limits);
        }
        if let Some(error) = self.unpack_error.take() {
            return Err(error);
        }
        let Some(unpacker) = &mut self.unpacker else { return Ok(Step::More) };
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.unpacked.clear();
        let status = unpacker.unpack(&mut self.input, &mut self.unpacked).unwrap_or_else(|error| {
            self.unpack_error = Some(error);
            UnpackStatus::Progress
        });
        if self.buffer.ended() && status == UnpackStatus::End {
            return Ok(Step::End);
        }
        self.buffer.set_file_position(self.input.position());
        self.decoder.push(&self.unpacked, status == UnpackStatus::End, &mut self.buffer);
        self.skip_byte_order_mark();
        let plain = matches!(self.unpacker, Some(Unpacker::Plain));
        if plain && self.decoder.encoding() == Some(Encoding::Utf8) {
            self.direct = true;
            self.buffer.clear_file_position();
            self.buffer.extend(self.input.rest());
            if self.input.ended() {
                self.buffer.end();
            }
            self.input = Input::default();
        }
        match status {
            UnpackStatus::Progress | UnpackStatus::End => Ok(Step::Again),
            UnpackStatus::NeedsInput => Ok(Step::More),
            UnpackStatus::NeedsSeek(to) => Ok(Step::Seek(to)),
            UnpackStatus::Opened => self.open_archive(),
        }
    }

    /// Recognises the format, or unpacks more if too little of the text is there.
    pub(super) fn recognise(&mut self) -> Result<Step, Unreadable> {
        let can_unpack = self.unpack_error.is_none() || self.buffer.rest().is_empty();
        if self.buffer.rest().len() < SNIFF_BYTES && !self.buffer.ended() && can_unpack {
            return self.unpack();
        }
        let rest = self.buffer.rest();
        let outer = self.unpacker.as_ref().map_or(Packing::Plain, Unpacker::packing);
        let (head, whole) = (&rest[..rest.len().min(SNIFF_BYTES)], self.buffer.ended() && rest.len() <= SNIFF_BYTES);
        if outer != Packing::Plain && packing(head) != Packing::Plain {
            let error = Unreadable::at(self.input.position(), "an archive within an archive is not read");
            return Err(Unreadable { member: self.printable_member(), ..error });
        }
        let position = |index: usize| self.buffer.file_position() + if self.direct { index as u64 } else { 0 };
        let encoding = self.decoder.encoding().unwrap_or(Encoding::Utf8);
        let (shape, source) = match sniff(head, encoding, position, whole, &self.columns, &mut self.notes) {
            Ok(recognised) => recognised,
            Err(error) => {
                let unpack_error = self.unpack_error.take();
                return unpack_error.map_or_else(|| self.skip_member(error), Err);
            }
        };
        self.reader = Some(Reader::new(&shape, source, &self.columns, RowPlace::START));
        self.layout = Some(Layout { packing: outer, encoding, shape, source, columns: self.columns.clone() });
        self.archive.count_read();
        Ok(Step::Again)
    }

    /// Skips a file that is not a list of links; fails if it is not in an archive.
    fn skip_member(&mut self, error: Unreadable) -> Result<Step, Unreadable> {
        let Some(Unpacker::Zip(zip)) = &mut self.unpacker else { return Err(error) };
        if error.is_question {
            return Err(Unreadable { member: zip.member(), ..error });
        }
        self.archive.skip(zip, error, &mut self.notes);
        self.next_file()
    }

    fn open_archive(&mut self) -> Result<Step, Unreadable> {
        if let Some(Unpacker::Zip(zip)) = &self.unpacker
            && zip.names().any(|name| name == WORKBOOK)
        {
            self.reader = Some(Reader::Workbook(Box::new(Workbook::new(&self.columns))));
            let (packing, encoding, columns) = (Packing::Zip, Encoding::Utf8, self.columns.clone());
            self.layout = Some(Layout { packing, encoding, shape: Shape::Sheet, source: None, columns });
        }
        self.next_file()
    }

    /// Opens the next file of an archive, or ends.
    pub(super) fn next_file(&mut self) -> Result<Step, Unreadable> {
        let Some(Unpacker::Zip(zip)) = &mut self.unpacker else {
            self.finished = true;
            return Ok(Step::End);
        };
        let opened = match &mut self.reader {
            Some(Reader::Workbook(workbook)) => {
                let next = workbook.next_file(zip.names());
                if let Some(index) = next {
                    zip.open(index);
                } else if let Some(cause) = workbook.failure() {
                    return Err(Unreadable::because(cause));
                }
                next.is_some()
            }
            reader => {
                let opened = self.archive.open_next(zip);
                self.member = zip.member().map(Arc::from);
                if let Some(reader) = reader.take_if(|_| opened) {
                    self.rows_before += reader.last().0;
                    self.notes.merge(reader.notes().unwrap_or(&Notes::default()));
                }
                if !opened && let Some(error) = self.archive.failure() {
                    return Err(error);
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

    fn skip_byte_order_mark(&mut self) {
        if self.buffer.position() == 0 {
            self.buffer.consume(byte_order_mark_length(self.buffer.rest()));
        }
    }
}
