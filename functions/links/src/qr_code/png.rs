//! Draws a code as PNG: two colours, one bit a pixel. Modules are whole pixels; the rest of the size goes to the margin.

use png::{BitDepth, ColorType, Encoder, EncodingError};

use super::{Grid, Style};

pub(super) fn draw(grid: &Grid, style: &Style) -> Result<Vec<u8>, EncodingError> {
    let size = style.size;
    let scale = size / grid.total;
    let offset = (size - grid.width * scale) / 2;
    let module =
        |pixel: u32| pixel.checked_sub(offset).map(|pixel| pixel / scale).filter(|&module| module < grid.width);
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
    let mut image = Vec::new();
    let mut encoder = Encoder::new(&mut image, size, size);
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::One);
    encoder.set_palette([style.background.0, style.color.0].concat());
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(image)
}
