//! Tells from its first bytes what a file is.
//!
//! The bytes are a stranger's. Nothing here decodes them, and every reader is bounded by the piece that it gets.

use imagesize::blob_size;
use serde::{Deserialize, Serialize};

use super::name::UNKNOWN_TYPE;

/// How many bytes from the beginning of a file tell its type, at most. The dimensions of a JPEG come after its metadata and thumbnails,
/// which often have more than 64 KiB.
pub const HEAD_BYTES: u64 = 256 * 1024;
/// How far into a file readers of PDF look for its mark (ISO 32000-1, implementation note 13).
const PDF_WITHIN: usize = 1024;
/// How far into a text the element `svg` may begin.
const SVG_WITHIN: usize = 1024;

/// What the content of a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(rename = "DetectedContent"))]
pub struct Detected {
    /// The media type that the content has; `application/octet-stream` if it is none that Waypost recognises.
    pub content_type: String,
    /// The width of an image in pixels; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height of an image in pixels; absent if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

impl Detected {
    /// Recognises a file by its first bytes, [`HEAD_BYTES`] or all that it has.
    pub fn of(head: &[u8]) -> Self {
        let content_type = type_of(head);
        let size = if content_type.starts_with("image/") { blob_size(head).ok() } else { None };
        let pixels = |count: usize| u32::try_from(count).ok().filter(|count| *count > 0);
        let size = size.and_then(|size| pixels(size.width).zip(pixels(size.height)));
        Self {
            content_type: content_type.to_owned(),
            width: size.map(|(width, _)| width),
            height: size.map(|(_, height)| height),
        }
    }
}

/// Tells whether a type that [`Detected::of`] gives is one of text.
pub(super) fn is_text(detected: &str) -> bool {
    matches!(detected, "text/plain" | "text/html" | "text/xml" | "image/svg+xml")
}

fn type_of(head: &[u8]) -> &'static str {
    let text = looks_like_text(head);
    if head.windows(5).take(PDF_WITHIN).position(|five| five == b"%PDF-").is_some_and(|at| at == 0 || !text) {
        return "application/pdf";
    }
    // The marks of many formats are letters: "BM" begins a bitmap, and a text about cars. So a text is looked at as one.
    if text {
        return type_of_text(head);
    }
    match head.get(4..8) {
        Some(b"ftyp") => type_of_brand(head),
        _ => infer::get(head).map_or(UNKNOWN_TYPE, |kind| usual_name(kind.mime_type())),
    }
}

/// Tells whether the bytes have none that text never has, as browsers do (MIME Sniffing, section 7.2). A text may be in any encoding; one in
/// UTF-16 or UTF-32 needs its mark.
fn looks_like_text(head: &[u8]) -> bool {
    let is_marked = head.starts_with(b"\xfe\xff") || head.starts_with(b"\xff\xfe");
    let is_binary = |byte: &u8| matches!(byte, 0..=8 | 0xb | 0xe..=0x1a | 0x1c..=0x1f);
    // The beginnings of MP3 and AAC look like the mark of UTF-16, but for a bit.
    is_marked || !head.iter().any(is_binary)
}

fn type_of_text(head: &[u8]) -> &'static str {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let early = &start[..start.len().min(SVG_WITHIN)];
    let has = |tag: &[u8]| early.windows(tag.len()).any(|window| window.eq_ignore_ascii_case(tag));
    // A page in XML, or a drawing, can run scripts, too.
    if start.starts_with(b"<") && has(b"<svg") {
        "image/svg+xml"
    } else if infer::text::is_html(start) || (start.starts_with(b"<") && has(b"<html")) {
        "text/html"
    } else if infer::text::is_xml(start) {
        "text/xml"
    } else {
        "text/plain"
    }
}

/// Recognises a file of boxes (ISO/IEC 14496-12) by its main brand.
fn type_of_brand(head: &[u8]) -> &'static str {
    let Some(brand) = head.get(8..12) else { return UNKNOWN_TYPE };
    let length = head.get(..4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    let others = head.get(16..head.len().min(length as usize)).unwrap_or_default();
    let names = |wanted: &[u8]| brand == wanted || others.chunks_exact(4).any(|other| other == wanted);
    match brand {
        b"qt  " => "video/quicktime",
        b"M4A " | b"M4B " | b"M4P " => "audio/mp4",
        // The brands of images stand beside each other.
        _ if names(b"avif") || names(b"avis") => "image/avif",
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => "image/heic",
        b"crx " => "image/x-canon-cr3",
        b"jp2 " | b"jpx " => "image/jp2",
        _ if brand.starts_with(b"3g") => "video/3gpp",
        _ => "video/mp4",
    }
}

