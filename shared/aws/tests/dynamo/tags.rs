//! Tests definitions of tags against an embedded DynamoDB.

use waypost_aws::dynamo::tags::DynamoTags;
use waypost_domain::Role;
use waypost_domain::ports::Clock;
use waypost_domain::tags::color::TagColor;
use waypost_domain::tags::define::{TagFields, patch_tag, put_tag};
use waypost_domain::tags::ports::TagStore;
use waypost_domain::tags::tag::TagDefinition;
use waypost_domain::testing::samples::caller;
use waypost_domain::testing::system::FixedClock;

use crate::support::{LINKS_TABLE, dynamodb};

#[tokio::test]
async fn definitions_of_any_tag_are_kept_and_listed() {
    let tags = DynamoTags::new(dynamodb().await, LINKS_TABLE);
    let (clock, editor) = (FixedClock::at("2026-01-02T03:04:05Z"), caller("acme", Role::Editor));
    let long = TagFields { color: Some("teal".into()), description: Some("ü".repeat(300)) };
    // More than one page of a query holds.
    for n in 0..900 {
        let definition = TagDefinition {
            workspace: editor.workspace.clone(),
            tag: format!("tag {n:03}"),
            color: None,
            description: Some("🎉".repeat(300)),
            created_at: clock.now(),
            revision: 0,
        };
        assert!(tags.put(&definition).await.unwrap());
        assert!(tags.put(&definition).await.unwrap(), "it is there");
    }
    for tag in ["a/b#c", "ü 🎉"] {
        put_tag(&tags, &clock, &editor, tag, &long).await.unwrap();
        let patch = serde_json::json!({"description": null});
        let patched = patch_tag(&tags, &clock, &editor, tag, &patch).await.unwrap();
        assert_eq!((patched.color.clone(), &patched.description), (TagColor::parse("teal").ok(), &None));
        assert_eq!(tags.get(&editor.workspace, tag).await.unwrap(), Some(patched.clone()));
        assert!(!tags.put(&TagDefinition { color: None, ..patched }).await.unwrap(), "not the revision after it");
    }
    put_tag(&tags, &clock, &caller("other", Role::Editor), "theirs", &long).await.unwrap();
    assert_eq!(tags.all(&editor.workspace).await.unwrap().len(), 902);
    tags.delete(&editor.workspace, "a/b#c").await.unwrap();
    tags.delete(&editor.workspace, "a/b#c").await.unwrap();
    assert_eq!(tags.all(&editor.workspace).await.unwrap().len(), 901);
}
