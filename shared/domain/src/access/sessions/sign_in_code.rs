//! Defines the codes that operators sign in with: made with the rights of the AWS account, used once, valid for some minutes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::key::Role;
use crate::access::secret;
use crate::ports::Random;
use crate::values::timestamp::Timestamp;
use crate::values::workspace::WorkspaceId;

/// A code as it is stored: everything but its secret. The operator's tools write it (`tools/local_stack/sign_in_code.py`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInCode {
    /// The workspace of the session.
    pub workspace: WorkspaceId,
    /// The role of the session.
    pub role: Role,
    /// When the code can no longer be used.
    pub expires_at: Timestamp,
}

/// The secret of a code: `wpc_` and 256 random bits in base64url. It stands in the fragment of a link, which browsers send nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeSecret(String);

impl CodeSecret {
    /// The length of a secret, in characters.
    pub const LEN: usize = 4 + 43;
    const PREFIX: &'static str = "wpc_";

    /// Generates a secret.
    pub fn generate(random: &dyn Random) -> Self {
        Self(secret::generate(Self::PREFIX, random))
    }

    /// Reads a secret, or returns `None` if `text` does not look like one.
    pub fn parse(text: &str) -> Option<Self> {
        secret::is_plausible(Self::PREFIX, text).then(|| Self(text.to_owned()))
    }

    /// Returns the secret's SHA-256 in lower-case hexadecimal digits.
    pub fn hash(&self) -> String {
        secret::hash(&self.0)
    }

    /// Returns the secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeSecret(…)")
    }
}
