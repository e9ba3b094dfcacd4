//! Reads the logo of a code. It is the file of a stranger: its size, its kind and its number of pixels are checked
//! before it is decoded, and only its pixels come out again, never its bytes.

use std::io::Cursor;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use image::imageops::{FilterType, resize};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};
use waypost_api::qr::{MAX_LOGO_BYTES, MAX_LOGO_SIDE};

use super::defect::Defect;

/// How many bytes the decoder may allocate: 16 for each pixel of the largest logo.
const MAX_DECODER_BYTES: u64 = 16 * (MAX_LOGO_SIDE as u64) * (MAX_LOGO_SIDE as u64);
/// The greatest width and height of a logo inside an SVG, in pixels. Embedded, it would make the file large for
/// nothing.
const MAX_EMBEDDED_SIDE: u32 = 512;
/// Base64 with padding or without: `base64` and libraries differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
const NOT_A_DATA_URL: &str = "must be a data: URL in base64, such as data:image/png;base64,iVBORw0…";
const WRONG_KIND: &str = "must be a PNG or JPEG. Convert other images, such as SVG, to PNG";

/// The pixels of a logo.
#[derive(Debug, Clone)]
pub(crate) struct Logo(RgbaImage);

impl Logo {
    /// Reads a logo from a `data:` URL (RFC 2397). What the URL says about the kind does not matter; the file's first
    /// bytes tell.
    ///
    /// # Errors
    /// It is no such URL, too large, of another kind, or broken.
    pub(super) fn read(url: &str) -> Result<Self, String> {
        let (kind, data) = url.trim().split_once(',').ok_or(NOT_A_DATA_URL)?;
        let kind = kind.to_ascii_lowercase();
        let kind = kind.strip_prefix("data:").ok_or(NOT_A_DATA_URL)?;
        if kind.starts_with("image/svg") {
            return Err(WRONG_KIND.to_owned());
        }
        if !kind.ends_with(";base64") {
            return Err(NOT_A_DATA_URL.to_owned());
        }
        // Tools break lines.
        let data: Vec<u8> = data.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let file = BASE64.decode(data).map_err(|_| NOT_A_DATA_URL)?;
        if file.len() > MAX_LOGO_BYTES {
            return Err(format!("must have at most {MAX_LOGO_BYTES} bytes"));
        }
        Self::decode(&file)
    }

    fn decode(file: &[u8]) -> Result<Self, String> {
        let format = match image::guess_format(file) {
            Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
            _ => return Err(WRONG_KIND.to_owned()),
        };
        let broken = |error: image::ImageError| format!("cannot be decoded: {error}");
        let mut reader = ImageReader::with_format(Cursor::new(file), format);
        let mut limits = Limits::no_limits();
        limits.max_alloc = Some(MAX_DECODER_BYTES);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(broken)?;
        let (width, height) = decoder.dimensions();
        if !(1..=MAX_LOGO_SIDE).contains(&width) || !(1..=MAX_LOGO_SIDE).contains(&height) {
            return Err(format!("must have at most {MAX_LOGO_SIDE} × {MAX_LOGO_SIDE} pixels, not {width} × {height}"));
        }
        let orientation = decoder.orientation().map_err(broken)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(broken)?;
        image.apply_orientation(orientation);
        Ok(Self(image.into_rgba8()))
    }

    /// Returns the width and height, in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// Returns the logo with this width and height, in pixels.
    pub(super) fn scaled(&self, width: u32, height: u32) -> RgbaImage {
        let mut weighted = self.0.clone();
        // Weigh colours by their opacity: those of transparent pixels must not bleed into the others.
        weighted.pixels_mut().for_each(|pixel| *pixel = weigh(*pixel));
        let mut scaled = resize(&weighted, width, height, FilterType::CatmullRom);
        scaled.pixels_mut().for_each(|pixel| *pixel = unweigh(*pixel));
        scaled
    }

    /// Makes a `data:` URL of the pixels, as PNG.
    pub(super) fn data_url(&self) -> Result<String, Defect> {
        let (width, height) = self.0.dimensions();
        let longest = width.max(height);
        let side = |side: u32| (side * MAX_EMBEDDED_SIDE / longest).max(1);
        let mut file = Cursor::new(Vec::new());
        if longest > MAX_EMBEDDED_SIDE {
            self.scaled(side(width), side(height)).write_to(&mut file, ImageFormat::Png)?;
        } else {
            self.0.write_to(&mut file, ImageFormat::Png)?;
        }
        Ok(format!("data:image/png;base64,{}", BASE64.encode(file.into_inner())))
    }
}

fn weigh(Rgba([red, green, blue, alpha]): Rgba<u8>) -> Rgba<u8> {
    // A product of two bytes, divided by 255, is a byte.
    let by_alpha = |channel: u8| ((u16::from(channel) * u16::from(alpha) + 127) / 255) as u8;
    Rgba([by_alpha(red), by_alpha(green), by_alpha(blue), alpha])
}

fn unweigh(Rgba([red, green, blue, alpha]): Rgba<u8>) -> Rgba<u8> {
    let by_alpha = |channel: u8| (u16::from(channel) * 255).checked_div(u16::from(alpha)).unwrap_or(0).min(255) as u8;
    Rgba([by_alpha(red), by_alpha(green), by_alpha(blue), alpha])
}
