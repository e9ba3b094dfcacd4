//! Tests that a file and its link are there both, or neither.

use super::file::FileStatus;
use super::quota::FileQuota;
use super::share::{ShareFilePorts, share_file};
use super::start::{GREATEST_FILE, NewFile, StartFilePorts, StartedFile};
use super::stored_object::StoredObject;
use super::target::target_of;
use super::tests::{World, editor};
use crate::access::idempotency::{Claim, RequestFingerprint};
use crate::links::link::Link;
use crate::links::ports::LinkReader;
use crate::testing::links::LinkWorld;
use crate::testing::system::SeededRandom;
use crate::values::error::Error;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;
use crate::workspaces::settings::WorkspaceSettings;

async fn share(
    (world, links): (&World, &LinkWorld),
    new: &NewFile,
    fingerprint: Option<&RequestFingerprint>,
) -> Result<(StartedFile, Option<Link>), Error> {
    let start = StartFilePorts {
        files: &world.files,
        collections: &world.files,
        uploads: &world.bucket,
        clock: &world.clock,
        random: &links.random,
        max_bytes: GREATEST_FILE,
        quota: FileQuota { files: 5, bytes: GREATEST_FILE },
    };
    let ports = ShareFilePorts { start, remove: world.removing(), links: links.ports() };
    share_file(&ports, &editor(), &WorkspaceSettings::default(), (new, fingerprint)).await
}

fn new_file(link: &str) -> NewFile {
    NewFile { name: "a".to_owned(), size: 1, link: serde_json::from_str(link).unwrap(), ..NewFile::default() }
}

fn fingerprint() -> RequestFingerprint {
    let workspace = WorkspaceId::parse("acme").unwrap();
    let now = Timestamp::from_millis(0).unwrap();
    Claim::new(workspace, "key", (&[], b"credential"), now, &SeededRandom::new(1)).unwrap().fingerprint()
}

#[tokio::test]
async fn attempts_after_the_first_get_its_file_and_link() {
    for link in ["{}", "{\"slug\": \"plan\"}"] {
        let (world, links) = (World::new(), LinkWorld::default());
        let (new, request) = (new_file(link), fingerprint());
        let (first, made) = share((&world, &links), &new, Some(&request)).await.unwrap();
        assert_eq!(made.as_ref().unwrap().url.as_str(), target_of(&first.file.id));
        let (again, same) = share((&world, &links), &new, Some(&request)).await.unwrap();
        assert_eq!((&again.file, same), (&first.file, made), "{link}");
        assert!(again.whole.is_some());
        assert_eq!((world.files.all(), links.links.all().len()), (vec![first.file], 1), "{link}");
    }
}

#[tokio::test]
async fn attempt_after_the_file_is_gone_says_so() {
    let (world, links) = (World::new(), LinkWorld::default());
    let (new, request) = (new_file("{}"), fingerprint());
    let (first, _) = share((&world, &links), &new, Some(&request)).await.unwrap();
    world.delete(&first.file).await.unwrap();
    let again = share((&world, &links), &new, Some(&request)).await;
    assert!(matches!(again, Err(Error::Conflict(text)) if text.contains("is gone")));
    assert!(world.files.all().is_empty());
}

#[tokio::test]
async fn file_whose_link_cannot_be_written_is_taken_back() {
    let (world, links) = (World::new(), LinkWorld::default());
    share((&world, &links), &new_file("{\"slug\": \"plan\"}"), None).await.unwrap();
    let taken = share((&world, &links), &new_file("{\"slug\": \"plan\"}"), None).await;
    assert!(matches!(taken, Err(Error::Conflict(_))));
    links.links.fail(true);
    assert!(matches!(share((&world, &links), &new_file("{}"), None).await, Err(Error::Store(_))));
    links.links.fail(false);
    assert_eq!((world.files.all().len(), links.links.all().len()), (1, 1));
    assert!(links.links.get(&links.links.all()[0].address).await.unwrap().is_some());
}

#[tokio::test]
async fn workspace_without_room_makes_no_link() {
    let (world, links) = (World::new(), LinkWorld::default());
    for _ in 0..5 {
        share((&world, &links), &new_file("{}"), None).await.unwrap();
    }
    assert!(matches!(share((&world, &links), &new_file("{}"), None).await, Err(Error::Conflict(_))));
    assert_eq!((world.files.all().len(), links.links.all().len()), (5, 5));
    assert!(world.files.all().iter().all(|file| file.status == FileStatus::Uploading));
}

/// Kills a request at each point at which it waits, and sends it again: in the end there is one link, its file, and nothing else that counts.
#[tokio::test]
async fn killed_request_that_is_sent_again_makes_one_file_and_one_link() {
    let (new, request) = (new_file("{\"slug\": \"plan\"}"), fingerprint());
    let mut deaths = 0;
    for polls in 0_u32.. {
        let (world, links) = (World::new(), LinkWorld::default());
        {
            let mut first = Box::pin(share((&world, &links), &new, Some(&request)));
            let mut is_done = false;
            for _ in 0..polls {
                is_done = is_done || futures::poll!(&mut first).is_ready();
                if is_done {
                    break;
                }
            }
            if is_done {
                break;
            }
        }
        deaths += 1;
        let (started, link) = share((&world, &links), &new, Some(&request)).await.unwrap();
        assert_eq!(link.unwrap().url.as_str(), target_of(&started.file.id));
        assert_eq!(links.links.all().len(), 1);
        world.bucket.put(&started.file.object_key(), StoredObject { size: 1, sha256: None, crc64nvme: None });
        world.inspect(&started.file).await;
        for _ in 0..3 {
            world.clock.advance(25 * 3600);
            world.clean().await;
        }
        let left = world.files.all();
        assert_eq!((left.len(), &left[0].id), (1, &started.file.id), "after {polls} steps");
        assert_eq!(world.bucket.keys().into_iter().collect::<Vec<_>>(), [started.file.object_key()]);
    }
    assert!(deaths > 3, "{deaths}");
}
