//! Lets a link lead to a collection: a target that names it, as that of a file does ([`crate::files::target`]).

use super::id::CollectionId;
use crate::values::target::TargetUrl;

/// Returns the target that names the collection `id`.
pub fn target_of_collection(id: &CollectionId) -> String {
    format!("{}{id}", TargetUrl::FILES)
}

/// Returns the collection that a target names, if it names one.
pub fn collection_of(target: &TargetUrl) -> Option<CollectionId> {
    CollectionId::parse(target.as_str().strip_prefix(TargetUrl::FILES)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::target::file_of;
    use crate::values::domains::Domains;
    use crate::values::target::TargetError;

    #[test]
    fn only_the_id_of_a_collection_at_the_reserved_host_names_one() {
        let domains = Domains::parse("go.example.com").unwrap();
        let id = CollectionId::parse("col_0199b0c67e4570008000000000000005").unwrap();
        let target = target_of_collection(&id);
        let parsed = TargetUrl::parse(&target, &domains).unwrap();
        assert_eq!((collection_of(&parsed), file_of(&parsed)), (Some(id), None));
        assert!(!parsed.is_web() && parsed.web_url().is_none());
        assert_eq!(TargetUrl::parse_page(&target, &domains), Err(TargetError::NoFile));
        for text in [format!("{target}/a"), format!("{target}?a=b"), target.replace("col_", "upl_")] {
            assert_eq!(TargetUrl::parse(&text, &domains), Err(TargetError::File), "{text}");
        }
        let elsewhere = TargetUrl::parse(&target.replace("files.invalid", "files.example"), &domains).unwrap();
        assert_eq!(collection_of(&elsewhere), None);
    }
}
