//! Divides a file into parts that can be loaded at the same time.

use futures::stream::StreamExt;

use super::job::import::Import;
use super::job::options::OnConflict;
use super::job::part::Part;
use super::load_ports::LoadImportPorts;
use super::rows::{Boundaries, Boundary, ColumnNames, Layout, Limits, Next, RowPlace, Rows};
use crate::files::ports::{Body, Object};
use crate::values::error::StoreError;

/// The parts of a file and its layout, or why it cannot be read.
type Planned = Result<(Vec<Part>, Option<Layout>), String>;

/// The most parts of a file. Each look at an import's progress reads the records of all its parts.
const MAX_PARTS: u64 = 200;

/// Plans the parts of `object`. A small file is one part, and so is a file that cannot be divided: an archive, or a file whose
/// import ends at the first conflict, since no row after the conflict may be written.
pub(super) async fn plan_parts(
    ports: &LoadImportPorts,
    import: &Import,
    object: Object,
) -> Result<Planned, StoreError> {
    let size = object.size;
    let whole = || vec![import.plan_part(0, RowPlace::START, size, ports.clock.now())];
    if size <= ports.part_bytes || import.options.on_conflict == OnConflict::Fail {
        return Ok(Ok((whole(), None)));
    }
    let layout = match recognise_layout(object, &import.options.rows.columns).await? {
        Ok(layout) => layout,
        Err(reason) => return Ok(Err(reason)),
    };
    let every = ports.part_bytes.max(size.div_ceil(MAX_PARTS));
    let Some(boundaries) = layout.as_ref().and_then(|layout| Boundaries::new(layout, RowPlace::START, every)) else {
        return Ok(Ok((whole(), None)));
    };
    let Some(etag) = &import.etag else { return Ok(Ok((whole(), None))) };
    let Some(body) = ports.objects.open_range(&import.object_key, etag, 0, size).await? else {
        return Ok(Err("the file was replaced while it was being loaded".to_owned()));
    };
    let places = find_starts(boundaries, body).await?;
    let ends = places.iter().skip(1).map(|place| place.byte).chain([size]);
    let parts = places.iter().zip(ends).zip(0..);
    let now = ports.clock.now();
    let parts = parts.map(|((start, end), number)| import.plan_part(number, *start, end, now)).collect();
    Ok(Ok((parts, layout)))
}

/// Returns the file's layout if the file can be divided, or why it cannot be read.
async fn recognise_layout(
    mut object: Object,
    columns: &ColumnNames,
) -> Result<Result<Option<Layout>, String>, StoreError> {
    let mut rows = Rows::new(object.size, Limits::default()).with_columns(columns);
    loop {
        match rows.next_row() {
            Ok(Next::More) => match object.body.next().await {
                Some(piece) => rows.feed(&piece?),
                None => rows.end(),
            },
            // Only what cannot be divided pauses. Do not look for its first row, which may be far away.
            Ok(Next::Pause) => return Ok(Ok(None)),
            // An archive is read as a whole.
            Ok(Next::Seek(_)) => return Ok(Ok(None)),
            Ok(Next::Row(_) | Next::End) => {
                return Ok(Ok(rows.layout().filter(|layout| layout.is_splittable()).cloned()));
            }
            Err(unreadable) => return Ok(Err(unreadable.to_string())),
        }
    }
}

/// Finds the places where parts begin.
async fn find_starts(mut boundaries: Boundaries, mut body: Body) -> Result<Vec<RowPlace>, StoreError> {
    let mut places = vec![RowPlace::START];
    loop {
        match boundaries.next_boundary() {
            Boundary::Place(place) => places.push(place),
            Boundary::More => match body.next().await {
                Some(piece) => boundaries.feed(&piece?),
                None => boundaries.end(),
            },
            Boundary::End(end) => {
                // No row follows the last boundary.
                if places.len() > 1 && places.last() == Some(&end) {
                    places.pop();
                }
                return Ok(places);
            }
        }
    }
}
