//! Draws QR codes (ISO/IEC 18004): checks the style, makes the grid of dark and light modules, and draws their outline.

mod color;
mod defect;
mod grid;
mod layout;
mod logo;
mod outline;
mod png;
mod style;
mod svg;
#[cfg(test)]
mod tests;

use waypost_domain::{Error, StoreError, StoreErrorKind};

use self::defect::Defect;
use self::grid::Grid;
pub(crate) use self::style::{Format, Style};

/// Draws a code with `content`.
///
/// # Errors
/// [`Error::Invalid`] if the size is too small for the code.
pub(crate) fn draw(content: &str, style: &Style) -> Result<Vec<u8>, Error> {
    let grid = Grid::of(content, style).map_err(broken)?;
    let least = grid.total * style.shape.min_module();
    if style.size < least {
        return Err(Error::invalid("size", format!("must be at least {least} for this link, margin and ecc")));
    }
    match style.format {
        Format::Svg => svg::draw(&grid, style).map(String::into_bytes).map_err(broken),
        Format::Png => png::draw(&grid, style).map_err(broken),
    }
}

/// Makes the error of a defect.
fn broken(cause: Defect) -> Error {
    StoreError::new("qr.draw", StoreErrorKind::Broken, cause.to_string()).into()
}
