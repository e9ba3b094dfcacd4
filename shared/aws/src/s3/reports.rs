//! Stores reports of imports, `reports/{workspace}/{import id}.jsonl` and `.csv`, and their pieces.

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use waypost_domain::StoreError;
use waypost_domain::files::ports::{Body, DownloadSigner, FileParts, FileStore, FileWriter, ObjectReader};

use super::objects::S3Objects;
use super::uploads::expiring;
use crate::error::{broken, store_error};

/// How much of a report is kept in memory. S3 takes at most 10,000 parts, of at least 5 MiB each but the last.
const PART_BYTES: usize = 5 * 1024 * 1024;
const OPERATION: &str = "reports.write";
/// The checksum of each part. S3 refuses a part whose checksum is not of the kind that the upload declared when it began
/// ("Checking object integrity", S3 user guide), and the SDK adds this kind to a part by itself.
const CHECKSUM: ChecksumAlgorithm = ChecksumAlgorithm::Crc32;

/// Chooses the media type of a file by the end of its key.
fn content_type(key: &str) -> &'static str {
    match key.rsplit_once('.') {
        Some((_, "csv")) => "text/csv; charset=utf-8",
        Some((_, "gz")) => "application/gzip",
        _ => "application/x-ndjson",
    }
}

/// Reports in S3.
#[derive(Debug, Clone)]
pub struct S3Files {
    client: Client,
    bucket: String,
}

impl S3Files {
    /// Reports in `bucket`.
    pub fn new(client: Client, bucket: impl Into<String>) -> Self {
        Self { client, bucket: bucket.into() }
    }
}

#[async_trait]
impl DownloadSigner for S3Files {
    async fn sign_download(&self, key: &str, seconds: u32) -> Result<String, StoreError> {
        const OPERATION: &str = "reports.sign";
        let name = key.rsplit('/').next().unwrap_or(key);
        let signed = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(format!("attachment; filename=\"{name}\""))
            .presigned(expiring(seconds, OPERATION)?)
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        Ok(signed.uri().to_owned())
    }
}

#[async_trait]
impl FileStore for S3Files {
    async fn create(&self, key: &str) -> Result<Box<dyn FileWriter>, StoreError> {
        let reports = self.clone();
        Ok(Box::new(Writer { reports, key: key.to_owned(), buffer: Vec::new(), upload_id: None, parts: Vec::new() }))
    }

    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type(key));
        put.body(ByteStream::from(bytes)).send().await.map_err(|error| store_error(OPERATION, error))?;
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Body, StoreError> {
        let objects = S3Objects::new(self.client.clone(), &self.bucket);
        let object = objects.open(key).await?;
        object.map(|object| object.body).ok_or_else(|| broken("reports.read", format!("{key} does not exist")))
    }
}

#[async_trait]
impl FileParts for S3Files {
    async fn begin(&self, key: &str) -> Result<String, StoreError> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begun = begin.checksum_algorithm(CHECKSUM).content_type(content_type(key)).send().await;
        let begun = begun.map_err(|error| store_error("files.begin", error))?;
        begun.upload_id.ok_or_else(|| broken("files.begin", "the upload has no id"))
    }

    /// The receipt is the part's ETag and checksum, with a space between them.
    async fn put_part(
        &self,
        key: &str,
        upload: &str,
        number: usize,
        bytes: Bytes,
    ) -> Result<Option<String>, StoreError> {
        const OPERATION: &str = "files.put_part";
        let number = i32::try_from(number).map_err(|error| broken(OPERATION, error))?;
        let part = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        match part.checksum_algorithm(CHECKSUM).body(ByteStream::from(bytes)).send().await {
            Ok(part) => {
                let etag = part.e_tag.ok_or_else(|| broken(OPERATION, "the part has no ETag"))?;
                Ok(Some(format!("{etag} {}", part.checksum_crc32.unwrap_or_default())))
            }
            Err(error) if has_ended(&error) => Ok(None),
            Err(error) => Err(store_error(OPERATION, error)),
        }
    }

    async fn complete(&self, key: &str, upload: &str, receipts: &[String]) -> Result<bool, StoreError> {
        let parts = (1..).zip(receipts).map(|(number, receipt)| {
            let (etag, checksum) = receipt.split_once(' ').unwrap_or((receipt, ""));
            let checksum = Some(checksum.to_owned()).filter(|checksum| !checksum.is_empty());
            CompletedPart::builder().part_number(number).e_tag(etag).set_checksum_crc32(checksum).build()
        });
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        match complete.multipart_upload(parts).send().await {
            Ok(_) => Ok(true),
            Err(error) if has_ended(&error) => Ok(false),
            Err(error) => Err(store_error("files.complete", error)),
        }
    }
}

