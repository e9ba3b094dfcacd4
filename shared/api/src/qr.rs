//! `/v1/links/{slug}/qr`.

use schemars::JsonSchema;
use serde::Deserialize;
use waypost_domain::Domain;
use waypost_domain::values::json::whole_or_null;

/// The least width and height of a code, in pixels.
pub const MIN_SIZE: u32 = 64;
/// The greatest width and height of a code, in pixels.
pub const MAX_SIZE: u32 = 2048;
/// The width and height where the request does not say, in pixels.
pub const DEFAULT_SIZE: u32 = 256;
/// The greatest width of the light border, in modules.
pub const MAX_MARGIN: u32 = 16;
/// The width of the border where the request does not say, in modules: the standard's minimum.
pub const DEFAULT_MARGIN: u32 = 4;
/// The greatest size of a logo's file, in bytes.
pub const MAX_LOGO_BYTES: usize = 128 * 1024;
/// The greatest width and height of a logo's file, in pixels.
pub const MAX_LOGO_SIDE: u32 = 1024;
/// The least width of the area for the logo, in percent of the code's.
pub const MIN_LOGO_SIZE: u32 = 10;
/// The greatest width of the area for the logo, in percent of the code's: 9 percent of its area, while error correction
/// `H` restores 30 percent of the codewords.
pub const MAX_LOGO_SIZE: u32 = 30;
/// The width of the area for the logo where the request does not say, in percent of the code's.
pub const DEFAULT_LOGO_SIZE: u32 = 22;

/// How to draw a code, unchecked, as the query of a GET has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct QrQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// The format of the image.
    #[schemars(extend("enum" = ["svg", "png"], "default" = "svg"))]
    pub format: Option<String>,
    /// Width and height, in pixels. A size that makes a module narrower than two pixels (a dot: three) is refused.
    #[schemars(range(min = MIN_SIZE, max = MAX_SIZE), extend("default" = DEFAULT_SIZE))]
    pub size: Option<u32>,
    /// The light border, in modules.
    #[schemars(range(max = MAX_MARGIN), extend("default" = DEFAULT_MARGIN))]
    pub margin: Option<u32>,
    /// Error correction.
    #[schemars(extend("enum" = ["L", "M", "Q", "H"], "default" = "M"))]
    pub ecc: Option<String>,
    /// The shape of the dark modules. Rounded ones that touch each other are one shape.
    #[schemars(extend("enum" = ["square", "rounded", "dots"], "default" = "square"))]
    pub shape: Option<String>,
    /// The shape of the three eyes in the corners. Rounded ones keep their outer corners, which some readers look for. If absent,
    /// square with square modules, else rounded.
    #[schemars(extend("enum" = ["square", "rounded"]))]
    pub eyes: Option<String>,
    /// The colour of the dark modules. Must be darker than `background`, with a contrast of at least 3:1.
    #[schemars(regex(pattern = COLOR), extend("default" = "000000"))]
    pub color: Option<String>,
    /// The colour of the light modules and the border, or `transparent` for a code that is laid on something white or
    /// light.
    #[schemars(regex(pattern = BACKGROUND), extend("default" = "ffffff"))]
    pub background: Option<String>,
}

/// How to draw a code, unchecked, as the body of a POST has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QrCodeStyle")]
pub struct QrStyle {
    /// The format of the image.
    #[schemars(extend("enum" = ["svg", "png", null], "default" = "svg"))]
    pub format: Option<String>,
    /// Width and height, in pixels. A size that makes a module narrower than two pixels (a dot: three) is refused.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schemars(range(min = MIN_SIZE, max = MAX_SIZE), extend("default" = DEFAULT_SIZE))]
    pub size: Option<u32>,
    /// The light border, in modules.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schemars(range(max = MAX_MARGIN), extend("default" = DEFAULT_MARGIN))]
    pub margin: Option<u32>,
    /// Error correction. If absent, `H` with a logo, else `M`. A code with a logo cannot have another one than `H`.
    #[schemars(extend("enum" = ["L", "M", "Q", "H", null]))]
    pub ecc: Option<String>,
    /// The shape of the dark modules. Rounded ones that touch each other are one shape.
    #[schemars(extend("enum" = ["square", "rounded", "dots", null], "default" = "square"))]
    pub shape: Option<String>,
    /// The shape of the three eyes in the corners. Rounded ones keep their outer corners, which some readers look for. If absent,
    /// square with square modules, else rounded.
    #[schemars(extend("enum" = ["square", "rounded", null]))]
    pub eyes: Option<String>,
    /// The colour of the dark modules. Must be darker than `background`, with a contrast of at least 3:1.
    #[schemars(regex(pattern = COLOR), extend("default" = "000000"))]
    pub color: Option<String>,
    /// The colour of the light modules and the border, or `transparent` for a code that is laid on something white or
    /// light.
    #[schemars(regex(pattern = BACKGROUND), extend("default" = "ffffff"))]
    pub background: Option<String>,
    /// A PNG or JPEG of at most 128 KiB and 1024 pixels on each side, as a `data:` URL in base64. It is drawn in the
    /// middle of the code, on an area without modules. Waypost does not keep it.
    #[schemars(extend("format" = "image-data-url"))]
    pub logo: Option<String>,
    /// The width of the area for the logo, in percent of the code's width without the border. If absent, 22.
    #[serde(default, deserialize_with = "whole_or_null")]
    #[schemars(range(min = MIN_LOGO_SIZE, max = MAX_LOGO_SIZE))]
    pub logo_size: Option<u32>,
}

impl From<QrQuery> for QrStyle {
    fn from(query: QrQuery) -> Self {
        Self {
            format: query.format,
            size: query.size,
            margin: query.margin,
            ecc: query.ecc,
            shape: query.shape,
            eyes: query.eyes,
            color: query.color,
            background: query.background,
            logo: None,
            logo_size: None,
        }
    }
}

const COLOR: &str = "^#?[0-9A-Fa-f]{6}$";
const BACKGROUND: &str = "^(transparent|#?[0-9A-Fa-f]{6})$";
