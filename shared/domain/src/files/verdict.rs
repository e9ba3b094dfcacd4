//! Defines what a scanner of malware says of a file.

/// What a scanner says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The content that it looked at, as [`FoundObject::etag`](super::store_ports::FoundObject::etag) identifies it.
    pub etag: String,
    /// What it found.
    pub result: ScanResult,
}

/// What a scanner found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScanResult {
    /// Nothing.
    Clean,
    /// Threats, with their names as far as the scanner tells them.
    Threats(Vec<String>),
    /// It does not scan such files: they are locked by a password, too large, or packed too often.
    Unsupported,
    /// It may not read the file.
    Denied,
    /// It failed.
    Failed,
}

/// The greatest number of names that a reason has.
const NAMED: usize = 3;
/// The greatest length of a name in a reason, in characters.
const NAME_CHARS: usize = 100;

impl ScanResult {
    /// Says for a person why a file is blocked. `None` if it is clean.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Clean => None,
            Self::Threats(names) if names.is_empty() => Some("it has malware".to_owned()),
            Self::Threats(names) => {
                let name = |name: &String| name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect::<String>();
                let named: Vec<String> = names.iter().take(NAMED).map(name).collect();
                Some(format!("it has malware: {}", named.join(", ")))
            }
            Self::Unsupported => Some(
                "the malware scan does not take such files: they are locked by a password, too large, or packed too often"
                    .to_owned(),
            ),
            Self::Denied => Some("the malware scan may not read the file; the operator can mend that".to_owned()),
            Self::Failed => Some("the malware scan failed: delete the file and upload it again".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_names_threats_within_bounds() {
        assert_eq!(ScanResult::Clean.reason(), None);
        for (names, reason) in [
            (vec![], "it has malware"),
            (vec!["EICAR-Test-File\n"], "it has malware: EICAR-Test-File"),
            (vec!["a", "b", "c", "d"], "it has malware: a, b, c"),
        ] {
            let names = names.into_iter().map(str::to_owned).collect();
            assert_eq!(ScanResult::Threats(names).reason().as_deref(), Some(reason));
        }
        let long = ScanResult::Threats(vec!["ü".repeat(10_000)]).reason().unwrap();
        assert!(long.chars().count() < 200, "{long}");
        for other in [ScanResult::Unsupported, ScanResult::Denied, ScanResult::Failed] {
            assert!(other.reason().unwrap().contains("malware scan"));
        }
    }
}
