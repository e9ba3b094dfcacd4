//! The modules of a code.

use qrcode::{Color as Module, QrCode};

use super::defect::Defect;
use super::layout::Area;
use super::style::Style;

/// The width of an eye, in modules.
pub(super) const EYE: u32 = 7;

/// The modules of a code, row by row, and their place in the image.
pub(super) struct Grid {
    modules: Vec<bool>,
    /// The number of modules in a row.
    pub(super) width: u32,
    /// The number of modules in a row with the margin on both sides.
    pub(super) total: u32,
    /// The area for the logo, without dark modules.
    pub(super) logo_area: Option<Area>,
}

impl Grid {
    /// Makes the code of `content`.
    ///
    /// # Errors
    /// The content does not fit into a code.
    pub(super) fn of(content: &str, style: &Style) -> Result<Self, Defect> {
        let code = QrCode::with_error_correction_level(content, style.ecc)?;
        let width = u32::try_from(code.width())?;
        let modules = code.into_colors().into_iter().map(|module| module == Module::Dark).collect();
        let logo_area = style.logo.as_ref().map(|logo| Area::of(logo.size(), width, style.logo_size));
        Ok(Self { modules, width, total: width + 2 * style.margin, logo_area })
    }

    /// Tells whether the module is dark. Outside of the code, no module is.
    pub(super) fn is_dark(&self, x: u32, y: u32) -> bool {
        let is_inside = x < self.width && y < self.width && !self.logo_area.is_some_and(|area| area.contains(x, y));
        is_inside && self.modules.get((y * self.width + x) as usize).copied().unwrap_or_default()
    }

    /// Returns the upper left modules of the eyes.
    pub(super) fn eyes(&self) -> [(u32, u32); 3] {
        let far = self.width - EYE;
        [(0, 0), (far, 0), (0, far)]
    }

    /// Tells whether the module belongs to an eye.
    pub(super) fn is_in_eye(&self, x: u32, y: u32) -> bool {
        self.eyes().iter().any(|&(left, top)| (left..left + EYE).contains(&x) && (top..top + EYE).contains(&y))
    }

    /// Calls `see` with every run of modules in a row that are dark and chosen: x, y, and the number of them.
    pub(super) fn runs(&self, choose: impl Fn(u32, u32) -> bool, mut see: impl FnMut(u32, u32, u32)) {
        let is_chosen = |x, y| self.is_dark(x, y) && choose(x, y);
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let run =
                    (x..self.width).take_while(|&x| is_chosen(x, y)).zip(1_u32..).last().map_or(0, |(_, run)| run);
                if run > 0 {
                    see(x, y, run);
                }
                x += run.max(1);
            }
        }
    }
}
