//! Lets a link lead to a file: a target that names the file, and that the redirect replaces by a signed request to the bucket.
//!
//! The target is a URL like others, so that whatever keeps, lists, imports or exports links needs to know nothing of files. Its host can
//! never exist (RFC 6761, section 6.4): a program that does not know files leads nowhere. See ADR 45.

use super::id::FileId;
use crate::values::target::TargetUrl;
use crate::values::workspace::WorkspaceId;

/// The folder of all files in the bucket.
const FOLDER: &str = "files/";

/// Returns the target that names the file `id`.
pub fn target_of(id: &FileId) -> String {
    format!("{}{id}", TargetUrl::FILES)
}

/// Returns the file that a target names, if it names one.
pub fn file_of(target: &TargetUrl) -> Option<FileId> {
    FileId::parse(target.as_str().strip_prefix(TargetUrl::FILES)?).ok()
}

/// Returns the key in the bucket of the file `id` of `workspace`. It has nothing of the name.
pub fn object_key(workspace: &WorkspaceId, id: &FileId) -> String {
    format!("{FOLDER}{workspace}/{id}")
}

/// Returns the workspace and id of the file whose object has the key `key`. `None` if no file has such a key.
pub fn file_of_key(key: &str) -> Option<(WorkspaceId, FileId)> {
    let (workspace, id) = key.strip_prefix(FOLDER)?.split_once('/')?;
    Some((WorkspaceId::parse(workspace).ok()?, FileId::parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::domains::Domains;
    use crate::values::target::TargetError;

    #[test]
    fn only_the_id_of_a_file_at_the_reserved_host_names_one() {
        let domains = Domains::parse("go.example.com").unwrap();
        let id = FileId::parse("fil_0199b0c67e4570008000000000000005").unwrap();
        let target = target_of(&id);
        for (text, names) in [
            (target.clone(), true),
            (target.replace("https://files", "HTTPS://Files"), true),
            (format!("{target}?a=b"), false),
            (format!("{target}/"), false),
            (target.replace("https", "http"), false),
            (target.replace("files.invalid", "files.example"), false),
            (target.replace("files.invalid", "x.files.invalid"), false),
            (target.replace("fil_", "exp_"), false),
            (target.replace("fil_", "../fil_"), true),
            ("https://files.invalid/".to_owned(), false),
        ] {
            let parsed = TargetUrl::parse(&text, &domains);
            assert_eq!(parsed.as_ref().ok().and_then(file_of).as_ref() == Some(&id), names, "{text}");
            // What is at the host of files is a file, or refused.
            assert_eq!(parsed == Err(TargetError::File), !names && text.starts_with(TargetUrl::FILES), "{text}");
            let is_page = !text.to_ascii_lowercase().starts_with(TargetUrl::FILES);
            assert_eq!(TargetUrl::parse_page(&text, &domains).is_ok(), is_page, "{text}");
        }
    }

    #[test]
    fn key_of_an_object_names_its_file() {
        let id = FileId::parse("fil_0199b0c67e4570008000000000000005").unwrap();
        let workspace = WorkspaceId::parse("acme").unwrap();
        let key = object_key(&workspace, &id);
        assert_eq!(file_of_key(&key), Some((workspace, id)));
        for other in [
            "",
            "files/",
            "files/acme",
            "files/acme/",
            "files/acme/fil_1",
            "files/Not A Workspace/fil_0199b0c67e4570008000000000000005",
            &key.replace("files/", "imports/"),
            &format!("{key}/x"),
            &format!("/{key}"),
        ] {
            assert_eq!(file_of_key(other), None, "{other}");
        }
    }

    /// Nothing asks a file for a title, checks it, sends it to anybody else, or adds UTM parameters to it.
    #[test]
    fn a_file_is_no_page_of_the_web() {
        let domains = Domains::parse("go.example.com").unwrap();
        let target = TargetUrl::parse("https://files.invalid/fil_0199b0c67e4570008000000000000005", &domains).unwrap();
        assert!(!target.is_web());
        assert_eq!(target.web_url(), None);
        assert!(TargetUrl::parse("https://files.invalid.example.com/a", &domains).unwrap().is_web());
    }
}
