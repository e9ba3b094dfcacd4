//! From the bytes of a file to those of a list of links: unpacks, decodes, recognises, and goes through archives.

use std::sync::Arc;

use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::encoding::Decoder;
use crate::imports::rows::layout::{Encoding, Layout, Packing, Shape};
use crate::imports::rows::notes::Notes;
use crate::imports::rows::place::RowPlace;
use crate::imports::rows::reader::Reader;
use crate::imports::rows::reading::{Rows, Step};
use crate::imports::rows::sniff::{SNIFF_BYTES, sniff};
use crate::imports::rows::unpack::{Input, Pumped, Unpacker, packing, unpacker};
use crate::imports::rows::unreadable::Unreadable;
use crate::imports::rows::workbook::{WORKBOOK, Workbook};

impl Rows {
    /// Unpacks more.
    pub(super) fn pump(&mut self) -> Result<Step, Unreadable> {
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
    pub(super) fn recognise(&mut self) -> Result<Step, Unreadable> {
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
