//! Reads files from S3 as a stream.

use std::ops::Range;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures::stream::{StreamExt, try_unfold};
use waypost_domain::files::ports::{Body, Object, ObjectProbe, ObjectReader, ObjectRemover};
use waypost_domain::{StoreError, StoreErrorKind};

use crate::backoff::Backoff;
use crate::error::{broken, store_error};

const OPERATION: &str = "objects.read";

/// Files in S3.
#[derive(Debug, Clone)]
pub struct S3Objects {
    client: Client,
    bucket: String,
}

impl S3Objects {
    /// Files in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl ObjectReader for S3Objects {
    /// Opens the object. Without the right to list the bucket, S3 answers 403 for an absent object, which is an error here.
    async fn open(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let output = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(output) => output,
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(store_error(OPERATION, error)),
        };
        let etag = output.e_tag.ok_or_else(|| broken(OPERATION, "the object has no ETag"))?;
        let size = output.content_length.and_then(|length| u64::try_from(length).ok());
        let size = size.ok_or_else(|| broken(OPERATION, "the object has no length"))?;
        let metadata = output.metadata.unwrap_or_default().into_iter();
        let metadata = metadata.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let body = self.reading(key, &etag, 0..size, output.body);
        Ok(Some(Object { etag: etag.trim_matches('"').to_owned(), size, metadata, body }))
    }

    async fn open_range(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        if from >= to {
            return Ok(Some(futures::stream::empty().boxed()));
        }
        let etag = format!("\"{etag}\"");
        let request = self.client.get_object().bucket(&self.bucket).key(key).if_match(&etag);
        match request.range(format!("bytes={from}-{}", to - 1)).send().await {
            Ok(output) => Ok(Some(self.reading(key, &etag, from..to, output.body))),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_key()) => Ok(None),
            // Precondition Failed: the object has another content.
            Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 412) => Ok(None),
            Err(error) => Err(store_error(OPERATION, error)),
        }
    }
}

#[async_trait]
impl ObjectProbe for S3Objects {
    /// Without the right to list the bucket, S3 answers 403 for an absent object, which is an error here.
    async fn exists(&self, key: &str) -> Result<bool, StoreError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_not_found()) => Ok(false),
            Err(error) => Err(store_error("objects.exists", error)),
        }
    }
}

#[async_trait]
impl ObjectRemover for S3Objects {
    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let remove = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        remove.map(drop).map_err(|error| store_error("objects.remove", error))
    }
}

impl S3Objects {
    /// Reads the bytes of an object within `range`, beginning with `body`.
    fn reading(&self, key: &str, etag: &str, range: Range<u64>, body: ByteStream) -> Body {
        let reading = Reading {
            objects: self.clone(),
            key: key.to_owned(),
            etag: etag.to_owned(),
            offset: range.start,
            end: range.end,
            body,
            backoff: Backoff::default(),
        };
        try_unfold(reading, Reading::next).boxed()
    }
}

/// Reads an object. Opens a broken connection again at the same offset, as long as the content is the same: a file of gigabytes
/// must not begin again, and S3 may close a connection while a busy table delays the reader.
struct Reading {
    objects: S3Objects,
    key: String,
    etag: String,
    offset: u64,
    end: u64,
    body: ByteStream,
    backoff: Backoff,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        while self.offset < self.end {
            let failure = match self.body.next().await {
                Some(Ok(piece)) => {
                    self.offset += piece.len() as u64;
                    self.backoff.reset();
                    return Ok(Some((piece, self)));
                }
                Some(Err(error)) => StoreError::new(OPERATION, StoreErrorKind::Unavailable, error),
                None => StoreError::new(OPERATION, StoreErrorKind::Unavailable, "the object ended too early"),
            };
            if !self.backoff.wait().await {
                return Err(failure);
            }
            tracing::warn!(event = "object.reopened", key = self.key, offset_bytes = self.offset, error = %failure);
            self.body = self.reopen().await?;
        }
        Ok(None)
    }

    async fn reopen(&self) -> Result<ByteStream, StoreError> {
        let request = self.objects.client.get_object().bucket(&self.objects.bucket).key(&self.key);
        let request = request.if_match(&self.etag).range(format!("bytes={}-{}", self.offset, self.end - 1));
        Ok(request.send().await.map_err(|error| store_error(OPERATION, error))?.body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::replay::Replay;

    /// Makes files whose store gives these answers: status, announced length, the body that arrives.
    fn answering(answers: &[(u16, usize, &'static str)]) -> (S3Objects, Replay) {
        let replay = Replay::new(answers.iter().map(|(status, length, body)| {
            let headers = vec![("etag", "\"e1\"".to_owned()), ("content-length", length.to_string())];
            (*status, headers, *body)
        }));
        (S3Objects::new(replay.s3(), "bucket"), replay)
    }

    async fn read(object: Object) -> Result<String, StoreError> {
        let pieces: Vec<Bytes> = object.body.collect::<Vec<_>>().await.into_iter().collect::<Result<_, _>>()?;
        Ok(String::from_utf8(pieces.concat()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_breaks_is_opened_again_where_it_broke() {
        let (objects, replay) = answering(&[(200, 10, "01234"), (206, 5, "56"), (206, 3, "789")]);
        let object = objects.open("imports/acme/x").await.unwrap().unwrap();
        assert_eq!((object.etag.as_str(), object.size), ("e1", 10));
        assert_eq!(read(object).await.unwrap(), "0123456789");
        let requests = replay.requests();
        assert_eq!(requests[2].headers().get("range"), Some("bytes=7-9"));
        assert_eq!(requests[2].headers().get("if-match"), Some("\"e1\""));
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_is_read_as_long_as_the_content_is_the_same() {
        let (objects, replay) = answering(&[(206, 4, "34"), (206, 2, "56"), (412, 0, "")]);
        let body = objects.open_range("imports/acme/x", "e1", 3, 7).await.unwrap().unwrap();
        let pieces: Vec<Bytes> = body.map(Result::unwrap).collect().await;
        assert_eq!(pieces.concat(), b"3456");
        let requests = replay.requests();
        assert_eq!(requests[0].headers().get("range"), Some("bytes=3-6"));
        assert_eq!(requests[1].headers().get("range"), Some("bytes=5-6"));
        assert!(objects.open_range("imports/acme/x", "e1", 3, 7).await.unwrap().is_none());
        assert!(
            objects.open_range("imports/acme/x", "e1", 7, 7).await.unwrap().is_some(),
            "an empty range needs no request"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_was_replaced_meanwhile_is_not_mixed_with_the_old_one() {
        let (objects, _) = answering(&[(200, 10, "01234"), (412, 0, "")]);
        assert!(read(objects.open("imports/acme/x").await.unwrap().unwrap()).await.is_err());
    }
}
