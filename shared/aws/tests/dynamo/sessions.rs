//! Tests sessions and sign-in codes against an embedded DynamoDB.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use waypost_aws::dynamo::sessions::DynamoSessions;
use waypost_aws::dynamo::sign_in_codes::DynamoSignInCodes;
use waypost_domain::access::sessions::end_session::end_session;
use waypost_domain::access::sessions::list_sessions::list_sessions;
use waypost_domain::access::sessions::ports::{SessionIndex, SessionReader, SessionWriter, SignInCodes};
use waypost_domain::access::sessions::session::{Session, SessionSource};
use waypost_domain::testing::samples::{caller, session};
use waypost_domain::testing::system::FixedClock;
use waypost_domain::values::page::PageRequest;
use waypost_domain::{Role, Timestamp, WorkspaceId};

use crate::support::{LINKS_TABLE, dynamodb};

async fn sessions() -> DynamoSessions {
    DynamoSessions::new(dynamodb().await, LINKS_TABLE)
}

#[tokio::test]
async fn session_is_read_as_written() {
    let sessions = sessions().await;
    let sources = [SessionSource::Key { hash: "abc".to_owned() }, SessionSource::Token, SessionSource::Code];
    for (number, source) in (0..).zip(sources) {
        let client = (number == 0).then(|| "Firefox on Linux".to_owned());
        let written = Session { source, client, ..session(number, "acme", "key_1") };
        let hash = format!("hash-{number}");
        sessions.insert(&hash, &written).await.unwrap();
        assert_eq!(sessions.find(&hash).await.unwrap(), Some(written.clone()));
        let found = sessions.get(&written.workspace, &written.id).await.unwrap();
        assert_eq!(found, Some((hash, written)));
    }
    assert_eq!(sessions.find("other").await.unwrap(), None);
    let other = WorkspaceId::parse("other").unwrap();
    assert_eq!(sessions.get(&other, &session(0, "acme", "key_1").id).await.unwrap(), None);
}

#[tokio::test]
async fn pages_list_own_sessions_or_all() {
    let sessions = sessions().await;
    for number in 0..9 {
        let key = if number % 3 == 0 { "key_test" } else { "key_1" };
        sessions.insert(&format!("hash-{number}"), &session(number, "acme", key)).await.unwrap();
    }
    sessions.insert("hash-of-other", &session(20, "other", "key_test")).await.unwrap();
    let clock = FixedClock::at("2026-01-01T01:00:00Z");
    let admin = caller("acme", Role::Admin);
    for (all, expected) in [(false, vec![6, 3, 0]), (true, (0..9).rev().collect())] {
        let (mut ids, mut request) = (Vec::new(), PageRequest { limit: Some(2), cursor: None });
        loop {
            let page = list_sessions((&sessions, &clock), &admin, all, &request).await.unwrap();
            ids.extend(page.items.into_iter().map(|session| session.id));
            request.cursor = page.next_cursor;
            if request.cursor.is_none() {
                break;
            }
        }
        let expected: Vec<String> = expected.into_iter().map(|number| session(number, "acme", "x").id).collect();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn ended_session_does_not_come_back() {
    let sessions = sessions().await;
    let session = session(1, "acme", "key_1");
    sessions.insert("hash", &session).await.unwrap();
    assert!(!sessions.delete("hash", "ses_other").await.unwrap());
    assert!(!sessions.delete("other", &session.id).await.unwrap());
    let admin = caller("acme", Role::Admin);
    end_session(&sessions, &sessions, &admin, &session.id).await.unwrap();
    assert!(end_session(&sessions, &sessions, &admin, &session.id).await.is_err());
    let at = Timestamp::parse("2026-01-01T09:00:00Z").unwrap();
    sessions.note("hash", at, at).await.unwrap();
    assert_eq!(sessions.find("hash").await.unwrap(), None);
}

#[tokio::test]
async fn last_use_is_updated_after_a_while() {
    let sessions = sessions().await;
    sessions.insert("hash", &session(1, "acme", "key_1")).await.unwrap();
    let at = |text: &str| Timestamp::parse(text).unwrap();
    for (used, unless_after, noted) in [
        ("2026-01-01T00:04:00Z", "2025-12-31T23:59:00Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:05:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z"),
    ] {
        sessions.note("hash", at(used), at(unless_after)).await.unwrap();
        assert_eq!(sessions.find("hash").await.unwrap().unwrap().last_used_at, at(noted), "{used}");
    }
}

#[tokio::test]
async fn one_of_many_takes_a_code() {
    let client = dynamodb().await;
    // As tools/local_stack/sign_in_code.py writes it.
    let mut put = client.put_item().table_name(LINKS_TABLE);
    for (name, value) in [
        ("pk", "CODE#hash"),
        ("sk", "CODE"),
        ("workspace", "acme"),
        ("role", "admin"),
        ("expires_at", "2026-01-01T00:10:00.000Z"),
    ] {
        put = put.item(name, AttributeValue::S(value.to_owned()));
    }
    put.item("ttl", AttributeValue::N("1767226200".to_owned())).send().await.unwrap();
    let codes = DynamoSignInCodes::new(client, LINKS_TABLE);
    assert_eq!(codes.take("other").await.unwrap(), None);
    let taken = join_all((0..5).map(|_| codes.take("hash"))).await;
    let taken: Vec<_> = taken.into_iter().filter_map(|taken| taken.unwrap()).collect();
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!((taken[0].workspace.as_str(), taken[0].role), ("acme", Role::Admin));
    assert_eq!(taken[0].expires_at.to_string(), "2026-01-01T00:10:00.000Z");
}
