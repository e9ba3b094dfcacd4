//! Names files that are not lists of links although they may hold links, by what is in them.

use memchr::memmem;

/// How an OLE container begins: old documents of Microsoft Office, and protected new ones.
const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// The streams of an OLE container that tell what it holds.
const STREAMS: [(&str, &str); 5] = [
    ("EncryptedPackage", "a spreadsheet that is protected with a password; save it without one, as XLSX or CSV"),
    ("Workbook", "an old spreadsheet (XLS); save it as XLSX or CSV"),
    ("Book", "an old spreadsheet (XLS); save it as XLSX or CSV"),
    ("WordDocument", "an old Word document (DOC)"),
    ("PowerPoint Document", "an old presentation (PPT)"),
];

/// The files of archives that tell what the archive is.
const MEMBERS: [(&str, &str); 8] = [
    ("xl/workbook.bin", "a binary spreadsheet (XLSB); save it as XLSX or CSV"),
    ("word/document.xml", "a Word document (DOCX); save its links as a list, one on each line"),
    ("ppt/presentation.xml", "a presentation (PPTX)"),
    ("Index/Document.iwa", "a document of Numbers, Pages or Keynote; export it as XLSX or CSV"),
    ("Index.zip", "a document of Numbers, Pages or Keynote; export it as XLSX or CSV"),
    ("META-INF/container.xml", "an e-book (EPUB)"),
    ("META-INF/MANIFEST.MF", "a Java archive"),
    ("AndroidManifest.xml", "an Android app"),
];

/// Says what the OLE container is that begins with `head`; `None` if it is not one. `head` may lack the container's directory.
pub(super) fn foreign_container(head: &[u8]) -> Option<&'static str> {
    if !head.starts_with(OLE) {
        return None;
    }
    // Names are in UTF-16 with a zero at the end, and 64 bytes long.
    let has = |name: &str| {
        let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        memmem::find_iter(head, &name).any(|at| at % 64 == 0)
    };
    let known = STREAMS.iter().find(|(name, _)| has(name)).map(|(_, what)| *what);
    Some(known.unwrap_or("an old spreadsheet (XLS), or one that is protected with a password; save it as XLSX or CSV"))
}

/// Says what the archive with these files is, if it is not an archive of lists of links.
pub(super) fn foreign_archive<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    let names: Vec<&str> = names.collect();
    if names.contains(&"mimetype") && names.contains(&"content.xml") {
        return Some("an OpenDocument file (ODS or ODT); save it as XLSX or CSV");
    }
    MEMBERS.iter().find(|(name, _)| names.contains(name)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_named_by_their_streams() {
        let entry = |name: &str| -> Vec<u8> {
            let name = name.encode_utf16().flat_map(u16::to_le_bytes);
            let mut entry: Vec<u8> = name.collect();
            entry.resize(128, 0);
            entry
        };
        for (stream, expected) in [
            ("EncryptedPackage", "password"),
            ("Workbook", "(XLS); save"),
            ("Book", "(XLS); save"),
            ("WordDocument", "(DOC)"),
            ("Bookmarks", "or one that is protected"),
            ("", "or one that is protected"),
        ] {
            let mut head = OLE.to_vec();
            head.resize(512, 0);
            head.extend(entry("Root Entry"));
            head.extend(entry(stream));
            let what = foreign_container(&head).unwrap();
            assert!(what.contains(expected), "{stream}: {what}");
        }
        assert_eq!(foreign_container(b"url\nhttps://a.example/\n"), None);
        assert!(foreign_container(OLE).is_some());
    }
}
