//! Reads a spreadsheet. The input is its shared strings and its sheet, with an empty line between them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waypost_fuzz::rows::check_file;
use waypost_fuzz::zip::stored;

const WORKBOOK: &[u8] = b"<workbook><sheets><sheet r:id=\"r1\"/></sheets></workbook>";
const RELATIONS: &[u8] = b"<Relationships><Relationship Id=\"r1\" Target=\"s.xml\"/></Relationships>";

fuzz_target!(|body: &[u8]| {
    let (cut, body) = body.split_first().unwrap_or((&0, &[]));
    let apart = body.windows(2).position(|pair| pair == b"\n\n").unwrap_or(0);
    let (strings, sheet) = body.split_at(apart);
    let file = stored(&[
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/sharedStrings.xml", strings),
        ("xl/s.xml", sheet),
    ]);
    check_file(&file, usize::from(*cut) + 1);
});
