//! Reads a file in different pieces and from different places. The rows must be the same.

use waypost_domain::imports::rows::{Boundaries, Boundary, Layout, Limits, Next, RowPlace, Rows};

/// Small limits, so that a bomb of a few kilobytes exceeds them.
const LIMITS: Limits = Limits { unpacked_bytes: 4 << 20, ratio: 250, ratio_from: 256 << 10 };
/// The most seeks in one file. An archive of a few kilobytes has fewer files.
const MAX_SEEKS: usize = 5000;

/// The result of reading a file.
#[derive(Debug, PartialEq)]
struct Read {
    /// Each row, and the place after it.
    rows: Vec<(String, RowPlace)>,
    /// Why the reading stopped before the end.
    error: Option<String>,
    layout: Option<Layout>,
}

/// Checks the file of `head` and `body`. The first byte of `body` is not part of it: it sets the size of the pieces.
pub fn check(head: &[u8], body: &[u8]) {
    let (cut, body) = body.split_first().unwrap_or((&0, &[]));
    let file = [head, body].concat();
    check_file(&file, usize::from(*cut) + 1);
}

/// Reads `file` whole, in pieces of `piece` bytes, and from its middle, and compares the rows.
pub fn check_file(file: &[u8], piece: usize) {
    let whole = read(Rows::new(file.len() as u64, LIMITS), file, usize::MAX);
    let cut = read(Rows::new(file.len() as u64, LIMITS), file, piece);
    assert_eq!(shown(&whole), shown(&cut), "in pieces of {piece}");
    assert_eq!(whole.error, cut.error, "in pieces of {piece}");
    if let Some(layout) = whole.layout.as_ref().filter(|layout| layout.is_splittable()) {
        check_parts(file, layout, &whole.rows, piece);
    }
}

fn shown(read: &Read) -> Vec<&str> {
    read.rows.iter().map(|(row, _)| row.as_str()).collect()
}

/// Checks that planning finds the place after each row, and that reading from the middle gives the remaining rows.
fn check_parts(file: &[u8], layout: &Layout, rows: &[(String, RowPlace)], piece: usize) {
    let mut scan = Boundaries::new(layout, RowPlace::START, 1).expect("it can be split");
    let (mut pieces, mut places) = (file.chunks(piece), Vec::new());
    loop {
        match scan.next_boundary() {
            Boundary::Place(place) => places.push(place),
            Boundary::More => match pieces.next() {
                Some(piece) => scan.feed(piece),
                None => scan.end(),
            },
            Boundary::End(place) => {
                assert_eq!(place.byte, file.len() as u64);
                break;
            }
        }
    }
    assert!(places.iter().eq(rows.iter().map(|(_, place)| place)), "planning finds the same places as reading");
    if let Some(middle) = rows.len().checked_sub(1).map(|last| last / 2) {
        let place = rows[middle].1;
        let rest = &file[place.byte as usize..];
        let parted = read(Rows::resume(layout, place).expect("it can be split"), rest, piece);
        assert_eq!(parted.rows, rows[middle + 1..], "from {place:?}");
    }
}

fn read(mut rows: Rows, file: &[u8], piece: usize) -> Read {
    let (mut pieces, mut read, mut done, mut seeks) = (file.chunks(piece), Vec::new(), 0, 0);
    let error = loop {
        let row = match rows.next_row() {
            Ok(Next::Row(row)) => format!("{:?} {:?}", row.address, row.fields),
            Ok(Next::Pause) => continue,
            Ok(Next::Seek(to)) => {
                seeks += 1;
                assert!(seeks < MAX_SEEKS && to < file.len() as u64);
                pieces = file[to as usize..].chunks(piece);
                continue;
            }
            Ok(Next::More) => {
                match pieces.next() {
                    Some(piece) => rows.feed(piece),
                    None => rows.end(),
                }
                continue;
            }
            Ok(Next::End) => break None,
            // Compare the cause only: the byte at which an error is noticed depends on the pieces.
            Err(error) => break Some(error.cause),
        };
        assert!(rows.position() >= done, "{} after {done}", rows.position());
        done = rows.position();
        read.push((row, rows.place()));
    };
    assert!(read.windows(2).all(|rows| rows[0].1.row + 1 == rows[1].1.row), "rows are numbered");
    let _ = rows.notes();
    Read { rows: read, error, layout: rows.layout().cloned() }
}
