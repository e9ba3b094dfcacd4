//! Looks up countries of addresses in a database file in MaxMind's format (GeoLite2, DB-IP and others).

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use maxminddb::{MaxMindDbError, Mmap, Reader, path};
use waypost_domain::redirect::ports::Countries;

/// Countries in a database file. The file is mapped into memory at the first look-up, so that it does not slow the start, and
/// only the pages in use are read.
#[derive(Debug)]
pub(crate) struct MaxMindCountries {
    path: PathBuf,
    reader: OnceLock<Option<Reader<Mmap>>>,
}

impl MaxMindCountries {
    /// Looks up in the file at `path`. The file must not change in place while the process lives; on Lambda it cannot: layers
    /// and packages are read-only.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), reader: OnceLock::new() }
    }

    /// Opens the file once. If that fails, it logs the error and no country is known.
    fn reader(&self) -> Option<&Reader<Mmap>> {
        let opened = self.reader.get_or_init(|| {
            open(&self.path)
                .inspect_err(
                    |error| tracing::error!(event = "countries.not_opened", path = %self.path.display(), %error),
                )
                .ok()
        });
        opened.as_ref()
    }
}

#[allow(unsafe_code, reason = "there is no safe way to map a file into memory")]
fn open(path: &Path) -> Result<Reader<Mmap>, MaxMindDbError> {
    // SAFETY: the file is part of a read-only layer or package, as `MaxMindCountries::new` requires.
    unsafe { Reader::open_mmap(path) }
}

impl Countries for MaxMindCountries {
    fn country(&self, address: IpAddr) -> Option<String> {
        let found = self.reader()?.lookup(address).and_then(|found| found.decode_path(&path!["country", "iso_code"]));
        found.inspect_err(|error| tracing::warn!(event = "countries.not_read", %error)).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Networks of the ranges for documentation, written with mmdb-writer: 203.0.113.0/24 is in `CH`, 2001:db8::/32 in `AT`,
    /// and 198.51.100.0/24 has no country.
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/countries.mmdb");

    #[test]
    fn address_has_the_country_of_its_network() {
        let countries = MaxMindCountries::new(FIXTURE);
        for (address, country) in
            [("203.0.113.9", Some("CH")), ("2001:db8::1", Some("AT")), ("198.51.100.7", None), ("192.0.2.1", None)]
        {
            assert_eq!(countries.country(address.parse().unwrap()).as_deref(), country, "{address}");
        }
    }

    #[test]
    fn unusable_file_gives_no_country() {
        for path in ["/nonexistent", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")] {
            assert_eq!(MaxMindCountries::new(path).country("203.0.113.9".parse().unwrap()), None);
        }
    }
}
