//! Defines the id of an import.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ports::{Clock, Random};
use crate::values::id;

/// An import's id: `imp_` and the 32 lower-case hexadecimal digits of a UUID. The UUID has version 7 if the API created the
/// import, and version 8 if the file was put straight into the bucket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImportId(String);

/// The error of a text that is not an [`ImportId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an import's id is 'imp_' and 32 hexadecimal digits")]
pub struct ImportIdError;

impl ImportId {
    const PREFIX: &'static str = "imp_";

    /// Makes a new id. Later ids sort after earlier ones.
    pub fn generate(clock: &dyn Clock, random: &dyn Random) -> Self {
        Self(id::generate(Self::PREFIX, clock, random))
    }

    /// Derives the id of the object `key` with the content `etag`. All deliveries of its events give the same id.
    pub fn for_object(key: &str, etag: &str) -> Self {
        let digest = Sha256::new().chain_update(key).chain_update([0]).chain_update(etag).finalize();
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(id::from_bytes(Self::PREFIX, bytes))
    }

    /// Checks `text`.
    pub fn parse(text: impl Into<String>) -> Result<Self, ImportIdError> {
        let text = text.into();
        if id::is_valid(Self::PREFIX, &text) { Ok(Self(text)) } else { Err(ImportIdError) }
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ImportId {
    type Error = ImportIdError;
    fn try_from(text: String) -> Result<Self, ImportIdError> {
        Self::parse(text)
    }
}

impl From<ImportId> for String {
    fn from(id: ImportId) -> Self {
        id.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(ImportId, "ImportId", {
    "type": "string",
    "pattern": "^imp_[0-9a-f]{32}$",
    "examples": ["imp_0199b0c67e4570008000000000000005"],
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::system::{FixedClock, SeededRandom};

    #[test]
    fn generated_ids_sort_by_time_and_parse() {
        let (clock, random) = (FixedClock::at("2026-01-01T00:00:00Z"), SeededRandom::new(1));
        let first = ImportId::generate(&clock, &random);
        clock.advance(1);
        let second = ImportId::generate(&clock, &random);
        assert!(first < second);
        assert_eq!(ImportId::parse(second.as_str()), Ok(second));
    }

    #[test]
    fn object_id_depends_on_key_and_content() {
        let id = ImportId::for_object("imports/acme/a.csv", "e1");
        assert_eq!(id, ImportId::for_object("imports/acme/a.csv", "e1"));
        assert_ne!(id, ImportId::for_object("imports/acme/a.csv", "e2"));
        assert_ne!(id, ImportId::for_object("imports/other/a.csv", "e1"));
        assert_eq!(ImportId::parse(id.as_str()), Ok(id));
    }

    #[test]
    fn other_texts_are_not_ids() {
        for text in ["", "imp_", "imp_0", &format!("imp_{}", "g".repeat(32)), &format!("imp_{}", "A".repeat(32))] {
            assert_eq!(ImportId::parse(text), Err(ImportIdError), "{text}");
        }
    }
}
