//! Uploads of files that their owners send straight to S3: as a whole, or in parts.
//!
//! All that matters is among the signed headers: the length, the checksum, and that the object must not exist. S3 refuses another request
//! (`SignatureDoesNotMatch`), other bytes (`BadDigest`), and a second object (412).

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresignedRequest;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumType, CompletedMultipartUpload, CompletedPart};
use waypost_domain::StoreError;
use waypost_domain::files::checksums::Sha256Sum;
use waypost_domain::files::delivery::Delivery;
use waypost_domain::files::file::StoredFile;
use waypost_domain::files::ports::SignedUpload;
use waypost_domain::files::store_ports::{FileUploads, PutTogether, UploadedPart};
use waypost_domain::files::stored_object::StoredObject;

use super::file_contents::find;
use super::uploads::expiring;
use crate::error::{broken, store_error};

/// By which S3 says that it does not take the parts: their sum is another, or one of them is gone or too small (CompleteMultipartUpload,
/// S3 API reference).
const REFUSALS: [&str; 7] = [
    "BadDigest",
    "EntityTooSmall",
    "InvalidDigest",
    "InvalidPart",
    "InvalidPartOrder",
    "InvalidRequest",
    "XAmzContentChecksumMismatch",
];

/// Uploads to a bucket.
#[derive(Debug, Clone)]
pub struct S3FileUploads {
    client: Client,
    /// Waits longer: S3 takes its time to put many parts together.
    patient: Client,
    bucket: String,
}

impl S3FileUploads {
    /// Uploads to `bucket`. `patient` puts them together.
    pub fn new(client: Client, patient: Client, bucket: impl Into<String>) -> Self {
        Self { client, patient, bucket: bucket.into() }
    }
}

#[async_trait]
impl FileUploads for S3FileUploads {
    async fn sign_whole(&self, file: &StoredFile, seconds: u32) -> Result<SignedUpload, StoreError> {
        const OPERATION: &str = "files.sign_whole";
        let Delivery { content_type, disposition } = file.delivery();
        let put = self.client.put_object().bucket(&self.bucket).key(file.object_key());
        let put = put
            .content_length(signed(file.size, OPERATION)?)
            .content_type(content_type)
            .content_disposition(disposition)
            .if_none_match("*")
            .set_checksum_sha256(file.sha256.as_ref().map(Sha256Sum::to_base64))
            .set_checksum_crc64_nvme(file.crc64nvme.as_ref().map(|crc| crc.as_str().to_owned()));
        let request = put.presigned(expiring(seconds, OPERATION)?).await;
        Ok(upload_of(&request.map_err(|error| store_error(OPERATION, error))?))
    }

