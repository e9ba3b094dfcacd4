//! Colours and the contrast between them.

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Color(pub(crate) [u8; 3]);

impl Color {
    /// Reads `RRGGBB` with or without `#`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let valid = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| valid);
        let [_, red, green, blue] = number.ok_or("must be a colour such as 1a2b3c")?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }

    /// Reads the colour of a background: as [`Color::parse`] does, or `transparent`, which is `None`.
    pub(crate) fn parse_background(text: &str) -> Result<Option<Self>, &'static str> {
        if text == "transparent" {
            return Ok(None);
        }
        Self::parse(text).map(Some).map_err(|_| "must be a colour such as 1a2b3c, or transparent")
    }

    /// Lays a colour with its opacity upon this one. The result is opaque.
    pub(crate) fn below(self, [red, green, blue, opacity]: [u8; 4]) -> [u8; 4] {
        let opacity = u16::from(opacity);
        // A mean of two bytes is a byte.
        let mix = |below: u8, above: u8| {
            ((u16::from(below) * (255 - opacity) + u16::from(above) * opacity + 127) / 255) as u8
        };
        let Self([below_red, below_green, below_blue]) = self;
        [mix(below_red, red), mix(below_green, green), mix(below_blue, blue), u8::MAX]
    }

    /// Writes `#rrggbb`.
    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Computes the contrast to `dark`: 21 for white to black, less than 1 if this is the darker colour (WCAG 2.2,
    /// "contrast ratio").
    pub(crate) fn contrast_to(self, dark: Self) -> f64 {
        (self.luminance() + 0.05) / (dark.luminance() + 0.05)
    }

    /// Computes the relative luminance (WCAG 2.2).
    fn luminance(self) -> f64 {
        let linear = self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
}
