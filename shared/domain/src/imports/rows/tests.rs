use std::borrow::Cow;

use proptest::prelude::*;

use super::buffer::Buffer;
use super::csv::Cells;
use super::layout::Shape;
use super::limits::MAX_ROW_BYTES;
use super::lines::{Found, Lines};
use super::*;

/// Reads all rows of `file`, fed in pieces of `piece` bytes, and prints each with [`print`].
pub(super) fn read(file: &[u8], piece: usize) -> Result<Vec<String>, String> {
    let mut rows = Rows::new(file.len() as u64, Limits::default());
    let mut pieces = file.chunks(piece);
    let (mut read, mut done) = (Vec::new(), 0);
    loop {
        match rows.next_row() {
            Ok(Next::Row(row)) => read.push(print(&row)),
            Ok(Next::Pause) => {}
            Ok(Next::Seek(to)) => pieces = file[to as usize..].chunks(piece),
            Ok(Next::More) => match pieces.next() {
                Some(piece) => rows.feed(piece),
                None => rows.end(),
            },
            Ok(Next::End) => break,
            Err(error) => return Err(error.to_string()),
        }
        assert!(rows.position() >= done, "{} after {done}", rows.position());
        done = rows.position();
    }
    assert_eq!(rows.position(), file.len() as u64);
    Ok(read)
}

/// Prints a row as `row@line url|slug|title|tags`, or `row@line ! cause`.
fn print(row: &Row<'_>) -> String {
    let text = |field: &Option<Cow<'_, str>>| field.as_deref().unwrap_or("-").to_owned();
    let fields = match &row.fields {
        Ok(fields) => {
            let tags: Vec<&str> = fields.tags.iter().collect();
            format!("{}|{}|{}|{}", text(&fields.url), text(&fields.slug), text(&fields.title), tags.join("+"))
        }
        Err(fault) => format!("! {}", fault.cause),
    };
    format!("{}@{} {fields}", row.address.row, row.address.line)
}

fn rows(file: impl AsRef<[u8]>) -> Vec<String> {
    read(file.as_ref(), 7).unwrap()
}

#[test]
fn header_names_match_in_any_order_and_case() {
    let file = "Tags, SHORT_CODE ,note,Long URL,Title\nx|y,a,?,https://a.example/,A\n,,,https://b.example/,\n";
    assert_eq!(rows(file), ["1@2 https://a.example/|a|A|x+y", "2@3 https://b.example/|-|-|"]);
}

/// Reads the rows of `file`, whose owner says what its columns hold.
fn rows_with(file: &str, given: &[(&str, &str)]) -> Vec<String> {
    let mut columns = ColumnNames::default();
    given.iter().for_each(|(name, column)| columns.add(name, column).unwrap());
    let rows = Rows::new(file.len() as u64, Limits::default()).with_columns(&columns);
    read_with_places(rows, file.as_bytes(), 7).0.into_iter().map(|(row, _)| row).collect()
}

