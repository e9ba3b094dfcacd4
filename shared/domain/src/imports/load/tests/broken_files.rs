//! Tests that the rows before a place that cannot be read are loaded, however the file ends.

use std::io::Write;
use std::sync::Arc;

use super::{World, counts};
use crate::imports::job::import::{Import, ImportStatus};
use crate::imports::load::{Loaded, load_import};
use crate::imports::load_part::{PartLoaded, load_part};
use crate::imports::load_ports::LoadImportPorts;
use crate::ports::Clock;
use crate::testing::files::MemoryUploads;
use crate::testing::jobs::delivery;
use crate::testing::system::FixedClock;
use crate::values::timestamp::Timestamp;

/// A table of `count` rows that hardly repeat.
fn table(tag: &str, count: usize) -> String {
    let rows =
        (0..count).map(|row| format!("https://{tag}.example/{:x},{tag}-{row}\n", row.wrapping_mul(2_654_435_761)));
    "url,slug\n".chars().chain(rows.collect::<String>().chars()).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, *text).unwrap();
    }
    archive.into_inner().unwrap()
}

/// Counts the whole rows of a table that `bytes` unpacks to.
fn whole_rows(bytes: &[u8]) -> u64 {
    let mut text = Vec::new();
    let mut reader = flate2::read::MultiGzDecoder::new(bytes);
    let _ = std::io::Read::read_to_end(&mut reader, &mut text);
    text.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1) as u64
}

#[tokio::test]
async fn rows_before_the_end_of_a_truncated_file_are_loaded() {
    let whole = gzip(table("cut", 1200).as_bytes());
    for keep in [whole.len() / 3, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let world = World::new();
        let import = world.load(&whole[..keep]).await;
        assert_eq!(import.status, ImportStatus::Failed, "{keep} bytes");
        assert!(import.error.as_deref().unwrap().contains("breaks off"), "{:?}", import.error);
        assert_eq!(import.counts, counts(whole_rows(&whole[..keep]), 0, 0, 0), "{keep} bytes");
        assert_eq!(world.links.all().len() as u64, import.counts.created);
    }
}

#[tokio::test]
async fn rows_before_every_kind_of_end_are_loaded() {
    let lines = table("end", 333);
    let mut checksum = gzip(lines.as_bytes());
    let at = checksum.len() - 6;
    checksum[at] ^= 1;
    let trailing = [gzip(lines.as_bytes()), b"and more".to_vec()].concat();
    let json: String =
        (0..333).map(|row| format!("{{\"url\":\"https://end.example/{row}\",\"slug\":\"end-{row}\"}},\n")).collect();
    let two = [("a.csv", lines.as_bytes()), ("b.csv", b"url\nhttps://b.example/\n")];
    let mut damaged_tar = tar(&two);
    let header = damaged_tar.windows(5).rposition(|bytes| bytes == b"b.csv").unwrap();
    damaged_tar[header] = b'x';
    let cases: [(&str, Vec<u8>, &str, u64); 7] = [
        ("a wrong checksum", checksum, "its checksum does not match", 333),
        ("something after the end", trailing, "followed by something that is not gzip", 333),
        ("something after the end of bzip2", [bzip2(lines.as_bytes()), b"more".to_vec()].concat(), "not bzip2", 333),
        ("JSON that breaks off", format!("[{json}{{\"url\"").into_bytes(), "breaks off", 333),
        ("JSON that is broken", format!("[{json}?]").into_bytes(), "no object is where", 333),
        (
            "JSON with more after it",
            format!("[{json}{{\"url\":\"https://x.example/\"}}]]").into_bytes(),
            "followed",
            334,
        ),
        ("a damaged tar archive", damaged_tar, "the tar archive is damaged", 333),
    ];
    for (name, file, error, rows) in cases {
        for dry_run in [false, true] {
            let world = World::new();
            let metadata: &[(&str, &str)] = if dry_run { &[("dry-run", "true")] } else { &[] };
            let import = world.load_with(&file, metadata).await;
            assert_eq!(import.status, ImportStatus::Failed, "{name}");
            assert!(import.error.as_deref().unwrap().contains(error), "{name}: {:?}", import.error);
            assert_eq!(import.counts, counts(rows, 0, 0, 0), "{name}");
            assert_eq!(world.links.all().len() as u64, if dry_run { 0 } else { rows }, "{name}");
        }
    }
}

#[tokio::test]
async fn every_line_is_loaded_or_reported_wherever_bytes_are_not_text() {
    let mut file = table("text", 500).into_bytes();
    let half = file.iter().position(|byte| *byte == b'\n').unwrap() + file.len() / 2;
    file[half] = 0xff;
    let import = World::new().load(&file).await;
    assert_eq!((import.status, import.counts.read), (ImportStatus::SucceededWithErrors, 500));
    assert_eq!((import.counts.created, import.counts.invalid), (499, 1));
    let import = World::new().load(gzip(&file)).await;
    assert_eq!((import.counts.created, import.counts.invalid), (499, 1));
}

