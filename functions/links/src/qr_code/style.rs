//! Checks the requested style of a code.

use qrcode::EcLevel;
use waypost_api::qr::{
    DEFAULT_LOGO_SIZE, DEFAULT_MARGIN, DEFAULT_SIZE, MAX_LOGO_SIZE, MAX_MARGIN, MAX_SIZE, MIN_LOGO_SIZE, MIN_SIZE,
    QrStyle,
};
use waypost_domain::Error;
use waypost_domain::values::field_errors::Errors;

use super::color::Color;
use super::logo::Logo;

/// The least contrast, as WCAG 2 defines it. Readers need less than people, but print fades.
const MIN_CONTRAST: f64 = 3.0;
/// What a transparent code is laid on.
const WHITE: Color = Color([255; 3]);

/// The style of a code.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    pub(crate) format: Format,
    pub(super) size: u32,
    /// In modules.
    pub(super) margin: u32,
    pub(super) ecc: EcLevel,
    pub(super) shape: Shape,
    pub(super) eyes: Eyes,
    pub(super) color: Color,
    /// `None` is transparent.
    pub(super) background: Option<Color>,
    pub(super) logo: Option<Logo>,
    /// The width of the logo's area in percent of the code's.
    pub(super) logo_size: u32,
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

/// The shape of the dark modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Square,
    Rounded,
    Dots,
}

impl Shape {
    /// Returns the least width of a module, in pixels. Readers cannot read smaller ones from a screen; a dot of two
    /// pixels is rather grey than dark.
    pub(super) fn min_module(self) -> u32 {
        match self {
            Self::Square | Self::Rounded => 2,
            Self::Dots => 3,
        }
    }
}

/// The shape of the eyes, the finder patterns of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eyes {
    Square,
    Rounded,
}

impl Style {
    /// Checks the requested style.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the wrong parameters.
    pub(crate) fn check(wanted: &QrStyle) -> Result<Self, Error> {
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
        let ecc = errors.note("ecc", error_correction(wanted));
        let shape = match wanted.shape.as_deref() {
            None | Some("square") => Some(Shape::Square),
            Some("rounded") => Some(Shape::Rounded),
            Some("dots") => Some(Shape::Dots),
            Some(_) => errors.note("shape", Err("must be square, rounded or dots")),
        };
        let eyes = match wanted.eyes.as_deref() {
            None if shape == Some(Shape::Square) => Some(Eyes::Square),
            None | Some("rounded") => Some(Eyes::Rounded),
            Some("square") => Some(Eyes::Square),
            Some(_) => errors.note("eyes", Err("must be square or rounded")),
        };
        let color = errors.note("color", Color::parse(wanted.color.as_deref().unwrap_or("000000")));
        let background =
            errors.note("background", Color::parse_background(wanted.background.as_deref().unwrap_or("ffffff")));
        if let (Some(color), Some(background)) = (color, background)
            && background.unwrap_or(WHITE).contrast_to(color) < MIN_CONTRAST
        {
            let detail = format!(
                "must be darker than background (white if that is transparent), with a contrast of at least {MIN_CONTRAST}:1"
            );
            errors.add("color", detail);
        }
        let logo = wanted.logo.as_deref().and_then(|logo| errors.note("logo", Logo::read(logo)));
        let logo_size = wanted.logo_size.unwrap_or(DEFAULT_LOGO_SIZE);
        if !(MIN_LOGO_SIZE..=MAX_LOGO_SIZE).contains(&logo_size) {
            errors.add("logo_size", format!("must be {MIN_LOGO_SIZE} to {MAX_LOGO_SIZE} percent"));
        } else if wanted.logo_size.is_some() && wanted.logo.is_none() {
            errors.add("logo_size", "has no effect without logo");
        }
        let (Some(format), Some(ecc), Some(shape), Some(eyes), Some(color), Some(background)) =
            (format, ecc, shape, eyes, color, background)
        else {
            return errors.or(None);
        };
        errors.or(Some(Self { format, size, margin, ecc, shape, eyes, color, background, logo, logo_size }))
    }
}

/// Reads the level of error correction. Beside a logo only the highest one leaves something for dirt and folds.
fn error_correction(wanted: &QrStyle) -> Result<EcLevel, &'static str> {
    let has_logo = wanted.logo.is_some();
    match wanted.ecc.as_deref() {
        None if has_logo => Ok(EcLevel::H),
        Some("H") => Ok(EcLevel::H),
        Some("L" | "M" | "Q") if has_logo => Err("must be H with a logo"),
        Some("L") => Ok(EcLevel::L),
        None | Some("M") => Ok(EcLevel::M),
        Some("Q") => Ok(EcLevel::Q),
        Some(_) => Err("must be L, M, Q or H"),
    }
}