/// Returns the name by which the delivery knows a type.
fn usual_name(mime_type: &'static str) -> &'static str {
    match mime_type {
        "audio/m4a" => "audio/mp4",
        "audio/x-flac" => "audio/flac",
        "audio/x-wav" => "audio/wav",
        "video/x-m4v" => "video/mp4",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend(b"\x08\x06\0\0\0");
        bytes
    }

    fn ftyp(brand: &[u8; 4], others: &[u8]) -> Vec<u8> {
        let size = u32::try_from(16 + others.len()).unwrap();
        [size.to_be_bytes().as_slice(), b"ftyp", brand, b"\0\0\x02\0", others, b"\0\0\0\x08free"].concat()
    }

    /// A JPEG whose frame comes after so many bytes of metadata.
    fn jpeg(metadata: usize) -> Vec<u8> {
        let mut bytes = b"\xff\xd8".to_vec();
        for left in (0..metadata).step_by(60_000) {
            let size = (metadata - left).min(60_000);
            bytes.extend(b"\xff\xe1");
            bytes.extend(u16::try_from(size + 2).unwrap().to_be_bytes());
            bytes.extend(vec![b'x'; size]);
        }
        bytes.extend(b"\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03\x01\x22\0\x02\x11\x01\x03\x11\x01");
        bytes
    }

    #[test]
    fn content_tells_the_type() {
        for (head, content_type) in [
            (b"hello".to_vec(), "text/plain"),
            (b"BMW builds cars".to_vec(), "text/plain"),
            (b"MZ is a prefix".to_vec(), "text/plain"),
            (b"ID3 is no song".to_vec(), "text/plain"),
            (b"#!/bin/sh\nrm -rf /\n".to_vec(), "text/plain"),
            (b"a text about %PDF-1.7".to_vec(), "text/plain"),
            ("Grüße".as_bytes().to_vec(), "text/plain"),
            (b"Gr\xfc\xdfe in Latin-1".to_vec(), "text/plain"),
            (b"\xff\xfeh\0i\0".to_vec(), "text/plain"),
            (b"<!DOCTYPE html><p>".to_vec(), "text/html"),
            (b"\xef\xbb\xbf \n<HTML >".to_vec(), "text/html"),
            (b"<script >alert(1)</script>".to_vec(), "text/html"),
            (b"<?xml version=\"1.0\"?>\n<!DOCTYPE html>\n<html xmlns=\"x\">".to_vec(), "text/html"),
            (b"<?xml version=\"1.0\"?>\n<!-- x -->\n<SVG onload=\"x\">".to_vec(), "image/svg+xml"),
            (b" <svg xmlns=\"x\">".to_vec(), "image/svg+xml"),
            (b"<?xml version=\"1.0\"?><feed/>".to_vec(), "text/xml"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), "application/pdf"),
            ([vec![0; 500], b"%PDF-1.4\n".to_vec()].concat(), "application/pdf"),
            (b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".repeat(8), "application/x-executable"),
            ([b"MZ\x90\0".to_vec(), vec![0; 200]].concat(), "application/vnd.microsoft.portable-executable"),
            (png(1, 1), "image/png"),
            (b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), "image/gif"),
            (jpeg(0), "image/jpeg"),
            (b"RIFF\x10\0\0\0WAVEfmt ".to_vec(), "audio/wav"),
            (b"fLaC\0\0\0\x22".to_vec(), "audio/flac"),
            (b"ID3\x04\0\0\0\0\0\0".to_vec(), "audio/mpeg"),
            (b"\xff\xf1\x50\x80\0\0\0".to_vec(), "audio/aac"),
            (b"OggS\0\x02\0\0\0\0".to_vec(), "audio/ogg"),
            (b"PK\x03\x04\x14\0\0\0".to_vec(), "application/zip"),
            (ftyp(b"isom", b"isomiso2avc1mp41"), "video/mp4"),
            (ftyp(b"iso9", b""), "video/mp4"),
            (ftyp(b"M4A ", b""), "audio/mp4"),
            (ftyp(b"qt  ", b""), "video/quicktime"),
            (ftyp(b"mif1", b"mif1avif"), "image/avif"),
            (ftyp(b"heic", b"mif1"), "image/heic"),
            (ftyp(b"3gp4", b""), "video/3gpp"),
            (b"\0\0\0\x04ftyp".to_vec(), UNKNOWN_TYPE),
            (vec![0], UNKNOWN_TYPE),
            (vec![0; 4096], UNKNOWN_TYPE),
            (Vec::new(), "text/plain"),
        ] {
            assert_eq!(Detected::of(&head).content_type, content_type, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn image_has_its_size() {
        for (head, size) in [
            (png(640, 480), Some((640, 480))),
            (png(u32::MAX, 1), Some((u32::MAX, 1))),
            (png(0, 480), None),
            (png(640, 480)[..20].to_vec(), None),
            (b"GIF89a\x80\x02\xe0\x01\0\0\0".to_vec(), Some((640, 480))),
            (jpeg(0), Some((640, 480))),
            (jpeg(200_000), Some((640, 480))),
            (b"%PDF-1.7\n".to_vec(), None),
        ] {
            let detected = Detected::of(&head[..head.len().min(HEAD_BYTES as usize)]);
            assert_eq!(detected.width.zip(detected.height), size, "{detected:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_type(start in prop::sample::select(vec![
            &b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x20ftypavif", b"BM\0", b"PK\x03\x04",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x7fELF", b"MZ\0", b"<?xml ", b"\x1a\x45\xdf\xa3",
        ]), rest in prop::collection::vec(any::<u8>(), 0..600)) {
            let head = [start, &rest].concat();
            let detected = Detected::of(&head);
            prop_assert!(detected.content_type.contains('/') && detected.width.is_some() == detected.height.is_some());
        }
    }
}