    async fn begin(&self, file: &StoredFile) -> Result<String, StoreError> {
        const OPERATION: &str = "files.begin";
        let Delivery { content_type, disposition } = file.delivery();
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(file.object_key());
        let begin = begin.content_type(content_type).content_disposition(disposition);
        // The only checksum that S3 makes of a whole whose parts come without one.
        let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc64Nvme).checksum_type(ChecksumType::FullObject);
        let begun = begin.send().await.map_err(|error| store_error(OPERATION, error))?;
        begun.upload_id.ok_or_else(|| broken(OPERATION, "the upload has no id"))
    }

    async fn sign_part(
        &self,
        key: &str,
        upload: &str,
        (number, size): (u32, u64),
        seconds: u32,
    ) -> Result<SignedUpload, StoreError> {
        const OPERATION: &str = "files.sign_part";
        let number = i32::try_from(number).map_err(|error| broken(OPERATION, error))?;
        let part = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let part = part.content_length(signed(size, OPERATION)?);
        let request = part.presigned(expiring(seconds, OPERATION)?).await;
        Ok(upload_of(&request.map_err(|error| store_error(OPERATION, error))?))
    }

    async fn parts(
        &self,
        key: &str,
        upload: &str,
        after: u32,
        limit: usize,
    ) -> Result<Option<Vec<UploadedPart>>, StoreError> {
        const OPERATION: &str = "files.parts";
        let list = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload);
        let list = list.part_number_marker(after.to_string()).max_parts(i32::try_from(limit).unwrap_or(i32::MAX));
        let listed = match list.send().await {
            Ok(listed) => listed,
            Err(error) if has_code(&error, &["NoSuchUpload"]) => return Ok(None),
            Err(error) => return Err(store_error(OPERATION, error)),
        };
        let part = |part: aws_sdk_s3::types::Part| {
            let number = part.part_number.and_then(|number| u32::try_from(number).ok())?;
            let size = part.size.and_then(|size| u64::try_from(size).ok())?;
            Some(UploadedPart { number, size, etag: part.e_tag? })
        };
        let parts = listed.parts.unwrap_or_default().into_iter();
        let parts: Option<Vec<UploadedPart>> = parts.map(part).collect();
        parts.map(Some).ok_or_else(|| broken(OPERATION, "a part has no number, size or ETag"))
    }

    async fn put_together(
        &self,
        file: &StoredFile,
        upload: &str,
        parts: &[UploadedPart],
    ) -> Result<PutTogether, StoreError> {
        const OPERATION: &str = "files.put_together";
        let completed = |part: &UploadedPart| {
            let number = i32::try_from(part.number).unwrap_or(i32::MAX);
            CompletedPart::builder().part_number(number).e_tag(&part.etag).build()
        };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(completed).collect()));
        let complete = self.patient.complete_multipart_upload().bucket(&self.bucket).key(file.object_key());
        let complete = complete
            .upload_id(upload)
            .multipart_upload(parts.build())
            .if_none_match("*")
            .mpu_object_size(signed(file.size, OPERATION)?)
            .set_checksum_crc64_nvme(file.crc64nvme.as_ref().map(|crc| crc.as_str().to_owned()))
            .set_checksum_type(file.crc64nvme.as_ref().map(|_| ChecksumType::FullObject));
        match complete.send().await {
            Ok(_) => Ok(PutTogether::Done),
            // An earlier attempt put it together, or the upload was aborted: what the bucket has tells.
            Err(error) if has_code(&error, &["NoSuchUpload", "PreconditionFailed"]) => Ok(PutTogether::Ended),
            Err(error) if has_code(&error, &REFUSALS) => {
                let reason = error.as_service_error().and_then(ProvideErrorMetadata::message);
                Ok(PutTogether::Refused(reason.unwrap_or("it gives no reason").to_owned()))
            }
            Err(error) => Err(store_error(OPERATION, error)),
        }
    }

    async fn abort(&self, key: &str, upload: &str) -> Result<(), StoreError> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        match abort.send().await {
            Ok(_) => Ok(()),
            Err(error) if has_code(&error, &["NoSuchUpload"]) => Ok(()),
            Err(error) => Err(store_error("files.abort", error)),
        }
    }

    async fn stored(&self, key: &str) -> Result<Option<StoredObject>, StoreError> {
        Ok(find(&self.client, &self.bucket, key).await?.map(|found| found.object))
    }
}

fn upload_of(request: &PresignedRequest) -> SignedUpload {
    let headers = request.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    SignedUpload { method: request.method().to_owned(), url: request.uri().to_owned(), headers }
}

fn signed(bytes: u64, operation: &'static str) -> Result<i64, StoreError> {
    i64::try_from(bytes).map_err(|error| broken(operation, error))
}

