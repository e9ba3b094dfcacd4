//! Draws a code as SVG: one path, and the logo as an embedded PNG that we made ourselves.

use std::fmt::Write;

use super::defect::Defect;
use super::grid::Grid;
use super::layout::Place;
use super::outline::{Point, Step, outline};
use super::style::{Eyes, Shape, Style};

pub(super) fn draw(grid: &Grid, style: &Style) -> Result<String, Defect> {
    let (size, total) = (style.size, grid.total);
    let is_square = style.shape == Shape::Square && style.eyes == Eyes::Square;
    let path = if is_square { runs(grid, style.margin) } else { curves(grid, style) };
    let rendering = if is_square && style.logo.is_none() { " shape-rendering=\"crispEdges\"" } else { "" };
    let mut image = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 {total} {total}\"{rendering}>"
    );
    if let Some(background) = style.background {
        write!(image, "<rect width=\"{total}\" height=\"{total}\" fill=\"{}\"/>", background.hex())?;
    }
    write!(image, "<path fill=\"{}\" d=\"{path}\"/>", style.color.hex())?;
    if let (Some(logo), Some(area)) = (&style.logo, grid.logo_area) {
        let Place { x, y, width, height } = Place::of(logo.size(), area, style.margin);
        let data = logo.data_url()?;
        write!(image, "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" href=\"{data}\"/>")?;
    }
    image.push_str("</svg>");
    Ok(image)
}

/// Writes square modules: a rectangle for every run of dark ones.
fn runs(grid: &Grid, margin: u32) -> String {
    let mut path = String::new();
    grid.runs(
        |_, _| true,
        |x, y, run| {
            // Writing to a String does not fail.
            let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + margin, y + margin);
        },
    );
    path
}

/// Writes the outline of modules of any shape.
fn curves(grid: &Grid, style: &Style) -> String {
    let mut path = String::new();
    let mut pen = (0.0, 0.0);
    for step in outline(grid, style) {
        write_step(&mut path, step, pen, style.margin);
        if let Step::Move(to) | Step::Line(to) | Step::Quarter { to, .. } = step {
            pen = to;
        }
    }
    path
}

fn write_step(path: &mut String, step: Step, pen: Point, margin: u32) {
    let margin = f64::from(margin);
    // Hundredths of a module are exact in every constant of the outline, but not as sums of binary fractions.
    let round = |value: f32| (f64::from(value) * 100.0).round() / 100.0;
    let (place, distance) = (|value: f32| round(value) + margin, |from: f32, to: f32| round(to - from));
    let _ = match step {
        Step::Move((x, y)) => write!(path, "M{} {}", place(x), place(y)),
        Step::Line((x, _)) if x.to_bits() != pen.0.to_bits() => write!(path, "h{}", distance(pen.0, x)),
        Step::Line((_, y)) if y.to_bits() != pen.1.to_bits() => write!(path, "v{}", distance(pen.1, y)),
        Step::Line(_) => Ok(()),
        Step::Quarter { corner, to } => {
            let (before, after) = ((corner.0 - pen.0, corner.1 - pen.1), (to.0 - corner.0, to.1 - corner.1));
            let is_clockwise = before.0 * after.1 - before.1 * after.0 > 0.0;
            let radius = round((before.0 + before.1).abs());
            let (dx, dy) = (distance(pen.0, to.0), distance(pen.1, to.1));
            write!(path, "a{radius} {radius} 0 0 {} {dx} {dy}", u8::from(is_clockwise))
        }
        Step::Close => write!(path, "z"),
    };
}
