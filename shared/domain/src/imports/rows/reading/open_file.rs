//! Turns the bytes of a file into text whose format is known: unpacks them, decodes them, and recognises the format.

use std::sync::Arc;

use super::content::{Content, InnerFile, Nested};
use super::step::{Advance, Step};
use crate::imports::rows::archive::Archive;
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::column_names::ColumnNames;
use crate::imports::rows::encoding::Decoder;
use crate::imports::rows::fields::Fields;
use crate::imports::rows::layout::{Encoding, Layout, Packing};
use crate::imports::rows::limits::{Limits, SNIFF_BYTES};
use crate::imports::rows::notes::Notes;
use crate::imports::rows::place::RowPlace;
use crate::imports::rows::reader::{Found, Reader};
use crate::imports::rows::row::{Row, RowAddress};
use crate::imports::rows::sniff::{byte_order_mark_length, sniff};
use crate::imports::rows::unpack::{Input, MAGIC_BYTES, UnpackStatus, Unpacker, packing, unpacker};
use crate::imports::rows::unreadable::{Unreadable, UnreadableKind};

/// After how many steps without a row the caller may look at the clock. A step unpacks at most 64 KiB.
const STEPS_PER_PAUSE: usize = 64;

/// A file that is being read: how far it is unpacked, and how its rows are found.
pub(in crate::imports::rows) struct OpenFile {
    pub(super) size: u64,
    pub(super) limits: Limits,
    /// How many compressed files and archives the file is in.
    pub(super) depth: usize,
    /// What the owner says about the columns.
    pub(super) columns: ColumnNames,
    /// The bytes of the file that are not unpacked yet.
    pub(super) input: Input,
    /// Known once the first bytes are there.
    pub(super) unpacker: Option<Unpacker>,
    pub(super) archive: Archive,
    pub(super) decoder: Decoder,
    /// The bytes that the unpacker added last.
    unpacked: Vec<u8>,
    /// How many bytes were unpacked, also by the compressed files and archives in this file that are read to their end.
    pub(super) spent: u64,
    pub(super) content: Content<OpenFile>,
    pub(super) buffer: Buffer,
    /// Whether the caller's bytes go straight into the buffer: the file is plain UTF-8.
    pub(super) direct: bool,
    /// Known once the format is recognised.
    pub(super) reader: Option<Reader>,
    pub(super) layout: Option<Layout>,
    /// The layout of the archive's earlier files.
    pub(super) layout_before: Option<Layout>,
    pub(super) notes: Notes,
    /// How many rows the archive's earlier files have.
    pub(super) rows_before: u64,
    /// The name of the archive's file that is open.
    pub(super) member: Option<Arc<str>>,
    /// Why nothing more can be unpacked. The text before it is read first.
    unpack_error: Option<Unreadable>,
    pub(super) finished: bool,
}

impl InnerFile for OpenFile {
    fn nested(size: u64, limits: Limits, depth: usize, columns: &ColumnNames) -> Self {
        Self { depth, columns: columns.clone(), ..Self::new(size, limits) }
    }

    fn feed(&mut self, bytes: &[u8]) {
        if self.finished {
            return;
        }
        if !self.direct {
            return self.input.extend(bytes);
        }
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.buffer.extend(bytes);
        self.skip_byte_order_mark();
    }

    fn end(&mut self) {
        if self.direct { self.buffer.end() } else { self.input.end() }
    }

    #[inline]
    fn advance(&mut self) -> Result<Advance, Unreadable> {
        for _ in 0..STEPS_PER_PAUSE {
            if self.finished {
                return Ok(Advance::End);
            }
            let step = match (&mut self.reader, &mut self.content) {
                (Some(reader), _) => match reader.find(&mut self.buffer) {
                    Ok(Found::More) => self.unpack()?,
                    Ok(Found::End) => self.next_file()?,
                    Ok(found) => return Ok(Advance::Row(found)),
                    Err(error) => self.give_up(error.of_kind(UnreadableKind::Malformed))?,
                },
                (None, Content::Nested(nested)) => match nested.advance() {
                    Ok(Advance::More) => self.unpack()?,
                    // What follows it may be damaged.
                    Ok(Advance::End) if !nested.has_ended() => self.unpack()?,
                    Ok(Advance::End) => self.next_file()?,
                    Ok(Advance::Seek(_)) => Step::More,
                    Ok(found) => return Ok(found),
                    Err(error) => {
                        let error = Unreadable { byte: error.byte.map(|_| self.input.position()), ..error };
                        self.give_up(error)?
                    }
                },
                (None, _) => self.recognise()?,
            };
            match step {
                Step::Again => {}
                Step::More => return Ok(Advance::More),
                Step::Seek(to) => return Ok(Advance::Seek(to)),
                Step::End => return Ok(Advance::End),
            }
        }
        Ok(Advance::Pause)
    }
}