#[test]
fn owner_says_what_columns_hold() {
    let file = "Kürzel,Ziel,Notiz\na1,https://a.example/,x\nb2,https://b.example/,y\n";
    assert!(read(file.as_bytes(), 7).unwrap_err().contains(r#"{"Kürzel": "slug"}"#));
    let as_slugs = ["1@2 https://a.example/|a1|-|", "2@3 https://b.example/|b2|-|"];
    assert_eq!(rows_with(file, &[("kürzel", "slug")]), as_slugs);
    let ignored = ["1@2 https://a.example/|-|-|", "2@3 https://b.example/|-|-|"];
    assert_eq!(rows_with(file, &[("KÜRZEL ", "ignore"), ("Notiz", "ignore")]), ignored);
    // What the owner says wins over the meaning of another name.
    let both = "url,slug,mine\nhttps://a.example/,a,A\nhttps://b.example/,b,B\n";
    assert_eq!(rows_with(both, &[("mine", "slug")]), ["1@2 https://a.example/|A|-|", "2@3 https://b.example/|B|-|"]);
    let lines = "{\"ziel\":\"https://a.example/\",\"k\":\"a1\"}\n{\"ziel\":\"https://b.example/\",\"k\":\"b2\"}\n";
    let given = [("k", "slug"), ("ziel", "url")];
    let expected = ["1@1 https://a.example/|a1|-|", "2@2 https://b.example/|b2|-|"];
    assert_eq!(rows_with(lines, &given), expected);
}

#[test]
fn column_of_urls_is_found_by_name_or_cells() {
    let row = "1@2 https://a.example/|a|-|";
    for header in ["slug,link", "slug,HREF", "slug,Website", "slug,dest", "slug,long", "slug,Wohin"] {
        assert_eq!(rows(format!("{header}\na,https://a.example/\n")), [row], "{header}");
    }
    // Two columns of URLs leave it open which one is meant.
    assert!(read(b"slug,one,two\na,https://a.example/,https://b.example/\n", 7).is_err());
    assert_eq!(rows("slug,one,link\na,https://b.example/,https://a.example/\n"), [row]);
    assert_eq!(rows("slug,link,url\na,https://b.example/,https://a.example/\n"), [row]);
    assert_eq!(rows("{\"slug\":\"a\",\"href\":\"https://a.example/\"}\n"), ["1@1 https://a.example/|a|-|"]);
}

#[test]
fn columns_without_header_go_by_position() {
    let file = "https://a.example/\nhttps://b.example/,b\nhttps://c.example/,c,C,\"x, y\"";
    let expected = ["1@1 https://a.example/|-|-|", "2@2 https://b.example/|b|-|", "3@3 https://c.example/|c|C|x+y"];
    assert_eq!(rows(file), expected);
}

#[test]
fn csv_follows_rfc_4180() {
    let file = "\u{feff}url,title\r\nhttps://a.example/,\"A \"\"B\"\",\r\nC\"\r\n\r\n\"https://b.example/\",b\r\n";
    assert_eq!(rows(file), ["1@2 https://a.example/|-|A \"B\",\r\nC|", "2@5 https://b.example/|-|b|"]);
}

#[test]
fn unquoted_comma_breaks_its_row() {
    let file = "url,slug,title\nhttps://a.example/,a,Hello, world\nhttps://b.example/,b,B,,\nhttps://c.example/\n";
    let rows = rows(file);
    assert!(rows[0].contains("! has 4 fields instead of 3"), "{}", rows[0]);
    assert_eq!(rows[1..], ["2@3 https://b.example/|b|B|", "3@4 https://c.example/|-|-|"]);
}

#[test]
fn too_long_row_breaks_only_itself() {
    let long = "x".repeat(MAX_ROW_BYTES);
    for (start, end) in [("url,title\n", ""), ("", "")] {
        let row = |slug: &str| format!("https://{slug}.example/{end}\n");
        let file = format!("{start}{}https://long.example/{long}\n{}", row("a"), row("b"));
        let rows = read(file.as_bytes(), 4096).unwrap();
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows[1].contains("longer than 65536 bytes"), "{}", rows[1]);
        assert!(rows[2].contains("https://b.example/"), "{}", rows[2]);
    }
    let file =
        format!("{{\"url\":\"https://a.example/\"}}\n{{\"url\":\"{long}\"}}\n{{\"url\":\"https://b.example/\"}}");
    let rows = read(file.as_bytes(), 4096).unwrap();
    assert!(rows.len() == 3 && rows[1].contains("longer than") && rows[2].contains("b.example"), "{rows:?}");
}

#[test]
fn unclosed_quotation_mark_breaks_one_row() {
    let good: String = (0..3000).map(|n| format!("https://{n}.example/a/long/enough/path\n")).collect();
    for good in [good.as_str(), "https://x.example/\n"] {
        let file = format!("url,title\nhttps://a.example/,\"A\n{good}");
        let rows = read(file.as_bytes(), 4096).unwrap();
        assert_eq!(rows.len(), 1 + good.lines().count());
        assert!(rows[0].contains("quotation mark that is not closed"), "{}", rows[0]);
        assert!(rows[1].starts_with("2@3 https://"), "{}", rows[1]);
    }
}

#[test]
fn json_lines_have_the_names_of_csv() {
    let file = concat!(
        "\u{feff}{\"longUrl\":\"https://a.example/\",\"slug\":\"a\",\"tags\":[\"x,y\",\"z\"],\"other\":{\"url\":1}}\r\n",
        "\n  \n",
        "{\"URL\":\"https://b.example/\",\"slug\":null,\"title\":\" \",\"tags\":\"x|y\"}\n",
        "{\"url\":7}\n[1]\n{\"url\":\"https://c.example/\"",
    );
    let rows = rows(file);
    assert_eq!(rows[..2], ["1@1 https://a.example/|a|-|x,y+z", "2@4 https://b.example/|-|-|x+y"]);
    assert_eq!(rows[2], "3@5 ! must be a text");
    assert!(rows[3].starts_with("4@6 ! is not a JSON object: invalid type: sequence"), "{}", rows[3]);
    assert!(rows[4].starts_with("5@7 ! is not a JSON object: EOF"), "{}", rows[4]);
}

#[test]
fn invalid_utf8_breaks_only_its_row() {
    let mut file = b"url\n".to_vec();
    file.extend("https://a.example/\n".repeat(5000).as_bytes());
    file.extend(b"https://\xff.example/\nhttps://b.example/\n");
    let rows = read(&file, 1000).unwrap();
    assert_eq!(rows[5000..], ["5001@5002 ! is not valid text (UTF-8 or UTF-16)", "5002@5003 https://b.example/|-|-|"]);
}

#[test]
fn other_files_fail_with_a_reason() {
    for (file, reason) in [
        (&b""[..], "empty"),
        (b" \r\n\n", "empty"),
        (b"\x1f\x8b\x08\0", "breaks off"),
        (b"PK\x03\x04", "no directory at its end"),
        (b"\x89PNG\r\n\x1a\n\0", "PNG"),
        (b"\xff\xfeu\0r\0n\0", "the first row is: urn"),
        (b"url\nhttps://\0", "a zero byte, at byte 12"),
        (b"<!doctype html><a href='https://a.example/'>", "HTML"),
        (b"[{\"url\":\"https://a.example/\"}", "breaks off"),
        (b"{\n  \"version\": 1\n}\n", "no line is a whole object"),
        (b"{]}{", "no line is a whole object"),
        (b"{\"other\":\"https://a.example/\"}\n", "no line of the file has a field named url"),
        (b"slug,note\na,b\n", "the first row is: slug, note"),
        (b"url,short\nhttps://a.example/,x1\nhttps://b.example/,x2\n", "the column short may hold the slugs"),
        (
            b"{\"url\":\"https://a.example/\",\"short\":\"x1\"}\n{\"url\":\"https://b.example/\",\"short\":\"x2\"}",
            "the column short",
        ),
        (
            b"[{\"url\":\"https://a.example/\",\"short\":\"x1\"},{\"url\":\"https://b.example/\",\"short\":\"x2\"}]",
            "the column short",
        ),
        (b"Hello, world!\n", "the first row is: Hello, world!"),
        (b"\"url", "does not end"),
    ] {
        let error = read(file, 3).expect_err(&String::from_utf8_lossy(file));
        assert!(error.contains(reason), "{:?}: {error}", String::from_utf8_lossy(file));
    }
}

#[test]
fn reads_all_rows_of_a_real_file() {
    let file = include_bytes!("../../../../../tests/data/public-apis.csv");
    let rows = read(file, 5000).unwrap();
    assert_eq!(rows.len(), 1702);
    assert!(rows.iter().all(|row| row.contains(" http")));
}

/// Texts of parts that are special in some format.
fn texts() -> impl Strategy<Value = String> {
    let parts = [
        "url",
        "https://a.example/",
        ",",
        ";",
        "\t",
        "|",
        "\"",
        "\n",
        "\r\n",
        "\r",
        " ",
        "{",
        "}",
        "{\"url\":\"x\"}",
        "\\",
        "ä",
        "x",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

/// Files that begin like a list of links.
fn files() -> impl Strategy<Value = String> {
    let starts = ["url,title\n", "https://a.example/,", "{\"url\":\"x\"}\n", "\u{feff}title;url\r\n", "url\n"];
    (prop::sample::select(starts.to_vec()), texts()).prop_map(|(start, body)| format!("{start}{body}"))
}

/// Reads all rows, each with the place after it.
fn read_with_places(mut rows: Rows, file: &[u8], piece: usize) -> (Vec<(String, RowPlace)>, Layout) {
    let mut pieces = file.chunks(piece);
    let mut read = Vec::new();
    loop {
        let printed = match rows.next_row().unwrap() {
            Next::Row(row) => print(&row),
            Next::Pause => continue,
            Next::Seek(_) => panic!("only archives seek"),
            Next::More => {
                match pieces.next() {
                    Some(piece) => rows.feed(piece),
                    None => rows.end(),
                }
                continue;
            }
            Next::End => return (read, rows.layout().unwrap().clone()),
        };
        read.push((printed, rows.place()));
    }
}

/// Finds all boundaries from `place` on, including the end of the file.
fn find_boundaries(layout: &Layout, place: RowPlace, every: u64, file: &[u8], piece: usize) -> Vec<RowPlace> {
    let mut scan = Boundaries::new(layout, place, every).unwrap();
    let mut pieces = file.chunks(piece);
    let mut found = Vec::new();
    loop {
        match scan.next_boundary() {
            Boundary::Place(place) => found.push(place),
            Boundary::More => match pieces.next() {
                Some(piece) => scan.feed(piece),
                None => scan.end(),
            },
            Boundary::End(place) => {
                found.push(place);
                return found;
            }
        }
    }
}

/// Cuts `file` between any two rows, and checks that the parts have the same rows as the whole.
fn check_cuts(file: &[u8], piece: usize) {
    let whole = Rows::new(file.len() as u64, Limits::default());
    let (rows, layout) = read_with_places(whole, file, piece);
    let layout: Layout = serde_json::from_str(&serde_json::to_string(&layout).unwrap()).unwrap();
    let places: Vec<RowPlace> = rows.iter().map(|(_, place)| *place).collect();
    let mut found = find_boundaries(&layout, RowPlace::START, 1, file, piece);
    let end = found.pop().unwrap();
    assert_eq!(end.byte, file.len() as u64);
    assert_eq!(found, places);
    let starts: Vec<RowPlace> = [RowPlace::START].into_iter().chain(places.iter().copied()).collect();
    for (from, start) in starts.iter().enumerate() {
        for (to, stop) in starts.iter().enumerate().skip(from) {
            let part = &file[start.byte as usize..stop.byte as usize];
            let (read, _) = read_with_places(Rows::resume(&layout, *start).unwrap(), part, piece);
            assert_eq!(read, &rows[from..to], "from {start:?} to {stop:?}");
        }
        let rest = &file[start.byte as usize..];
        assert_eq!(find_boundaries(&layout, *start, 1, rest, piece), [&places[from..], &[end]].concat());
    }
}

#[test]
fn broken_file_can_be_cut_between_any_rows() {
    let long = "x".repeat(MAX_ROW_BYTES + 10);
    let file = format!(
        "\u{feff}url;title\r\n\r\nhttps://a.example/;\"A\n\nB;\"\r\nhttps://b.example/;\"\n{long}\n\r\r https://c.example/\n\n\
         https://d.example/{long}\nhttps://e.example/;\"\nhttps://f.example/;x\r"
    );
    check_cuts(file.as_bytes(), 5000);
}

proptest! {
    #[test]
    fn rows_do_not_depend_on_pieces(file in files(), piece in 1..20_usize) {
        prop_assert_eq!(read(file.as_bytes(), piece), read(file.as_bytes(), usize::MAX));
    }

    #[test]
    fn any_bytes_are_read_or_refused(file in prop::collection::vec(any::<u8>(), 0..400), piece in 1..20_usize) {
        let _ = read(&file, piece);
    }

    #[test]
    fn file_can_be_cut_between_any_rows(file in files(), piece in 1..20_usize) {
        if read(file.as_bytes(), usize::MAX).is_ok() {
            check_cuts(file.as_bytes(), piece);
        }
    }

    /// Ignores blank lines: `csv-core` skips only lines that are empty, this parser also lines with only white space.
    #[test]
    fn csv_core_finds_the_same_cells(body in "([a ,;\"é]{0,4}(\n|\r\n|\r)?){0,12}\n", piece in 1..20_usize) {
        let file = format!("url\t,slug\n{body}");
        let shape = Shape::Csv { delimiter: b',', columns: Columns::by_position(2), header: false, preamble: 0, comments: false };
        let mut lines = Lines::new(&shape, RowPlace::START).unwrap();
        let mut buffer = Buffer::new(0, 1);
        let mut pieces = file.as_bytes().chunks(piece);
        let mut ours = Vec::new();
        loop {
            match lines.find(&mut buffer) {
                Found::Row(length) => {
                    let row = std::str::from_utf8(&buffer.rest()[..length]).unwrap();
                    ours.push(Cells::new(row, b',').map(|cell| cell.into_owned()).collect::<Vec<String>>());
                }
                Found::Broken(_) => return Ok(()),
                Found::More => {
                    lines.release(&mut buffer);
                    match pieces.next() { Some(piece) => buffer.extend(piece), None => buffer.end() }
                }
                Found::End => break,
            }
        }
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(file.as_bytes());
        let theirs = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect::<Vec<String>>());
        let blank = |row: &Vec<String>| row.len() == 1 && row[0].trim().is_empty();
        ours.retain(|row| !blank(row));
        prop_assert_eq!(ours, theirs.filter(|row| !blank(row)).collect::<Vec<_>>());
    }
}
