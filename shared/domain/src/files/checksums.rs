//! Defines the checksums by which the bucket recognises the content of a file.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a file, in 64 lower-case hexadecimal digits as `sha256sum` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Sum(String);

/// The CRC-64/NVME of a file: 8 bytes in base64, as the tools of S3 print it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Crc64Nvme(String);

/// The error of a text that is not a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// Not a SHA-256.
    #[error("must have 64 hexadecimal digits")]
    Sha256,
    /// Not a CRC-64/NVME.
    #[error("must be 8 bytes in base64, such as AuUcyF784aU=")]
    Crc64Nvme,
}

impl Sha256Sum {
    const BYTES: usize = 32;

    /// Checks `text`. Takes capital digits, too.
    ///
    /// # Errors
    /// It has not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, ChecksumError> {
        let is_hex = text.len() == 2 * Self::BYTES && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hex { Ok(Self(text.to_ascii_lowercase())) } else { Err(ChecksumError::Sha256) }
    }

    /// Reads the form that S3 uses.
    ///
    /// # Errors
    /// It is not 32 bytes in base64. The checksum of an object that was uploaded in parts is not: it ends with their number.
    pub fn from_base64(text: &str) -> Result<Self, ChecksumError> {
        let bytes = STANDARD.decode(text).ok().filter(|bytes| bytes.len() == Self::BYTES);
        bytes.map(|bytes| Self(crate::values::hex::hex(&bytes))).ok_or(ChecksumError::Sha256)
    }

    /// Returns the form that S3 uses.
    pub fn to_base64(&self) -> String {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
        let bytes: Vec<u8> = self.0.as_bytes().chunks(2).map(|two| digit(two[0]) << 4 | digit(two[1])).collect();
        STANDARD.encode(bytes)
    }
}

impl Crc64Nvme {
    const BYTES: usize = 8;

    /// Checks `text`.
    ///
    /// # Errors
    /// It is not 8 bytes in base64.
    pub fn parse(text: &str) -> Result<Self, ChecksumError> {
        let is_crc = STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == Self::BYTES);
        if is_crc { Ok(Self(text.to_owned())) } else { Err(ChecksumError::Crc64Nvme) }
    }

    /// Returns the form that S3 uses.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sha256Sum {
    type Error = ChecksumError;
    fn try_from(text: String) -> Result<Self, ChecksumError> {
        Self::parse(&text)
    }
}

impl From<Sha256Sum> for String {
    fn from(sum: Sha256Sum) -> Self {
        sum.0
    }
}

impl TryFrom<String> for Crc64Nvme {
    type Error = ChecksumError;
    fn try_from(text: String) -> Result<Self, ChecksumError> {
        Self::parse(&text)
    }
}

impl From<Crc64Nvme> for String {
    fn from(crc: Crc64Nvme) -> Self {
        crc.0
    }
}

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Sha256Sum, "Sha256", {
    "type": "string",
    "pattern": "^[0-9A-Fa-f]{64}$",
    "examples": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
});

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Crc64Nvme, "Crc64Nvme", {
    "type": "string",
    "pattern": "^[A-Za-z0-9+/]{10}[AEIMQUYcgkosw048]=$",
    "examples": ["AuUcyF784aU="],
});

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn sha256_is_the_same_in_both_forms() {
        let sum = Sha256Sum::parse(&EMPTY.to_uppercase()).unwrap();
        assert_eq!(sum.to_string(), EMPTY);
        assert_eq!(sum.to_base64(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_eq!(Sha256Sum::from_base64(&sum.to_base64()), Ok(sum));
    }

    #[test]
    fn what_is_not_a_checksum_is_refused() {
        for text in ["", "e3", &EMPTY[1..], &format!("{EMPTY}0"), &EMPTY.replace('e', "g"), "ä"] {
            assert!(Sha256Sum::parse(text).is_err(), "{text}");
        }
        assert!(Sha256Sum::from_base64("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-3").is_err());
        assert!(Crc64Nvme::parse("AuUcyF784aU=").is_ok());
        for text in ["", "AuUcyF784aU", "AuUcyF784aUA", "AuUcyF784aV=", "47DEQpj8HBSa+/TImW+5JA==", "=", "äöüäöüä="]
        {
            assert!(Crc64Nvme::parse(text).is_err(), "{text}");
        }
    }
}