impl OpenFile {
    /// Opens a file of `size` bytes.
    pub(super) fn new(size: u64, limits: Limits) -> Self {
        Self {
            size,
            limits,
            depth: 0,
            columns: ColumnNames::default(),
            input: Input::default(),
            unpacker: None,
            archive: Archive::default(),
            decoder: Decoder::default(),
            unpacked: Vec::new(),
            spent: 0,
            content: Content::Nothing,
            buffer: Buffer::new(0, 1),
            direct: false,
            reader: None,
            layout: None,
            layout_before: None,
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
            content: Content::Text,
            reader: Some(Reader::new(&layout.shape, layout.source, &layout.columns, place)),
            layout: Some(layout.clone()),
            ..Self::new(0, Limits::default())
        }
    }

    /// Reads the row that [`InnerFile::advance`] found; `None` if it found none.
    #[inline]
    pub(super) fn row(&mut self, found: Found) -> Option<Row<'_>> {
        let is_guess = self.is_encoding_guess();
        let Some(reader) = &mut self.reader else {
            let Content::Nested(nested) = &mut self.content else { return None };
            let mut row = nested.file_mut()?.row(found)?;
            row.address.row += self.rows_before;
            row.address.file = match (&self.member, row.address.file) {
                (Some(outer), Some(inner)) => Some(Arc::from(format!("{outer}/{inner}"))),
                (outer, inner) => outer.clone().or(inner),
            };
            return Some(row);
        };
        let (number, line) = reader.last();
        let fields = match found {
            Found::Fields(fields) => *fields,
            Found::Text(length) => reader.fields(&self.buffer.rest()[..length]),
            Found::More | Found::End => return None,
        };
        let fields = if is_guess { fields.and_then(Fields::with_certain_addresses) } else { fields };
        let address = RowAddress { row: self.rows_before + number, line, file: self.member.clone() };
        Some(Row { address, fields })
    }

    /// Tells whether the encoding of the text is only likely.
    pub(super) fn is_encoding_guess(&self) -> bool {
        self.decoder.is_guess()
    }

    /// Unpacks the next bytes.
    fn unpack(&mut self) -> Result<Step, Unreadable> {
        if self.direct {
            return Ok(Step::More);
        }
        if self.unpacker.is_none() {
            self.unpacker = unpacker(&self.input, self.size, self.limits);
            self.content = match &self.unpacker {
                None | Some(Unpacker::Zip(_) | Unpacker::Tar(_)) => Content::Nothing,
                Some(Unpacker::Plain) => Content::Text,
                Some(_) => Content::Head(Vec::new()),
            };
        }
        if let Some(error) = self.unpack_error.take() {
            // Without a directory, nothing after the damage can be found.
            let is_tar = matches!(self.unpacker, Some(Unpacker::Tar(_)));
            return if is_tar { Err(self.in_member(error)) } else { self.give_up(error) };
        }
        let Some(unpacker) = &mut self.unpacker else { return Ok(Step::More) };
        if let Some(reader) = &mut self.reader {
            reader.release(&mut self.buffer);
        }
        self.unpacked.clear();
        let status = unpacker.unpack(&mut self.input, &mut self.unpacked).unwrap_or_else(|error| {
            self.unpack_error = Some(error.of_kind(UnreadableKind::Damaged));
            UnpackStatus::Progress
        });
        self.spent += self.unpacked.len() as u64;
        let ended = match &self.content {
            Content::Text => self.buffer.ended(),
            Content::Nested(nested) => nested.has_ended(),
            Content::Nothing | Content::Head(_) => false,
        };
        if ended && status == UnpackStatus::End {
            return Ok(Step::End);
        }
        self.buffer.set_file_position(self.input.position());
        if let Err(error) = self.take_unpacked(status == UnpackStatus::End) {
            return self.give_up(error);
        }
        match status {
            UnpackStatus::Progress | UnpackStatus::End => Ok(Step::Again),
            UnpackStatus::NeedsInput => Ok(Step::More),
            UnpackStatus::NeedsSeek(to) => Ok(Step::Seek(to)),
            UnpackStatus::Opened => self.open_archive(),
            UnpackStatus::Finished => self.end_archive(),
        }
    }

    /// Passes on what was unpacked; `last` tells whether it is the end of the file, or of a file of an archive.
    fn take_unpacked(&mut self, last: bool) -> Result<(), Unreadable> {
        let mut unpacked = std::mem::take(&mut self.unpacked);
        if let Content::Head(head) = &mut self.content {
            head.extend_from_slice(&unpacked);
            if head.len() < MAGIC_BYTES && !last && self.unpack_error.is_none() {
                self.unpacked = unpacked;
                return Ok(());
            }
            unpacked = std::mem::take(head);
            self.content = match packing(&unpacked) {
                Packing::Plain => Content::Text,
                packing => Content::Nested(Nested::new(packing, self.depth + 1, self.nested_limits(), &self.columns)?),
            };
        }
        match &mut self.content {
            Content::Nested(nested) => {
                nested.feed(&unpacked)?;
                if last {
                    nested.end();
                }
            }
            Content::Text => {
                self.decoder.push(&unpacked, last, &mut self.buffer);
                if self.unpack_error.is_some() {
                    self.decoder.settle(false, &mut self.buffer); // the rows before the error are read
                }
                self.skip_byte_order_mark();
                self.go_direct();
            }
            Content::Nothing | Content::Head(_) => {}
        }
        self.unpacked = unpacked;
        Ok(())
    }

    /// Returns how much a file in this one may unpack to: what this one may and has not, in proportion to its size.
    fn nested_limits(&self) -> Limits {
        let by_ratio = self.limits.ratio.saturating_mul(self.size).max(self.limits.ratio_from);
        let allowed = self.limits.unpacked_bytes.min(by_ratio);
        Limits { unpacked_bytes: allowed.saturating_sub(self.spent), ..self.limits }
    }

    /// Lets the caller's bytes go straight into the buffer, if they need neither unpacking nor decoding.
    fn go_direct(&mut self) {
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
    }

    /// Recognises the format, or unpacks more if too little of the text is there.
    fn recognise(&mut self) -> Result<Step, Unreadable> {
        let can_unpack = self.unpack_error.is_none() || self.buffer.rest().is_empty();
        if self.buffer.rest().len() < SNIFF_BYTES && !self.buffer.ended() && can_unpack {
            return self.unpack();
        }
        let rest = self.buffer.rest();
        let outer = self.unpacker.as_ref().map_or(Packing::Plain, Unpacker::packing);
        let (head, whole) = (&rest[..rest.len().min(SNIFF_BYTES)], self.buffer.ended() && rest.len() <= SNIFF_BYTES);
        let position = |index: usize| self.buffer.file_position_of(index);
        let encoding = self.decoder.encoding().unwrap_or(Encoding::Utf8);
        let (shape, source) = match sniff(head, encoding, position, whole, &self.columns, &mut self.notes) {
            Ok(recognised) => recognised,
            Err(error) => {
                // Damage may be why the text is not recognised.
                let error = self.unpack_error.take().unwrap_or_else(|| match error.kind {
                    UnreadableKind::Question => error,
                    _ => error.of_kind(UnreadableKind::Foreign),
                });
                return self.give_up(error);
            }
        };
        if let Some(name) = self.decoder.other_name() {
            self.notes.encoding = Some(name.to_owned());
        }
        self.reader = Some(Reader::new(&shape, source, &self.columns, RowPlace::START));
        self.layout = Some(Layout { packing: outer, encoding, shape, source, columns: self.columns.clone() });
        self.archive.count_read();
        Ok(Step::Again)
    }

    fn skip_byte_order_mark(&mut self) {
        if self.buffer.position() == 0 {
            self.buffer.consume(byte_order_mark_length(self.buffer.rest()));
        }
    }
}
