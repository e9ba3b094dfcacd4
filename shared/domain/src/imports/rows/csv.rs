//! CSV as RFC 4180 has it, row by row: fields in quotation marks may hold commas, line ends and doubled quotation marks.

use csv_core::ReadRecordResult;

use super::MAX_ROW_BYTES;

/// What the bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scan {
    /// A row of this many bytes, its line end included.
    Record(usize),
    /// The beginning of a row.
    Partial,
    /// A row with more than [`MAX_ROW_BYTES`].
    TooLong,
    /// A quotation mark that is open at the end of the file.
    Unclosed,
}

/// Finds rows and keeps the fields of the last one. Its memory does not depend on the file.
pub(super) struct CsvReader {
    core: csv_core::Reader,
    /// The fields, one after the other, without quotation marks.
    text: Vec<u8>,
    /// Where in `text` each field ends.
    ends: Vec<usize>,
    fields: usize,
}

impl Default for CsvReader {
    fn default() -> Self {
        // A row has no more fields than bytes, so neither buffer can be too small for a row that is short enough.
        let (text, ends) = (vec![0; MAX_ROW_BYTES + 1], vec![0; MAX_ROW_BYTES + 1]);
        Self { core: csv_core::Reader::new(), text, ends, fields: 0 }
    }
}

impl CsvReader {
    /// Reads the row that `input` begins with. `ended` says that the file ends where `input` does.
    pub(super) fn scan(&mut self, input: &[u8], ended: bool) -> Scan {
        self.core.reset();
        let window = &input[..input.len().min(MAX_ROW_BYTES)];
        let (result, read, written, fields) = self.core.read_record(window, &mut self.text, &mut self.ends);
        match result {
            ReadRecordResult::Record => {
                self.fields = fields;
                Scan::Record(read)
            }
            _ if window.len() == MAX_ROW_BYTES => Scan::TooLong,
            ReadRecordResult::InputEmpty if ended => self.close(window.len(), written, fields),
            _ => Scan::Partial,
        }
    }

    /// Ends a row that has no line end, as the last one may: a line end only closes a row outside of quotation marks.
    fn close(&mut self, length: usize, written: usize, fields: usize) -> Scan {
        let (result, _, _, more) = self.core.read_record(b"\n", &mut self.text[written..], &mut self.ends[fields..]);
        if result != ReadRecordResult::Record {
            return Scan::Unclosed;
        }
        self.fields = fields + more;
        Scan::Record(length)
    }

    /// How many fields the last row has.
    pub(super) fn len(&self) -> usize {
        self.fields
    }

    /// All text of the last row.
    pub(super) fn text(&self) -> &[u8] {
        let end = self.fields.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.text[..end]
    }

    /// Where the field `index` is in the text.
    pub(super) fn range(&self, index: usize) -> Option<std::ops::Range<usize>> {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        (index < self.fields).then(|| start..self.ends[index])
    }
}
