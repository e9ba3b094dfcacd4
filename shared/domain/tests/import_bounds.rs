//! Reads hostile files of every format, and measures the memory and the steps that they take.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;

use peak_alloc::PeakAlloc;
use waypost_domain::imports::rows::{Limits, Next, Rows};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MIB: usize = 1 << 20;
/// The size of the pieces in which files arrive.
const PIECE: usize = 256 * 1024;
/// How many bytes a hostile file has, unpacked: many times what a reader may keep.
const LENGTH: usize = 12 * MIB;

/// What reading a file took.
struct Cost {
    rows: u64,
    error: Option<String>,
    /// How many bytes of memory at most, beyond the file itself.
    memory: usize,
    /// How often the caller could look at the clock.
    steps: usize,
}

/// Reads a file of `size` bytes, of which `piece` returns those from a byte on.
fn read(size: usize, piece: &dyn Fn(usize) -> Vec<u8>) -> Cost {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let mut rows = Rows::new(size as u64, Limits::default());
    let (mut at, mut steps, mut found) = (0, 0, 0);
    let error = loop {
        steps += 1;
        match rows.next_row() {
            Ok(Next::Row(_)) => found += 1,
            Ok(Next::Pause) => {}
            Ok(Next::Seek(to)) => at = usize::try_from(to).unwrap(),
            Ok(Next::More) if at == size => rows.end(),
            Ok(Next::More) => {
                let bytes = piece(at);
                at += bytes.len();
                rows.feed(&bytes);
            }
            Ok(Next::End) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    Cost { rows: found, error, memory: MEMORY.peak_usage().saturating_sub(before), steps }
}

/// Reads a file that is in memory.
fn read_file(file: &[u8]) -> Cost {
    read(file.len(), &|at| file[at..file.len().min(at + PIECE)].to_vec())
}

/// Reads `start` and as many copies of `unit` as make [`LENGTH`] bytes, without keeping them.
fn read_endless(start: &str, unit: &str) -> Cost {
    let block = unit.repeat(PIECE / unit.len());
    let size = start.len() + LENGTH / block.len() * block.len();
    read(size, &|at| if at == 0 { start.as_bytes().to_vec() } else { block.as_bytes().to_vec() })
}

/// Makes the same file in memory.
fn endless(start: &str, unit: &str) -> Vec<u8> {
    let mut file = start.as_bytes().to_vec();
    file.extend(unit.repeat(LENGTH / unit.len()).bytes());
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Makes an archive of these files, without compression.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let offset = u32::try_from(archive.len()).unwrap();
        let (length, checksum) = (u32::try_from(content.len()).unwrap(), crc32fast::hash(content));
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(checksum.to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend(length.to_le_bytes());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (u32::try_from(archive.len()).unwrap(), u16::try_from(files.len()).unwrap());
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(u32::try_from(directory.len()).unwrap().to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

const WORKBOOK: &[u8] = b"<workbook><sheets><sheet name='S' id='r1'/></sheets></workbook>";

/// Makes a spreadsheet with these shared strings and this sheet.
fn spreadsheet(strings: &[u8], sheet: &[u8]) -> Vec<u8> {
    zip(&[("xl/workbook.xml", WORKBOOK), ("xl/sharedStrings.xml", strings), ("xl/worksheets/sheet1.xml", sheet)])
}

/// Numbers that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn hostile_files_take_little_memory_and_let_the_caller_look_at_the_clock() {
    let sheet = "<worksheet><sheetData><row><c t='inlineStr'><is><t>https://a.example/</t></is></c></row>";
    let cell = format!("{sheet}<row><c t='inlineStr'><is><t>");
    let none = b"<sst/>".as_slice();
    let relations = "<Relationships>";
    let link = "<Relationship Type='x/hyperlink' Id='1' Target='https://a.example/'/>";
    let cases: Vec<(&str, usize, Cost)> = vec![
        ("CSV: one row", 2, read_endless("url\nhttps://a.example/", "x")),
        ("CSV: an open quotation mark", 2, read_endless("url\nhttps://a.example/,\"", "x ")),
        ("CSV: blank lines", 2, read_endless("url\nhttps://a.example/\n", "\n")),
        ("CSV: spaces", 2, read_endless("url\nhttps://a.example/\n", " ")),
        ("JSON Lines: one row", 2, read_endless("{\"url\":\"https://a.example/\"}\n{\"url\":\"", "x")),
        ("JSON: one element", 2, read_endless("[{\"url\":\"https://a.example/\"},{\"url\":\"", "x")),
        ("JSON: a text outside the list", 2, read_endless("{\"links\":[{\"url\":\"https://a.example/\"}],\"", "x")),
        ("JSON: brackets in an element", 2, read_endless("[{\"url\":\"https://a.example/\"},", "[")),
        (
            "bookmarks: one text",
            2,
            read_endless("<!DOCTYPE NETSCAPE-Bookmark-file-1><a href='https://a.example/'>", "x"),
        ),
        ("bookmarks: one comment", 2, read_endless("<!DOCTYPE NETSCAPE-Bookmark-file-1><!--", "x")),
        ("gzip: one row", 3, read_file(&gzip(&endless("url\nhttps://a.example/", "xy")))),
        ("bzip2: one row", 8, read_file(&bzip2(&endless("url\nhttps://a.example/", "xy")))),
        ("gzip within gzip", 3, read_file(&gzip(&gzip(&endless("url\nhttps://a.example/\n", "\n"))))),
        ("gzip: a spreadsheet that is too large", 70, read_file(&gzip(&zip(&[("a", &noise(40 * MIB))])))),
        ("spreadsheet: one shared text", 3, read_file(&spreadsheet(&endless("<sst><si><t>", "x"), sheet.as_bytes()))),
        ("spreadsheet: empty shared texts", 40, read_file(&spreadsheet(&endless("<sst>", "<si/>"), sheet.as_bytes()))),
        ("spreadsheet: one cell", 3, read_file(&spreadsheet(none, &endless(&cell, "x")))),
        ("spreadsheet: one formula", 3, read_file(&spreadsheet(none, &endless(&format!("{sheet}<row><c><f>"), "x")))),
        ("spreadsheet: one tag", 3, read_file(&spreadsheet(none, &endless(&format!("{sheet}<row a='"), "x")))),
        ("spreadsheet: tags that do not end", 3, read_file(&spreadsheet(none, &endless(sheet, "<a")))),
        (
            "spreadsheet: cells without a row's end",
            3,
            read_file(&spreadsheet(none, &endless(sheet, "<c t='b'><v>1</v></c>"))),
        ),
        ("spreadsheet: blank rows", 3, read_file(&spreadsheet(none, &endless(sheet, "<row/>")))),
        (
            "spreadsheet: hyperlinks",
            140,
            read_file(&zip(&[
                ("xl/workbook.xml", WORKBOOK),
                ("xl/worksheets/_rels/sheet1.xml.rels", format!("{relations}{link}").as_bytes()),
                (
                    "xl/worksheets/sheet1.xml",
                    &endless("<worksheet>", "<hyperlink id='1' ref='A1:J1000'/><hyperlink id='1' ref='K1:T999'/>"),
                ),
            ])),
        ),
        ("tar: a long name", 3, read_file(&[tar_header(b'L', LENGTH), noise(LENGTH / 2)].concat())),
    ];
    let mut wrong = Vec::new();
    for (name, mib, cost) in cases {
        let Cost { rows, error, memory, steps } = cost;
        // A step unpacks 4 MiB at most, and a caller feeds a piece at a time.
        let few = LENGTH / (5 * MIB);
        let ok = memory <= mib * MIB && (steps >= few || error.is_some());
        if !ok {
            wrong.push(format!("{name}: {memory} bytes of memory, {steps} steps, {rows} rows, {error:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Makes the header of a file in a tar archive.
fn tar_header(kind: u8, size: usize) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::new(kind));
    header.set_size(size as u64);
    header.set_path("name").unwrap();
    header.set_cksum();
    header.as_bytes().to_vec()
}
