//! Tests that files end when they should, and that nothing of them is left over.

use async_trait::async_trait;

use super::clean::{CleanFilesPorts, Cleaned, clean_files};
use super::file::{FileStatus, StoredFile};
use super::removed::RemovedFile;
use super::start::NewFile;
use super::store_ports::{Due, DueFile, DueFiles};
use super::tests::{MIB, World, editor, new, object};
use crate::ports::Clock;
use crate::values::error::{Error, StoreError, StoreErrorKind};
use crate::values::timestamp::Timestamp;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl World {
    fn after(&self, seconds: i64) -> Option<String> {
        Some(self.clock.now().plus_seconds(seconds).to_string())
    }

    fn is_empty(&self) -> bool {
        self.files.all().is_empty()
            && self.files.removed().is_empty()
            && self.bucket.keys().is_empty()
            && self.bucket.open_uploads() == 0
    }

    /// Announces and uploads a file of ten bytes, and has it inspected.
    async fn ready(&self, expires_at: Option<String>) -> StoredFile {
        let file = self.start(NewFile { expires_at, ..new(10) }).await.unwrap().file;
        self.bucket.put(&file.object_key(), object(10));
        self.inspect(&file).await
    }
}

#[tokio::test]
async fn file_ends_at_its_time_and_nothing_of_it_is_left() {
    let world = World::new();
    let file = world.ready(world.after(HOUR)).await;
    let kept = world.ready(None).await;
    world.clock.advance(HOUR - 1);
    assert_eq!(world.clean().await, Cleaned::default(), "a second too early");
    let (_, url) = world.find(&editor(), &file).await.unwrap();
    assert!(url.unwrap().contains("&expires=1&"), "its URL ends with it");
    world.clock.advance(1);
    assert_eq!(world.find(&editor(), &file).await.unwrap().1, None, "until it is cleaned it is shown, without a URL");
    assert!(matches!(world.complete(&file).await, Err(Error::Conflict(_))));
    assert_eq!(world.clean().await, Cleaned { files: 1, bytes: 10, ..Cleaned::default() });
    assert!(matches!(world.find(&editor(), &file).await, Err(Error::NotFound(_))));
    assert_eq!(world.files.usage(&editor().workspace).bytes, 10);
    assert_eq!(world.bucket.keys().into_iter().collect::<Vec<_>>(), [kept.object_key()]);
    assert_eq!(world.clean().await, Cleaned::default(), "once is enough");
    world.clock.advance(400 * DAY);
    world.clean().await;
    assert_eq!((world.files.all(), world.files.removed()), (vec![kept], vec![]), "a file without an end stays");
}

#[tokio::test]
async fn announced_file_is_removed_after_a_day() {
    for (in_parts, completed) in [(false, false), (true, false), (false, true)] {
        let world = World::new();
        let file = world.start(NewFile { in_parts, ..new(20 * MIB) }).await.unwrap().file;
        if in_parts {
            world.upload_parts(&file).await;
        } else {
            world.bucket.put(&file.object_key(), object(20 * MIB));
        }
        world.clock.advance(DAY - 1);
        assert_eq!(world.clean().await, Cleaned::default());
        if completed {
            assert_eq!(world.complete(&file).await.unwrap().status, FileStatus::Inspecting);
        }
        world.clock.advance(1);
        assert_eq!(world.clean().await.files, u64::from(!completed), "{in_parts}");
        assert_eq!(world.files.usage(&editor().workspace).files, u64::from(completed));
        assert_eq!((world.bucket.keys().len(), world.bucket.open_uploads()), (usize::from(completed), 0));
    }
}

#[tokio::test]
async fn bytes_that_arrive_after_the_deletion_are_removed() {
    for seconds in [0, 10, 15 * 60 - 1, HOUR, DAY - 1] {
        let world = World::new();
        let file = world.start(new(10)).await.unwrap().file;
        world.delete(&file).await.unwrap();
        assert_eq!(world.files.usage(&editor().workspace).files, 0, "its room is free at once");
        // A cleaning in between, as the schedule does one every hour.
        world.clock.advance(seconds);
        world.clean().await;
        world.bucket.put(&file.object_key(), object(10));
        world.clock.advance(DAY - seconds);
        world.clean().await;
        world.clean().await;
        assert!(world.is_empty(), "{seconds}: {:?}", world.files.removed());
    }
}

#[tokio::test]
async fn deletion_holds_though_the_bucket_fails() {
    for in_parts in [false, true] {
        let world = World::new();
        let file = world.start(NewFile { in_parts, ..new(10) }).await.unwrap().file;
        world.bucket.put(&file.object_key(), object(10));
        world.bucket.fail_after(0);
        world.delete(&file).await.unwrap();
        assert!(matches!(world.find(&editor(), &file).await, Err(Error::NotFound(_))));
        assert_eq!(world.bucket.keys().len(), 1, "the bucket did not answer");
        world.clock.advance(15 * 60);
        world.bucket.fail_after(0);
        assert_eq!(world.clean().await, Cleaned { failures: 1, ..Cleaned::default() });
        assert_eq!(world.clean().await, Cleaned { looks: 1, ..Cleaned::default() }, "what failed stays due");
        assert!(world.bucket.keys().is_empty() && world.bucket.open_uploads() == 0);
        world.clock.advance(DAY);
        assert_eq!(world.clean().await.looks, 1);
        assert!(world.is_empty());
    }
}

/// A list with entries that cannot be read before those that can, which lags behind the records.
struct Stale {
    unreadable: usize,
    listed: Vec<Due>,
}

#[async_trait]
impl DueFiles for Stale {
    async fn due(
        &self,
        shard: u8,
        _: Timestamp,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<DueFile>, StoreError> {
        let broken = |_| Err(StoreError::new("files.due", StoreErrorKind::Broken, "not a file"));
        let all = (0..self.unreadable).map(broken).chain(self.listed.iter().cloned().map(Ok));
        let all = (0..).zip(all).map(|(number, what): (u32, _)| DueFile { place: format!("{number:06}"), what });
        let rest = all.filter(|due| after.is_none_or(|after| due.place.as_str() > after));
        Ok(if shard == 0 { rest.take(limit).collect() } else { Vec::new() })
    }
    async fn look_again(&self, _: &RemovedFile) -> Result<(), StoreError> {
        Ok(())
    }
    async fn forget(&self, _: &RemovedFile) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test]
async fn entries_that_cannot_be_read_hide_no_others_and_old_ones_do_no_harm() {
    let world = World::new();
    let ends = world.after(HOUR);
    let seen = world.start(NewFile { expires_at: ends.clone(), ..new(10) }).await.unwrap().file;
    let due = world.ready(ends).await;
    world.bucket.put(&seen.object_key(), object(10));
    let changed = world.complete(&seen).await.unwrap();
    world.clock.advance(HOUR);
    let stale = Stale { unreadable: 250, listed: [seen, due.clone()].map(|file| Due::File(Box::new(file))).to_vec() };
    let (remove, collections, clock) = (world.removing(), &world.files, &world.clock);
    let ports = CleanFilesPorts { due: &stale, remove, collections, clock };
    let now = world.clock.now();
    let cleaned = clean_files(&ports, now, now.plus_seconds(900)).await.unwrap();
    assert_eq!(cleaned, Cleaned { files: 1, bytes: 10, failures: 250, ..Cleaned::default() });
    assert_eq!(world.files.all(), [changed], "the record was another one");
    let cleaned = clean_files(&ports, now, now).await.unwrap();
    assert_eq!(cleaned, Cleaned { is_cut_short: true, ..Cleaned::default() }, "no time is left");
}
