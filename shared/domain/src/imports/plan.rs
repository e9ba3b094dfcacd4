//! Divides a file into parts that can be loaded at the same time.

use futures::stream::StreamExt;

use super::job::import::Import;
use super::job::options::OnConflict;
use super::job::part::Part;
use super::loader::Loader;
use super::rows::{Boundaries, Boundary, Layout, Limits, Next, RowPlace, Rows};
use crate::files::ports::{Body, Object};
use crate::values::error::StoreError;

/// The parts of a file and what it is, or why it cannot be read.
type Planned = Result<(Vec<Part>, Option<Layout>), String>;

/// The most parts that a file is divided into: the records of all are read to see how far an import is.
const MAX_PARTS: u64 = 200;

/// The parts of `object`. A small file is one part, and so is one that cannot be divided: an archive, or one where a conflict
/// is to end the import, so that nothing after it is written.
pub(super) async fn plan(loader: &Loader, import: &Import, object: Object) -> Result<Planned, StoreError> {
    let size = object.size;
    let whole = || vec![import.plan_part(0, RowPlace::START, size, loader.clock.now())];
    if size <= loader.part_bytes || import.options.on_conflict == OnConflict::Fail {
        return Ok(Ok((whole(), None)));
    }
    let layout = match recognise(object).await? {
        Ok(layout) => layout,
        Err(reason) => return Ok(Err(reason)),
    };
    let every = loader.part_bytes.max(size.div_ceil(MAX_PARTS));
    let Some(boundaries) = layout.as_ref().and_then(|layout| Boundaries::new(layout, RowPlace::START, every)) else {
        return Ok(Ok((whole(), None)));
    };
    let Some(etag) = &import.etag else { return Ok(Ok((whole(), None))) };
    let Some(body) = loader.objects.open_range(&import.object_key, etag, 0, size).await? else {
        return Ok(Err("the file was replaced while it was being loaded".to_owned()));
    };
    let places = scan(boundaries, body).await?;
    let ends = places.iter().skip(1).map(|place| place.byte).chain([size]);
    let parts = places.iter().zip(ends).zip(0..);
    let now = loader.clock.now();
    let parts = parts.map(|((start, end), number)| import.plan_part(number, *start, end, now)).collect();
    Ok(Ok((parts, layout)))
}

/// What the file is if it can be divided, or why it cannot be read.
async fn recognise(mut object: Object) -> Result<Result<Option<Layout>, String>, StoreError> {
    let mut rows = Rows::new(object.size, Limits::default());
    loop {
        match rows.next_row() {
            Ok(Next::More) => match object.body.next().await {
                Some(piece) => rows.feed(&piece?),
                None => rows.end(),
            },
            // An archive, which is read as a whole.
            Ok(Next::Seek(_)) => return Ok(Ok(None)),
            Ok(Next::Row(_) | Next::End) => {
                return Ok(Ok(rows.layout().filter(|layout| layout.is_splittable()).cloned()));
            }
            Err(unreadable) => return Ok(Err(unreadable.to_string())),
        }
    }
}

/// Where parts begin.
async fn scan(mut boundaries: Boundaries, mut body: Body) -> Result<Vec<RowPlace>, StoreError> {
    let mut places = vec![RowPlace::START];
    loop {
        match boundaries.next_boundary() {
            Boundary::Place(place) => places.push(place),
            Boundary::More => match body.next().await {
                Some(piece) => boundaries.feed(&piece?),
                None => boundaries.end(),
            },
            Boundary::End(end) => {
                // Nothing is behind the last row.
                if places.len() > 1 && places.last() == Some(&end) {
                    places.pop();
                }
                return Ok(places);
            }
        }
    }
}