fn has_code<E: ProvideErrorMetadata>(error: &SdkError<E>, codes: &[&str]) -> bool {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    code.is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use waypost_domain::Role;
    use waypost_domain::files::checksums::Crc64Nvme;
    use waypost_domain::files::file::FileStatus;
    use waypost_domain::files::id::FileId;
    use waypost_domain::ports::Clock;
    use waypost_domain::testing::samples::caller;
    use waypost_domain::testing::system::{FixedClock, SeededRandom};

    use crate::replay::{Answer, Replay};

    fn uploads(answers: impl IntoIterator<Item = Answer>) -> (S3FileUploads, Replay) {
        let replay = Replay::new(answers);
        let client = replay.s3();
        (S3FileUploads::new(client.clone(), client, "bucket"), replay)
    }

    fn file(size: u64) -> StoredFile {
        let (clock, random) = (FixedClock::at("2026-01-02T03:04:05Z"), SeededRandom::new(1));
        StoredFile {
            id: FileId::generate(&clock, &random),
            workspace: caller("acme", Role::Editor).workspace,
            status: FileStatus::Uploading,
            name: "../x".to_owned(),
            size,
            content_type: "text/html".to_owned(),
            sha256: None,
            crc64nvme: None,
            blocked_reason: None,
            detected: None,
            upload: None,
            adopted: None,
            place: None,
            created_by: "key_1".to_owned(),
            created_at: clock.now(),
            completed_at: None,
            expires_at: None,
            revision: 0,
        }
    }

    fn header<'a>(upload: &'a SignedUpload, name: &str) -> Option<&'a str> {
        upload.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[tokio::test]
    async fn length_checksum_and_first_write_are_signed() {
        let (uploads, _) = uploads([]);
        let sum = Sha256Sum::parse("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").unwrap();
        let upload = uploads.sign_whole(&StoredFile { sha256: Some(sum.clone()), ..file(1234) }, 900).await.unwrap();
        assert_eq!(upload.method, "PUT");
        assert_eq!(header(&upload, "content-length"), Some("1234"));
        assert_eq!(header(&upload, "if-none-match"), Some("*"));
        assert_eq!(header(&upload, "content-type"), Some("application/octet-stream"), "a page would run");
        let disposition = "attachment; filename=\"_x\"; filename*=UTF-8''_x";
        assert_eq!(header(&upload, "content-disposition"), Some(disposition));
        assert_eq!(header(&upload, "x-amz-checksum-sha256"), Some(sum.to_base64().as_str()));
        let query = upload.url.split_once('?').unwrap().1;
        for name in
            ["content-disposition", "content-length", "content-type", "host", "if-none-match", "x-amz-checksum-sha256"]
        {
            assert!(query.contains(name), "{name} is not signed: {query}");
        }
        assert!(query.contains("X-Amz-Expires=900") && !query.contains("crc32"), "{query}");
        let plain = uploads.sign_whole(&file(1), 900).await.unwrap();
        assert!(!plain.url.contains("checksum"), "a checksum of nothing would refuse every file: {}", plain.url);
        let part = uploads.sign_part("files/acme/x", "u1", (7, 5), 60).await.unwrap();
        assert!(part.url.contains("partNumber=7") && part.url.contains("uploadId=u1"), "{}", part.url);
        assert!(!part.url.contains("checksum"), "{}", part.url);
        assert_eq!(part.headers, [("content-length".to_owned(), "5".to_owned())]);
    }

    #[tokio::test]
    async fn answers_to_the_end_of_an_upload_are_told_apart() {
        let error = |code: &str| -> &'static str {
            format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>so it is</Message></Error>").leak()
        };
        for (status, code, expected) in [
            (404, "NoSuchUpload", Some(PutTogether::Ended)),
            (412, "PreconditionFailed", Some(PutTogether::Ended)),
            (400, "BadDigest", Some(PutTogether::Refused("so it is".to_owned()))),
            (400, "InvalidPart", Some(PutTogether::Refused("so it is".to_owned()))),
            (503, "SlowDown", None),
            (403, "AccessDenied", None),
        ] {
            let (uploads, _) = uploads([(status, Vec::new(), error(code))]);
            assert_eq!(uploads.put_together(&file(1), "u1", &[]).await.ok(), expected, "{code}");
        }
        let (uploads, replay) = uploads([(200, Vec::new(), "<CompleteMultipartUploadResult/>")]);
        let crc = Crc64Nvme::parse("AuUcyF784aU=").unwrap();
        let announced = StoredFile { crc64nvme: Some(crc), ..file(9) };
        assert_eq!(uploads.put_together(&announced, "u1", &[]).await.unwrap(), PutTogether::Done);
        let request = &replay.requests()[0];
        let sent = |name: &str| request.headers().get(name).map(str::to_owned);
        assert_eq!(sent("x-amz-checksum-crc64nvme").as_deref(), Some("AuUcyF784aU="));
        assert_eq!((sent("x-amz-mp-object-size").as_deref(), sent("if-none-match").as_deref()), (Some("9"), Some("*")));
    }

    #[tokio::test]
    async fn absent_object_and_ended_upload_are_no_errors() {
        let gone = "<?xml version=\"1.0\"?><Error><Code>NoSuchUpload</Code></Error>";
        let (uploads, _) = uploads([(404, Vec::new(), ""), (404, Vec::new(), gone), (404, Vec::new(), gone)]);
        assert_eq!(uploads.stored("files/acme/x").await.unwrap(), None);
        assert_eq!(uploads.parts("files/acme/x", "u1", 0, 10).await.unwrap(), None);
        uploads.abort("files/acme/x", "u1").await.unwrap();
    }
}