#[tokio::test]
async fn stray_file_of_an_archive_is_left_out_with_a_note() {
    let world = World::new();
    let import = world.load(include_bytes!("../../../../../../tests/data/nasty/stray.zip")).await;
    assert_eq!((import.status, import.error.as_deref()), (ImportStatus::Succeeded, None));
    assert_eq!(import.counts, counts(102, 0, 0, 0));
    let notes: Vec<&str> = import.notes.skipped_members.iter().filter_map(|note| note.split(':').next()).collect();
    assert_eq!(notes, ["README.md", "Thumbs.db", "desktop.ini", "notes.docx"]);
}

#[tokio::test]
async fn files_after_a_damaged_one_are_loaded_and_the_import_fails() {
    let world = World::new();
    let import = world.load(include_bytes!("../../../../../../tests/data/nasty/checksum-first.zip")).await;
    assert_eq!(import.status, ImportStatus::Failed);
    assert!(import.error.as_deref().unwrap().ends_with("(in a.csv)"), "{:?}", import.error);
    assert_eq!(import.counts, counts(4, 0, 0, 0));
}

#[tokio::test]
async fn no_row_after_a_conflict_is_written_although_the_file_breaks_off() {
    let world = World::new();
    let file = gzip(format!("url,slug\nhttps://a.example/,a\nhttps://b.example/,a\n{}", table("x", 900)).as_bytes());
    let import = world.load_with(&file[..file.len() - 20], &[("on-conflict", "fail")]).await;
    assert_eq!(import.status, ImportStatus::Failed);
    assert!(import.error.as_deref().unwrap().starts_with("row 2 conflicts"), "{:?}", import.error);
    assert_eq!(world.links.all().len(), 1);
}

#[tokio::test]
async fn report_names_the_file_in_each_archive_around_it() {
    let world = World::new();
    let inner = tar(&[("a.csv", b"url\nhttps://a.example/\n"), ("b.csv", b"url\nnope\n")]);
    let import = world.load(gzip(&tar(&[("first.csv", b"url\nhttps://b.example/\n"), ("in.tar", &inner)]))).await;
    assert_eq!((import.status, import.counts), (ImportStatus::SucceededWithErrors, counts(2, 0, 1, 0)));
    let report = world.report(&import);
    assert_eq!((report[0]["file"].as_str(), report[0]["row"].as_u64()), (Some("in.tar/b.csv"), Some(3)));
}

#[tokio::test]
async fn packed_file_whose_first_row_is_far_away_is_planned_as_one_part() {
    let world = World { part_bytes: 100, ..World::new() };
    let file = gzip(&[b"url\n".as_slice(), &vec![b'\n'; 10_000_000], b"https://a.example/\n"].concat());
    let import = world.load(&file).await;
    assert_eq!((import.status, import.counts), (ImportStatus::Succeeded, counts(1, 0, 0, 0)), "{:?}", import.error);
    assert_eq!(import.plan.and_then(|plan| plan.parts), Some(1));
}

/// A clock that goes on by some seconds whenever it is read.
struct RunningClock {
    clock: FixedClock,
    seconds: i64,
}

impl Clock for RunningClock {
    fn now(&self) -> Timestamp {
        self.clock.advance(self.seconds);
        self.clock.now()
    }
}

/// Loads `file` with a clock that goes on by `seconds` whenever it is read. Returns the import and the number of invocations.
async fn load_in_time(file: &[u8], seconds: i64) -> (Import, usize) {
    let world = World::new();
    let clock = Arc::new(RunningClock { clock: FixedClock::at("2026-01-02T00:00:00Z"), seconds });
    let ports = LoadImportPorts { clock: clock.clone(), ..world.ports() };
    world.objects.put("imports/acme/x", file.to_vec());
    for invocation in 1..20 {
        let delivery = delivery(format!("r{invocation}"), clock.now().plus_seconds(900));
        let finished = if invocation == 1 {
            match load_import(&ports, "imports/acme/x", &MemoryUploads::etag(file), &delivery).await.unwrap() {
                Loaded::Finished(import) => Some(import),
                _ => None,
            }
        } else {
            let message = world.queue.take().pop().expect("the import goes on");
            match load_part(&ports, &message, &delivery).await.unwrap() {
                PartLoaded::Finished(import) => Some(import),
                _ => None,
            }
        };
        if let Some(import) = finished {
            return (*import, invocation);
        }
    }
    panic!("the import does not come to an end");
}

#[tokio::test]
async fn time_ends_also_while_no_row_comes() {
    let blank = vec![b'\n'; 30_000_000];
    let file = gzip(&[b"url\nhttps://a.example/\n".as_slice(), &blank, b"https://b.example/\n"].concat());
    let (import, invocations) = load_in_time(&file, 1).await;
    assert_eq!((import.status, import.counts, invocations), (ImportStatus::Succeeded, counts(2, 0, 0, 0), 1));
    // The second row is never reached: one invocation loads a row, and then three are fruitless. One more may only plan.
    let (import, invocations) = load_in_time(&file, 30).await;
    assert_eq!((import.status, import.counts), (ImportStatus::Failed, counts(1, 0, 0, 0)));
    assert!((4..=5).contains(&invocations), "{invocations} invocations");
    assert!(import.error.as_deref().unwrap().contains("cannot be reached"), "{:?}", import.error);
}
