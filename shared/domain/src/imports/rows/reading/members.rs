//! Goes through the files of an archive, one after the other.

use std::sync::Arc;

use super::content::Content;
use super::open_file::OpenFile;
use super::step::Step;
use crate::imports::rows::archive::is_ignored;
use crate::imports::rows::buffer::Buffer;
use crate::imports::rows::encoding::Decoder;
use crate::imports::rows::foreign::foreign_archive;
use crate::imports::rows::layout::{Encoding, Layout, Packing, Shape};
use crate::imports::rows::notes::Notes;
use crate::imports::rows::reader::Reader;
use crate::imports::rows::unpack::Unpacker;
use crate::imports::rows::unreadable::{Unreadable, UnreadableKind};
use crate::imports::rows::workbook::{WORKBOOK, Workbook};

impl OpenFile {
    /// Returns the layout of the text whose rows are read.
    pub(super) fn current_layout(&self) -> Option<&Layout> {
        match &self.content {
            Content::Nested(nested) => nested.file().and_then(Self::current_layout).or(self.layout.as_ref()),
            _ => self.layout.as_ref(),
        }
    }

    /// Returns what the owner of the file should know about it, as far as it is read.
    pub(super) fn all_notes(&self) -> Notes {
        let mut notes = self.notes.clone();
        if let Some(more) = self.reader.as_ref().and_then(Reader::notes) {
            notes.merge(more);
        }
        if let Content::Nested(nested) = &self.content
            && let Some(file) = nested.file()
        {
            notes.merge(&file.all_notes());
        }
        notes
    }

    /// Returns how many rows were read, and the line of the last one.
    pub(super) fn last_row(&self) -> (u64, u64) {
        let (rows, line) = match (&self.reader, &self.content) {
            (Some(reader), _) => reader.last(),
            (None, Content::Nested(nested)) => nested.file().map_or((0, 1), Self::last_row),
            (None, _) => (0, 1),
        };
        (self.rows_before + rows, line)
    }

    /// Begins with the first file of an archive whose directory is read, or with the next file of one without a directory.
    pub(super) fn open_archive(&mut self) -> Result<Step, Unreadable> {
        match &mut self.unpacker {
            Some(Unpacker::Zip(zip)) => {
                if zip.names().any(|name| name.eq_ignore_ascii_case(WORKBOOK)) {
                    self.reader = Some(Reader::Workbook(Box::new(Workbook::new(&self.columns))));
                    let (packing, encoding, columns) = (Packing::Zip, Encoding::Utf8, self.columns.clone());
                    self.layout = Some(Layout { packing, encoding, shape: Shape::Sheet, source: None, columns });
                } else if let Some(what) = foreign_archive(zip.names()) {
                    let cause = format!("the file is {what}");
                    return Err(Unreadable::because(cause).of_kind(UnreadableKind::Foreign));
                }
                self.next_file()
            }
            Some(Unpacker::Tar(tar)) => {
                self.member = tar.member().map(Arc::from);
                if self.member.as_deref().is_some_and(is_ignored) {
                    tar.close(&mut self.input);
                } else {
                    self.open_content();
                }
                Ok(Step::Again)
            }
            _ => Ok(Step::Again),
        }
    }

    /// Opens the next file of an archive, or ends.
    pub(super) fn next_file(&mut self) -> Result<Step, Unreadable> {
        self.leave_file(true)
    }

    /// Does the same; `is_read` tells whether the file before it was read to its end.
    fn leave_file(&mut self, is_read: bool) -> Result<Step, Unreadable> {
        match (&mut self.unpacker, &mut self.reader) {
            (Some(Unpacker::Zip(zip)), Some(Reader::Workbook(workbook))) => {
                let Some(index) = workbook.next_file(zip.names()) else {
                    self.finished = true;
                    let foreign = |cause| Unreadable::because(cause).of_kind(UnreadableKind::Foreign);
                    return workbook.failure().map_or(Ok(Step::End), |cause| Err(foreign(cause)));
                };
                zip.open(index);
                self.content = Content::Text;
                (self.decoder, self.buffer) = (Decoder::default(), Buffer::new(0, 1));
                Ok(Step::Again)
            }
            (Some(Unpacker::Zip(_)), _) => {
                self.close_content(is_read);
                let Some(Unpacker::Zip(zip)) = &mut self.unpacker else { return Ok(Step::End) };
                let opened = self.archive.open_next(zip);
                self.member = zip.member().map(Arc::from);
                if !opened {
                    return self.end_archive();
                }
                self.open_content();
                Ok(Step::Again)
            }
            (Some(Unpacker::Tar(_)), _) => {
                self.close_content(is_read);
                if let Some(Unpacker::Tar(tar)) = &mut self.unpacker {
                    tar.close(&mut self.input);
                }
                self.buffer = Buffer::new(0, 1);
                Ok(Step::Again)
            }
            _ => {
                self.finished = true;
                Ok(Step::End)
            }
        }
    }

    /// Ends an archive: no file is left in it.
    pub(super) fn end_archive(&mut self) -> Result<Step, Unreadable> {
        self.finished = true;
        self.archive.failure().map_or(Ok(Step::End), Err)
    }

    /// Goes on after `error`: with the next file of an archive, if the error is in one of its files.
    pub(super) fn give_up(&mut self, error: Unreadable) -> Result<Step, Unreadable> {
        if matches!(self.reader, Some(Reader::Workbook(_))) {
            return Err(error);
        }
        let Some(name) = self.unpacker.as_ref().and_then(Unpacker::member) else { return Err(error) };
        if error.kind == UnreadableKind::Question {
            return Err(self.in_member(error));
        }
        let rows = self.last_row().0 - self.rows_before;
        let error = self.in_member(error);
        self.archive.give_up(&name, rows, error, &mut self.notes);
        if rows == 0 {
            self.layout = self.layout_before.take();
        }
        self.leave_file(false)
    }

    /// Adds to `error` the name of the archive's file that is open.
    pub(super) fn in_member(&self, error: Unreadable) -> Unreadable {
        let member = match (self.unpacker.as_ref().and_then(Unpacker::member), error.member) {
            // The unpacker may have named the file itself.
            (Some(outer), Some(inner)) if outer != inner => Some(format!("{outer}/{inner}")),
            (outer, inner) => outer.or(inner),
        };
        Unreadable { member, ..error }
    }

    /// Gets ready for the bytes of a file of an archive.
    fn open_content(&mut self) {
        self.layout_before = self.layout.clone();
        self.content = Content::Head(Vec::new());
        (self.decoder, self.buffer) = (Decoder::default(), Buffer::new(0, 1));
    }

    /// Counts the rows of the file of an archive that was open, and forgets the rest of it.
    fn close_content(&mut self, is_read: bool) {
        let before = self.rows_before;
        (self.rows_before, _) = self.last_row();
        let mut is_list = self.reader.is_some();
        if let Some(reader) = self.reader.take() {
            self.notes.merge(reader.notes().unwrap_or(&Default::default()));
        }
        if let Content::Nested(nested) = std::mem::take(&mut self.content)
            && let Some(file) = nested.file()
        {
            self.notes.merge(&file.all_notes());
            self.spent += file.spent;
            if let Some(layout) = file.current_layout().filter(|_| is_read || self.rows_before > before) {
                self.layout = Some(layout.clone());
                is_list = true;
            }
        }
        if is_read && is_list {
            self.archive.count_read();
        }
    }
}
