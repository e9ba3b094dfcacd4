//! `/v1/links/{slug}/qr`.

use schemars::JsonSchema;
use serde::Deserialize;
use waypost_domain::Domain;

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

/// How to draw a code, unchecked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct QrQuery {
    /// A domain of the stack; the default one if absent.
    #[schemars(with = "Option<Domain>")]
    pub domain: Option<String>,
    /// The format of the image.
    #[schemars(extend("enum" = ["svg", "png"], "default" = "svg"))]
    pub format: Option<String>,
    /// Width and height, in pixels. A size that makes a module narrower than two pixels is refused.
    #[schemars(range(min = MIN_SIZE, max = MAX_SIZE), extend("default" = DEFAULT_SIZE))]
    pub size: Option<u32>,
    /// The light border, in modules.
    #[schemars(range(max = MAX_MARGIN), extend("default" = DEFAULT_MARGIN))]
    pub margin: Option<u32>,
    /// Error correction.
    #[schemars(extend("enum" = ["L", "M", "Q", "H"], "default" = "M"))]
    pub ecc: Option<String>,
    /// The colour of the dark modules. Must be darker than `background`, with a contrast of at least 3:1.
    #[schemars(regex(pattern = COLOR), extend("default" = "000000"))]
    pub color: Option<String>,
    /// The colour of the light modules and the border.
    #[schemars(regex(pattern = COLOR), extend("default" = "ffffff"))]
    pub background: Option<String>,
}

const COLOR: &str = "^#?[0-9A-Fa-f]{6}$";
