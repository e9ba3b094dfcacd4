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

    /// Writes `#rrggbb`.
    pub(crate) fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// Computes the contrast to `dark`: 21 for white to black, less than 1 if this is the darker colour (WCAG 2.2, "contrast
    /// ratio").
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