/// Tells whether S3 does not know the upload: it was completed, aborted, or removed by the bucket's rules.
fn has_ended<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("NoSuchUpload")
}

/// Writes a report: as one object, or in parts as soon as it is too large for memory.
struct Writer {
    reports: S3Files,
    key: String,
    buffer: Vec<u8>,
    upload_id: Option<String>,
    parts: Vec<CompletedPart>,
}

impl Writer {
    async fn upload_part(&mut self) -> Result<(), StoreError> {
        let (client, bucket) = (&self.reports.client, &self.reports.bucket);
        let upload_id = match &self.upload_id {
            Some(upload_id) => upload_id.clone(),
            None => {
                let begun = client
                    .create_multipart_upload()
                    .bucket(bucket)
                    .key(&self.key)
                    .checksum_algorithm(CHECKSUM)
                    .content_type(content_type(&self.key));
                let begun = begun.send().await.map_err(|error| store_error(OPERATION, error))?;
                let upload_id = begun.upload_id.ok_or_else(|| broken(OPERATION, "the upload has no id"))?;
                self.upload_id.insert(upload_id).clone()
            }
        };
        let number = i32::try_from(self.parts.len() + 1).map_err(|error| broken(OPERATION, error))?;
        let body = ByteStream::from(std::mem::take(&mut self.buffer));
        let part = client.upload_part().bucket(bucket).key(&self.key).upload_id(upload_id).part_number(number);
        let part = part.checksum_algorithm(CHECKSUM).body(body).send().await;
        let part = part.map_err(|error| store_error(OPERATION, error))?;
        let completed =
            CompletedPart::builder().part_number(number).set_e_tag(part.e_tag).set_checksum_crc32(part.checksum_crc32);
        self.parts.push(completed.build());
        Ok(())
    }

    async fn complete(&mut self) -> Result<(), StoreError> {
        if !self.buffer.is_empty() {
            self.upload_part().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(std::mem::take(&mut self.parts))).build();
        self.reports
            .client
            .complete_multipart_upload()
            .bucket(&self.reports.bucket)
            .key(&self.key)
            .set_upload_id(self.upload_id.clone())
            .multipart_upload(parts)
            .send()
            .await
            .map_err(|error| store_error(OPERATION, error))?;
        Ok(())
    }
}

