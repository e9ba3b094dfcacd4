//! Draws a code as PNG. Modules are whole pixels; the rest of the size goes to the margin.

use png::{BitDepth, ColorType, Encoder};
use tiny_skia::{FillRule, Mask, Path, PathBuilder, Transform};

use super::color::Color;
use super::defect::Defect;
use super::grid::Grid;
use super::layout::Place;
use super::logo::Logo;
use super::outline::{Step, outline};
use super::style::{Eyes, Shape, Style};

/// How far the control points of the cubic curve that is nearest to a quarter circle are from its ends, in radii.
const QUARTER: f32 = 0.552_285;
/// The number of channels of a pixel with transparency.
const CHANNELS: usize = 4;

pub(super) fn draw(grid: &Grid, style: &Style) -> Result<Vec<u8>, Defect> {
    let frame = Frame::of(grid, style);
    if style.logo.is_some() {
        return with_logo(grid, style, frame);
    }
    if style.shape == Shape::Square && style.eyes == Eyes::Square {
        return two_colors(grid, style, frame);
    }
    let palette = palette(style, 256);
    encode(style.size, ColorType::Indexed, BitDepth::Eight, Some(&palette), coverage(grid, style, frame)?.data())
}

/// Where the modules are, in pixels.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// The width of a module.
    scale: u32,
    /// The place of the first module.
    offset: u32,
}

impl Frame {
    fn of(grid: &Grid, style: &Style) -> Self {
        let scale = style.size / grid.total;
        Self { scale, offset: (style.size - grid.width * scale) / 2 }
    }
}

/// Draws square modules: two colours, one bit a pixel.
fn two_colors(grid: &Grid, style: &Style, Frame { scale, offset }: Frame) -> Result<Vec<u8>, Defect> {
    let size = style.size;
    let module = |pixel: u32| pixel.checked_sub(offset).map(|pixel| pixel / scale);
    let row_bytes = size.div_ceil(8) as usize;
    let mut pixels = vec![0_u8; row_bytes * size as usize];
    for (row, y) in pixels.chunks_mut(row_bytes).zip(0..size) {
        let Some(module_y) = module(y) else { continue };
        for x in 0..size {
            if module(x).is_some_and(|module_x| grid.is_dark(module_x, module_y)) {
                row[(x / 8) as usize] |= 0x80 >> (x % 8);
            }
        }
    }
    encode(size, ColorType::Indexed, BitDepth::One, Some(&palette(style, 2)), &pixels)
}

/// Draws modules of any shape, and the logo upon them.
fn with_logo(grid: &Grid, style: &Style, frame: Frame) -> Result<Vec<u8>, Defect> {
    let palette = palette(style, 256);
    let dark = coverage(grid, style, frame)?;
    let mut pixels: Vec<u8> = dark.data().iter().flat_map(|&index| palette[usize::from(index)]).collect();
    if let (Some(logo), Some(area)) = (&style.logo, grid.logo_area) {
        draw_logo(&mut pixels, style, logo, Place::of(logo.size(), area, 0), frame);
    }
    if style.background.is_none() {
        return encode(style.size, ColorType::Rgba, BitDepth::Eight, None, &pixels);
    }
    let opaque: Vec<u8> = pixels.chunks_exact(CHANNELS).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    encode(style.size, ColorType::Rgb, BitDepth::Eight, None, &opaque)
}

/// Draws the logo at `place`, which is in modules. No module is there: the logo lies on the background.
fn draw_logo(pixels: &mut [u8], style: &Style, logo: &Logo, place: Place, Frame { scale, offset }: Frame) {
    let scale = f64::from(scale);
    // A place in the image is small and not negative.
    let pixel = |modules: f64| (modules * scale).round() as u32;
    let (left, top) = (offset + pixel(place.x), offset + pixel(place.y));
    let scaled = logo.scaled(pixel(place.width).max(1), pixel(place.height).max(1));
    for (x, y, source) in scaled.enumerate_pixels() {
        let index = ((top + y) * style.size + left + x) as usize * CHANNELS;
        let Some(target) = pixels.get_mut(index..index + CHANNELS) else { continue };
        target.copy_from_slice(&match style.background {
            Some(background) => background.below(source.0),
            None => source.0,
        });
    }
}

/// Draws how much of each pixel is dark: 255 is all of it.
fn coverage(grid: &Grid, style: &Style, Frame { scale, offset }: Frame) -> Result<Mask, Defect> {
    let mut mask = Mask::new(style.size, style.size).ok_or("the image has no size")?;
    let path = path(&outline(grid, style)).ok_or("the code has no dark modules")?;
    let (scale, offset) = (scale as f32, offset as f32);
    let place = Transform::from_row(scale, 0.0, 0.0, scale, offset, offset);
    mask.fill_path(&path, FillRule::Winding, true, place);
    Ok(mask)
}

fn path(steps: &[Step]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    let mut pen = (0.0, 0.0);
    for step in steps {
        match *step {
            Step::Move(to) => builder.move_to(to.0, to.1),
            Step::Line(to) => builder.line_to(to.0, to.1),
            Step::Quarter { corner, to } => {
                let near =
                    |from: (f32, f32)| (from.0 + (corner.0 - from.0) * QUARTER, from.1 + (corner.1 - from.1) * QUARTER);
                let (first, second) = (near(pen), near(to));
                builder.cubic_to(first.0, first.1, second.0, second.1, to.0, to.1);
            }
            Step::Close => builder.close(),
        }
        if let Step::Move(to) | Step::Line(to) | Step::Quarter { to, .. } = *step {
            pen = to;
        }
    }
    builder.finish()
}

/// Makes `count` colours from the background to the colour of the modules, each with its opacity.
fn palette(style: &Style, count: u16) -> Vec<[u8; CHANNELS]> {
    let last = f64::from(count - 1);
    // A share of 255 is a byte.
    let opacity = |index: u16| (f64::from(index) / last * 255.0).round() as u8;
    let Color([red, green, blue]) = style.color;
    let colors = (0..count).map(|index| {
        let color = [red, green, blue, opacity(index)];
        style.background.map_or(color, |background| background.below(color))
    });
    colors.collect()
}

fn encode(
    size: u32,
    kind: ColorType,
    depth: BitDepth,
    palette: Option<&[[u8; CHANNELS]]>,
    pixels: &[u8],
) -> Result<Vec<u8>, Defect> {
    let mut image = Vec::new();
    let mut encoder = Encoder::new(&mut image, size, size);
    encoder.set_color(kind);
    encoder.set_depth(depth);
    if let Some(palette) = palette {
        encoder.set_palette(palette.iter().flat_map(|color| [color[0], color[1], color[2]]).collect::<Vec<u8>>());
        if palette.iter().any(|color| color[3] < u8::MAX) {
            encoder.set_trns(palette.iter().map(|color| color[3]).collect::<Vec<u8>>());
        }
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(image)
}
