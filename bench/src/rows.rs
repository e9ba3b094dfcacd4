//! Measures how many rows of a file a core turns into links, beside libraries that only split or parse the same bytes.

use std::hint::black_box;

use anyhow::{Result, ensure};
use waypost_domain::imports::job::id::ImportId;
use waypost_domain::imports::job::import::Import;
use waypost_domain::imports::job::options::RowOptions;
use waypost_domain::imports::rows::{Limits, Next, Rows};
use waypost_domain::imports::write::row::Context;
use waypost_domain::{Domains, Timestamp, WorkspaceId};

use crate::cores::{OneCore, core_seconds};
use crate::goals::Figure;
use crate::measurement::{Findings, Setting};

/// How many rows a file has: a few milliseconds of work, so that other work rarely interrupts a round.
const ROWS: u64 = 10_000;
/// How often each reader reads its file, in turns; the best time counts, since nothing makes a core faster than it is.
const ROUNDS: usize = 300;
/// The size of the pieces of a file, as from the bucket.
const PIECE: usize = 256 * 1024;

/// Reads a file and returns the number of its rows.
type Read = fn(&[u8]) -> Result<u64>;

/// Measures CSV and JSON Lines.
pub(crate) fn measure(_setting: &Setting<'_>) -> Result<Findings> {
    let _pinned = OneCore::pin()?;
    let (csv, lines) = (csv(), json_lines());
    let bytes = csv.len() as f64 / ROWS as f64;
    println!("a row of CSV has {bytes:.0} bytes, one of JSON Lines {:.0}", lines.len() as f64 / ROWS as f64);
    let readers: [(&str, &[u8], Read); 5] = [
        ("import_csv_rows_per_s", &csv, candidates),
        ("import_csv_crate_rows_per_s", &csv, csv_records),
        ("import_memchr_lines_per_s", &csv, memchr_lines),
        ("import_jsonl_rows_per_s", &lines, candidates),
        ("import_serde_json_rows_per_s", &lines, json_values),
    ];
    let [csv, csv_crate, memchr, jsonl, serde_json] = rates(readers.map(|(_, file, read)| (file, read)))?;
    let mut findings = Findings::default();
    let rates = [csv, csv_crate, memchr, jsonl, serde_json];
    findings.numbers.extend(readers.iter().zip(rates).map(|((key, ..), rate)| (*key, rate.round())));
    findings.goals = vec![
        Figure::of("rows of CSV to links, a second", csv).over("csv crate, records only", csv_crate).at_least(0.12),
        Figure::of("rows of JSON Lines to links, a second", jsonl)
            .over("serde_json, borrowed fields only", serde_json)
            .at_least(0.3),
    ];
    Ok(findings)
}

/// Rows a second of each reader.
fn rates<const N: usize>(readers: [(&[u8], Read); N]) -> Result<[f64; N]> {
    let mut best = [f64::MAX; N];
    for _ in 0..ROUNDS {
        for ((file, read), best) in readers.iter().zip(&mut best) {
            let start = core_seconds();
            let rows = read(black_box(file))?;
            *best = best.min(core_seconds() - start);
            ensure!(rows >= ROWS, "only {rows} rows were read");
        }
    }
    Ok(best.map(|seconds| ROWS as f64 / seconds))
}

/// Reads a file as an import does, up to the links that it would write.
fn candidates(file: &[u8]) -> Result<u64> {
    let domains = Domains::parse("go.example.com,s.example.org")?;
    let now = Timestamp::parse("2026-01-01T00:00:00Z")?;
    let id = ImportId::for_object("imports/acme/x", "e");
    let import = Import::awaiting(id, WorkspaceId::parse("acme")?, None, 1, now);
    let options = RowOptions::default();
    let context = Context { import: &import, domains: &domains, created_at: now, options: &options };
    let mut rows = Rows::new(file.len() as u64, Limits::default());
    let (mut pieces, mut read) = (file.chunks(PIECE), 0);
    loop {
        match rows.next_row()? {
            Next::Row(row) => {
                let checked = row.fields.and_then(|fields| context.check(&row.address, &fields));
                read += u64::from(black_box(checked).is_ok());
            }
            Next::More => match pieces.next() {
                Some(piece) => rows.feed(piece),
                None => rows.end(),
            },
            Next::Pause => {}
            Next::Seek(_) | Next::End => return Ok(read),
        }
    }
}

/// Finds the cells with the `csv` crate, nothing else.
fn csv_records(file: &[u8]) -> Result<u64> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let (mut record, mut read) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record)? {
        read += u64::from(!black_box(&record).is_empty());
    }
    Ok(read)
}

/// Finds the lines, nothing else.
fn memchr_lines(file: &[u8]) -> Result<u64> {
    Ok(memchr::memchr_iter(b'\n', file).map(|at| black_box(at) as u64).fold(0, |lines, _| lines + 1))
}

/// Parses lines with `serde_json` into borrowed fields, nothing else.
fn json_values(file: &[u8]) -> Result<u64> {
    #[derive(serde::Deserialize)]
    struct Line<'a> {
        url: &'a str,
        slug: &'a str,
        title: &'a str,
        #[serde(borrow)]
        tags: Vec<&'a str>,
        created_at: &'a str,
    }
    let mut read = 0;
    for line in file.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let line: Line<'_> = serde_json::from_slice(line)?;
        black_box((line.url, line.slug, line.title, line.tags, line.created_at));
        read += 1;
    }
    Ok(read)
}

/// A row of a shortener's export: a URL with a query, a slug, a title, tags, a time.
struct Sample {
    url: String,
    slug: String,
    title: &'static str,
    created_at: String,
}

const TITLES: [&str; 4] = ["Spring sale", "Docs, latest", "Release notes 4.2", "The whole catalogue"];

fn samples() -> impl Iterator<Item = Sample> {
    (0..ROWS).map(|n| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        Sample {
            url: format!("https://www.shop-{}.example.org/c/{mixed}/item?ref=mail&id={n}", mixed % 977),
            slug: format!("s{mixed:06x}{n}"),
            title: TITLES[(mixed % 4) as usize],
            created_at: format!("20{:02}-{:02}-{:02}T10:{:02}:12Z", 10 + n % 15, 1 + n % 12, 1 + n % 28, n % 60),
        }
    })
}

fn csv() -> Vec<u8> {
    let mut file = String::from("url,slug,title,tags,created_at\n");
    for Sample { url, slug, title, created_at } in samples() {
        let title = if title.contains(',') { format!("\"{title}\"") } else { title.to_owned() };
        file += &format!("{url},{slug},{title},a|b,{created_at}\n");
    }
    file.into_bytes()
}

fn json_lines() -> Vec<u8> {
    let mut file = String::new();
    for Sample { url, slug, title, created_at } in samples() {
        file += &format!(
            "{{\"url\":\"{url}\",\"slug\":\"{slug}\",\"title\":\"{title}\",\"tags\":[\"a\",\"b\"],\"created_at\":\"{created_at}\"}}\n"
        );
    }
    file.into_bytes()
}
