//! A file of any size that is generated while it is read.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt};
use waypost_domain::StoreError;
use waypost_domain::files::ports::{Body, Object, ObjectReader};

/// The bytes of a row, its line end included.
pub(crate) const ROW_BYTES: u64 = 120;
/// The bytes of a piece, about as S3's client returns them.
const PIECE_BYTES: u64 = 64 * 1024;
const HEADER: &str = "url,slug,title,tags\n";

/// A CSV file with rows of the same length.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GeneratedFile {
    pub(crate) rows: u64,
}

impl GeneratedFile {
    pub(crate) fn size(self) -> u64 {
        HEADER.len() as u64 + self.rows * ROW_BYTES
    }

    /// The bytes from `from` up to `to`.
    fn bytes(from: u64, to: u64) -> Bytes {
        let header = HEADER.len() as u64;
        let mut text = String::new();
        let mut start = from;
        if from < header {
            text.push_str(HEADER);
            start = header;
        }
        let first = (start - header) / ROW_BYTES;
        let begin = if from < header { 0 } else { header + first * ROW_BYTES };
        let last = to.saturating_sub(header).div_ceil(ROW_BYTES);
        for row in first..last {
            text.push_str(&line(row));
        }
        let within = |place: u64| usize::try_from(place - begin).unwrap_or(usize::MAX);
        Bytes::from(text).slice(within(from)..within(to))
    }

    pub(crate) fn read(from: u64, to: u64) -> Body {
        let pieces = stream::unfold(from, move |from| async move {
            let end = (from + PIECE_BYTES).min(to);
            (from < to).then(|| (Ok::<_, StoreError>(Self::bytes(from, end)), end))
        });
        pieces.boxed()
    }
}

/// A row with a slug, a title and tags.
fn line(row: u64) -> String {
    let text = format!(
        "https://www.example.com/articles/{row:010}/read?utm_source=x,row-{row:010},Article {row:010},news|moved"
    );
    let width = usize::try_from(ROW_BYTES).unwrap_or_default() - 1;
    format!("{text:_<width$}\n")
}

#[async_trait]
impl ObjectReader for GeneratedFile {
    async fn open(&self, _: &str) -> Result<Option<Object>, StoreError> {
        let (etag, size) = ("generated".to_owned(), self.size());
        Ok(Some(Object { etag, size, metadata: Default::default(), body: Self::read(0, size) }))
    }

    async fn open_range(&self, _: &str, _: &str, from: u64, to: u64) -> Result<Option<Body>, StoreError> {
        Ok(Some(Self::read(from, to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_is_a_part_of_the_whole() {
        let file = GeneratedFile { rows: 20 };
        let whole = GeneratedFile::bytes(0, file.size());
        assert_eq!(whole.len() as u64, file.size());
        for (from, to) in [(0, 5), (3, 200), (20, 140), (139, 141), (200, file.size())] {
            let (start, end) = (usize::try_from(from).unwrap(), usize::try_from(to).unwrap());
            assert_eq!(GeneratedFile::bytes(from, to), whole.slice(start..end), "{from} {to}");
        }
    }
}