#[async_trait]
impl FileWriter for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PART_BYTES { self.upload_part().await } else { Ok(()) }
    }

    async fn finish(mut self: Box<Self>) -> Result<(), StoreError> {
        if self.upload_id.is_none() {
            return self.reports.put(&self.key, std::mem::take(&mut self.buffer)).await;
        }
        let completed = self.complete().await;
        if completed.is_err() {
            self.abort().await;
        }
        completed
    }

    async fn abort(self: Box<Self>) {
        let Some(upload_id) = self.upload_id else { return };
        let abort = self.reports.client.abort_multipart_upload().bucket(&self.reports.bucket).key(&self.key);
        if let Err(error) = abort.upload_id(upload_id).send().await {
            let error = store_error("reports.abort", error);
            tracing::warn!(event = "report.not_aborted", key = self.key, %error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};

    use crate::replay::Replay;

    #[tokio::test]
    async fn an_upload_in_parts_declares_the_checksum_that_its_parts_have() {
        const BEGUN: &str = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
        const DONE: &str = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
        let part = |sum: &str| (200, vec![("etag", "\"e\"".to_owned()), ("x-amz-checksum-crc32", sum.to_owned())], "");
        let replay = Replay::new([(200, vec![], BEGUN), part("c29tZQ=="), part("bW9yZQ=="), (200, vec![], DONE)]);
        let files = S3Files::new(replay.s3(), "bucket");
        let mut writer = files.create("exports/acme/exp_1.csv").await.unwrap();
        writer.write(&vec![b'x'; PART_BYTES]).await.unwrap();
        writer.write(b"rest").await.unwrap();
        writer.finish().await.unwrap();
        let requests = replay.requests();
        assert_eq!(requests[0].headers().get("x-amz-checksum-algorithm"), Some("CRC32"));
        for (number, request) in (1..).zip(&requests[1..3]) {
            assert!(request.uri().contains(&format!("partNumber={number}")), "{}", request.uri());
            // The checksum itself, or its announcement as a trailer of the body.
            let headers = request.headers();
            let announced = headers.get("x-amz-trailer") == Some("x-amz-checksum-crc32");
            assert!(announced || headers.get("x-amz-checksum-crc32").is_some(), "{headers:?}");
        }
        let list = std::str::from_utf8(requests[3].body().bytes().unwrap()).unwrap();
        for sum in ["c29tZQ==", "bW9yZQ=="] {
            assert!(list.contains(&format!("<ChecksumCRC32>{sum}</ChecksumCRC32>")), "{list}");
        }
    }

    fn files(replay: &Replay) -> S3Files {
        S3Files::new(replay.s3(), "bucket")
    }

    #[tokio::test]
    async fn a_file_is_completed_with_the_receipts_of_its_parts() {
        const BEGUN: &str = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
        const DONE: &str = "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>";
        let headers = vec![("etag", "\"e1\"".to_owned()), ("x-amz-checksum-crc32", "c29tZQ==".to_owned())];
        let replay = Replay::new([(200, vec![], BEGUN), (200, headers, ""), (200, vec![], DONE)]);
        let files = files(&replay);
        let upload = files.begin("exports/acme/exp_1.csv").await.unwrap();
        let receipt = files.put_part("exports/acme/exp_1.csv", &upload, 1, Bytes::from_static(b"x")).await.unwrap();
        assert!(files.complete("exports/acme/exp_1.csv", &upload, &[receipt.unwrap()]).await.unwrap());
        let requests = replay.requests();
        assert_eq!(requests[0].headers().get("x-amz-checksum-algorithm"), Some("CRC32"));
        assert!(requests[1].uri().contains("partNumber=1") && requests[1].uri().contains("uploadId=u1"));
        let list = std::str::from_utf8(requests[2].body().bytes().unwrap()).unwrap();
        assert!(list.contains("e1") && list.contains("<ChecksumCRC32>c29tZQ==</ChecksumCRC32>"), "{list}");
    }

    #[tokio::test]
    async fn an_upload_that_has_ended_is_not_an_error() {
        const GONE: &str = "<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>";
        let replay = Replay::new([(404, vec![], GONE), (404, vec![], GONE)]);
        let files = files(&replay);
        assert_eq!(files.put_part("k", "u1", 1, Bytes::from_static(b"x")).await.unwrap(), None);
        assert!(!files.complete("k", "u1", &["\"e1\" c29tZQ==".to_owned()]).await.unwrap());
    }

    #[tokio::test]
    async fn a_download_needs_no_header_of_the_client() {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", Some("token".into()), None, "test"))
            .http_client(Replay::new([]).client());
        let files = S3Files::new(Client::from_conf(config.build()), "bucket");
        let url = files.sign_download("exports/acme/exp_1.csv", 300).await.unwrap();
        assert!(url.contains("X-Amz-SignedHeaders=host&") || url.ends_with("X-Amz-SignedHeaders=host"), "{url}");
        assert!(!url.contains("checksum"), "{url}");
    }
}
