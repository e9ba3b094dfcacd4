//! Lays out the logo of a code: the area without modules, and the place of the logo in it.

/// The space between the logo and the modules around it, in modules.
const PADDING: f64 = 0.5;
/// The least side of the area, in modules.
const MIN_SIDE: u32 = 3;

/// A rectangle of modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// A rectangle in the image, in modules.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// Returns the area in the middle of a code of `code_width` modules for a logo of `width` × `height` pixels: as the
    /// logo is shaped, and at most `percent` of the code's width. Its sides are odd, as those of a code are, so that it
    /// covers whole modules.
    pub(super) fn of(logo: (u32, u32), code_width: u32, percent: u32) -> Self {
        let odd_at_most = |side: u32| (side - 1) | 1;
        let longest = odd_at_most((code_width * percent / 100).max(MIN_SIDE));
        let larger = logo.0.max(logo.1);
        // The logo has one module less, the padding on both sides. Enlarge what the shorter side needs to a whole odd
        // number.
        let side = |pixels: u32| (((longest - 1) * pixels).div_ceil(larger) | 1).max(MIN_SIDE).min(longest);
        let (width, height) = (side(logo.0), side(logo.1));
        Self { x: (code_width - width) / 2, y: (code_width - height) / 2, width, height }
    }

    /// Tells whether the area has this module.
    pub(super) fn contains(&self, x: u32, y: u32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }
}

impl Place {
    /// Returns the place of a logo of `width` × `height` pixels in its area. The code begins `margin` modules right of
    /// and below the corner of the image.
    pub(super) fn of(logo: (u32, u32), area: Area, margin: u32) -> Self {
        let (area_width, area_height) = (f64::from(area.width), f64::from(area.height));
        let (logo_width, logo_height) = (f64::from(logo.0), f64::from(logo.1));
        let room = (area_width - 2.0 * PADDING, area_height - 2.0 * PADDING);
        let scale = (room.0 / logo_width).min(room.1 / logo_height);
        let (width, height) = (logo_width * scale, logo_height * scale);
        let corner = |area: u32| f64::from(area + margin);
        let x = corner(area.x) + (area_width - width) / 2.0;
        Self { x, y: corner(area.y) + (area_height - height) / 2.0, width, height }
    }
}
