//! Draws a code as SVG: one path, with a rectangle for every run of dark modules.

use std::fmt::Write;

use super::{Grid, Style};

pub(super) fn draw(grid: &Grid, style: &Style) -> String {
    let (size, total) = (style.size, grid.total);
    let mut path = String::new();
    for y in 0..grid.width {
        let mut x = 0;
        while x < grid.width {
            let run = (x..grid.width).take_while(|&x| grid.is_dark(x, y)).zip(1_u32..).last().map_or(0, |(_, run)| run);
            if run > 0 {
                // Writing to a String does not fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + style.margin, y + style.margin);
            }
            x += run.max(1);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 {total} {total}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{total}\" height=\"{total}\" fill=\"{}\"/>\
         <path fill=\"{}\" d=\"{path}\"/></svg>",
        style.background.hex(),
        style.color.hex()
    )
}
