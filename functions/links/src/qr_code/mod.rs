//! Draws QR codes (ISO/IEC 18004): checks the style, and makes the grid of dark and light modules.

mod color;
mod png;
mod svg;
#[cfg(test)]
mod tests;

use qrcode::{Color as Module, EcLevel, QrCode};
use waypost_api::qr::{DEFAULT_MARGIN, DEFAULT_SIZE, MAX_MARGIN, MAX_SIZE, MIN_SIZE, QrQuery};
use waypost_domain::values::field_errors::Errors;
use waypost_domain::{Error, StoreError, StoreErrorKind};

use color::Color;

/// The least width of a module, in pixels. Readers cannot read smaller modules from a screen.
const MIN_MODULE: u32 = 2;
/// The least contrast, as WCAG 2 defines it. Readers need less than people, but print fades.
const MIN_CONTRAST: f64 = 3.0;

/// The style of a code.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) format: Format,
    size: u32,
    margin: u32,
    ecc: EcLevel,
    color: Color,
    background: Color,
}

/// A format of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Png,
}

impl Format {
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
        }
    }
}

impl Style {
    /// Checks the requested style.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the wrong parameters.
    pub(crate) fn check(wanted: &QrQuery) -> Result<Self, Error> {
        let mut errors = Errors::default();
        let format = match wanted.format.as_deref() {
            None | Some("svg") => Some(Format::Svg),
            Some("png") => Some(Format::Png),
            Some(_) => errors.note("format", Err("must be svg or png")),
        };
        let size = wanted.size.unwrap_or(DEFAULT_SIZE);
        if !(MIN_SIZE..=MAX_SIZE).contains(&size) {
            errors.add("size", format!("must be {MIN_SIZE} to {MAX_SIZE} pixels"));
        }
        let margin = wanted.margin.unwrap_or(DEFAULT_MARGIN);
        if margin > MAX_MARGIN {
            errors.add("margin", format!("must be 0 to {MAX_MARGIN} modules"));
        }
        let ecc = match wanted.ecc.as_deref() {
            Some("L") => Some(EcLevel::L),
            None | Some("M") => Some(EcLevel::M),
            Some("Q") => Some(EcLevel::Q),
            Some("H") => Some(EcLevel::H),
            Some(_) => errors.note("ecc", Err("must be L, M, Q or H")),
        };
        let color = errors.note("color", Color::parse(wanted.color.as_deref().unwrap_or("000000")));
        let background = errors.note("background", Color::parse(wanted.background.as_deref().unwrap_or("ffffff")));
        if let (Some(color), Some(background)) = (color, background)
            && background.contrast_to(color) < MIN_CONTRAST
        {
            let detail = format!("must be darker than background, with a contrast of at least {MIN_CONTRAST}:1");
            errors.add("color", detail);
        }
        let colors = color.zip(background);
        let style = format.zip(ecc).zip(colors).map(|((format, ecc), (color, background))| Self {
            format,
            size,
            margin,
            ecc,
            color,
            background,
        });
        errors.or(style)
    }
}

/// The modules of a code, row by row, and their place in the image.
struct Grid {
    modules: Vec<bool>,
    /// The number of modules in a row.
    width: u32,
    /// The number of modules in a row with the margin on both sides.
    total: u32,
}

impl Grid {
    /// Tells whether the module is dark.
    fn is_dark(&self, x: u32, y: u32) -> bool {
        self.modules.get((y * self.width + x) as usize).copied().unwrap_or_default()
    }
}

/// Draws a code with `content`.
///
/// # Errors
/// [`Error::Invalid`] if the size is too small for the code.
pub(crate) fn draw(content: &str, style: &Style) -> Result<Vec<u8>, Error> {
    let code = QrCode::with_error_correction_level(content, style.ecc).map_err(|error| broken(error.to_string()))?;
    let width = u32::try_from(code.width()).map_err(|error| broken(error.to_string()))?;
    let modules = code.into_colors().into_iter().map(|module| module == Module::Dark).collect();
    let grid = Grid { modules, width, total: width + 2 * style.margin };
    let least = grid.total * MIN_MODULE;
    if style.size < least {
        return Err(Error::invalid("size", format!("must be at least {least} for this link, margin and ecc")));
    }
    match style.format {
        Format::Svg => Ok(svg::draw(&grid, style).into_bytes()),
        Format::Png => png::draw(&grid, style).map_err(|error| broken(error.to_string())),
    }
}

/// Makes the error of a defect here: a short URL always fits into a code, and a grid into an image.
fn broken(cause: String) -> Error {
    StoreError::new("qr.draw", StoreErrorKind::Broken, cause).into()
}
