//! Reads images as a phone does: lays them on white, and looks for a code.

use image::imageops::overlay;
use image::{Rgba, RgbaImage};

/// Rasterizes an image, SVG or PNG.
pub(super) fn pixels(file: &[u8]) -> RgbaImage {
    if !file.starts_with(b"<svg ") {
        return image::load_from_memory(file).unwrap().into_rgba8();
    }
    let tree = resvg::usvg::Tree::from_data(file, &resvg::usvg::Options::default()).unwrap();
    let size = tree.size().to_int_size();
    let mut canvas = resvg::tiny_skia::Pixmap::new(size.width(), size.height()).unwrap();
    resvg::render(&tree, resvg::tiny_skia::Transform::default(), &mut canvas.as_mut());
    let straight = canvas.pixels().iter().flat_map(|pixel| {
        let color = pixel.demultiply();
        [color.red(), color.green(), color.blue(), color.alpha()]
    });
    RgbaImage::from_raw(size.width(), size.height(), straight.collect()).unwrap()
}

/// Returns what a reader gets from an image.
pub(super) fn scan(file: &[u8]) -> Option<String> {
    scan_pixels(&pixels(file))
}

/// Returns what a reader gets from an image with `dirt`, white squares of the given width at these places.
pub(super) fn scan_damaged(file: &[u8], width: u32, dirt: &[(u32, u32)]) -> Option<String> {
    let mut image = pixels(file);
    let spot = RgbaImage::from_pixel(width, width, Rgba([255; 4]));
    for &(x, y) in dirt {
        overlay(&mut image, &spot, i64::from(x), i64::from(y));
    }
    scan_pixels(&image)
}

fn scan_pixels(image: &RgbaImage) -> Option<String> {
    // A photograph has something around the code.
    const AROUND: u32 = 16;
    let (width, height) = image.dimensions();
    let mut photograph = RgbaImage::from_pixel(width + 2 * AROUND, height + 2 * AROUND, Rgba([255; 4]));
    overlay(&mut photograph, image, i64::from(AROUND), i64::from(AROUND));
    let grey = |x: usize, y: usize| {
        let [red, green, blue, _] = photograph.get_pixel(x as u32, y as u32).0.map(u32::from);
        ((red * 299 + green * 587 + blue * 114) / 1000) as u8
    };
    let (width, height) = (photograph.width() as usize, photograph.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, grey);
    let [grid] = &prepared.detect_grids()[..] else { return None };
    grid.decode().ok().map(|(_, content)| content)
}
