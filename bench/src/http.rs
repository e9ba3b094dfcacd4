//! Reads and writes the HTTP/1.1 that bootstraps use: requests with a `Content-Length`, answers in one piece.

use anyhow::{Context, Result, bail};

/// A complete request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Path and query.
    pub(crate) path: String,
    /// The `X-Amz-Target` header: the operation of a JSON service.
    pub(crate) operation: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Takes the first request off `bytes`, if it is complete.
    ///
    /// # Errors
    /// The bytes are not such a request.
    pub(crate) fn take(bytes: &mut Vec<u8>) -> Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut head = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(start) = head.parse(bytes)? else { return Ok(None) };
        let path = head.path.context("a request without a path")?.to_owned();
        let mut request = Self { path, ..Self::default() };
        let mut length = 0;
        for header in head.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                length = std::str::from_utf8(header.value)?.parse()?;
            } else if header.name.eq_ignore_ascii_case("x-amz-target") {
                request.operation = std::str::from_utf8(header.value)?.to_owned();
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("{} has a body of unknown length", request.path);
            }
        }
        let end = start + length;
        if bytes.len() < end {
            return Ok(None);
        }
        request.body = bytes[start..end].to_vec();
        bytes.drain(..end);
        Ok(Some(request))
    }
}

/// Writes an answer: `status` with its phrase, `headers` in lines that each end with CR LF, `body`.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {length}\r\n\r\n{body}")
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_is_taken_when_it_is_complete() {
        let text = "POST /a?b HTTP/1.1\r\nX-Amz-Target: T.Op\r\ncontent-length: 4\r\n\r\nbodyGET / HTTP/1.1\r\n\r\n";
        let mut bytes = text.as_bytes()[..60].to_vec();
        assert_eq!(Request::take(&mut bytes).unwrap(), None);
        bytes.extend(&text.as_bytes()[60..]);
        let first = Request { path: "/a?b".into(), operation: "T.Op".into(), body: b"body".into() };
        assert_eq!(Request::take(&mut bytes).unwrap(), Some(first));
        assert_eq!(Request::take(&mut bytes).unwrap().unwrap().path, "/");
        assert!(bytes.is_empty());
    }
}
