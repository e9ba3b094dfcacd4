use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use waypost_api::qr::{MAX_LOGO_BYTES, MAX_LOGO_SIDE};

use super::super::layout::{Area, Place};
use super::super::logo::Logo;
use super::*;

/// Stripes of two colours, the right half transparent.
fn picture(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        let alpha = if x * 2 < width { 255 } else { 0 };
        if (x / 3 + y / 3) % 2 == 0 { Rgba([200, 30, 30, alpha]) } else { Rgba([10, 10, 90, alpha]) }
    })
}

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    encode(&picture(width, height).into(), ImageFormat::Png)
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image.write_to(&mut file, format).unwrap();
    file.into_inner()
}

pub(super) fn url(file: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(file))
}

fn with_logo(file: &[u8]) -> QrStyle {
    QrStyle { logo: Some(url(file)), size: Some(512), ..QrStyle::default() }
}

#[test]
fn code_with_a_logo_can_be_scanned() {
    let jpeg = encode(&DynamicImage::from(picture(60, 40)).into_rgb8().into(), ImageFormat::Jpeg);
    for (shape, eyes, least) in shapes() {
        for file in [png(1, 1), png(64, 64), png(300, 40), png(9, 200), jpeg.clone()] {
            for background in ["ffffff", "transparent"] {
                for logo_size in [None, Some(10), Some(30)] {
                    let request = QrStyle {
                        logo: Some(url(&file)),
                        logo_size,
                        background: text(background),
                        ..of_shape(shape, eyes)
                    };
                    must_scan(URL, &QrStyle { size: Some(41 * least * 2), ..request });
                }
            }
        }
    }
}

/// Every version of a code that a short URL can need, from the shortest one to the longest, with the largest logo:
/// dark, as it does most harm.
#[test]
fn largest_logo_leaves_every_short_url_readable() {
    let file = encode(&RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 255])).into(), ImageFormat::Png);
    let mut widths = std::collections::BTreeSet::new();
    for len in (0..=377).step_by(3) {
        let content = url_of_len(len);
        let request = QrStyle { logo_size: Some(30), format: text("png"), size: Some(700), ..with_logo(&file) };
        let style = style(request);
        widths.insert(Grid::of(&content, &style).unwrap().width);
        let image = draw(&content, &style).unwrap();
        assert_eq!(scan(&image), Some(content), "{len}");
    }
    assert!(widths.len() > 15, "{widths:?}");
}

fn url_of_len(len: usize) -> String {
    super::url(4 + len.saturating_sub(127), 1 + len.min(127))
}

#[test]
fn dirt_beside_a_logo_is_corrected() {
    for (domain, slug) in [(4, 1), (14, 8), (30, 40)] {
        let content = super::url(domain, slug);
        let request = QrStyle { logo_size: Some(30), format: text("png"), size: Some(512), ..with_logo(&png(64, 64)) };
        let style = style(request);
        let grid = Grid::of(&content, &style).unwrap();
        let module = style.size / grid.total;
        let at =
            |module_x: u32, module_y: u32| ((module_x + style.margin) * module, (module_y + style.margin) * module);
        let far = grid.width - 5;
        let dirt = [at(far, grid.width / 2), at(grid.width / 2, far)];
        let image = draw(&content, &style).unwrap();
        assert_eq!(scan_damaged(&image, module * 2, &dirt), Some(content));
    }
}

#[test]
fn logo_lies_in_the_middle_of_a_clear_area() {
    for (width, height) in [(64, 64), (300, 40), (9, 200), (1000, 1)] {
        let logo = Logo::read(&url(&png(width, height))).unwrap().size();
        for code in (21..=177).step_by(4) {
            for percent in 10..=30 {
                let area = Area::of(logo, code, percent);
                let place = Place::of(logo, area, 0);
                assert_eq!((area.x * 2 + area.width, area.y * 2 + area.height), (code, code));
                assert!(area.width.max(area.height) * 100 <= (code * percent).max(300), "{area:?} in {code}");
                let (left, top) = (f64::from(area.x), f64::from(area.y));
                let (right, bottom) = (left + f64::from(area.width), top + f64::from(area.height));
                assert!(place.x > left + 0.49 && place.y > top + 0.49, "{place:?} in {area:?}");
                assert!(place.x + place.width < right - 0.49 && place.y + place.height < bottom - 0.49);
                let ratio = place.width / place.height * f64::from(height) / f64::from(width);
                assert!((ratio - 1.0).abs() < 0.01, "{place:?}");
            }
        }
    }
}

#[test]
fn logo_keeps_its_colours_and_transparency() {
    let red = encode(&RgbaImage::from_pixel(20, 20, Rgba([255, 0, 0, 255])).into(), ImageFormat::Png);
    let clear = encode(&RgbaImage::from_pixel(20, 20, Rgba([255, 0, 0, 0])).into(), ImageFormat::Png);
    for format in ["svg", "png"] {
        for (background, light) in [("ffeedd", [0xff, 0xee, 0xdd, 0xff]), ("transparent", [0; 4])] {
            for (file, seen) in [(&red, [255, 0, 0, 255]), (&clear, light)] {
                let request = QrStyle { format: text(format), background: text(background), ..with_logo(file) };
                let image = pixels(&draw(URL, &style(request)).unwrap());
                let middle = image.get_pixel(256, 256).0;
                let is_seen = middle == seen || (seen[3] == 0 && middle[3] == 0);
                assert!(is_seen, "{format} {background}: {middle:?}, not {seen:?}");
            }
        }
    }
}

#[test]
fn only_pixels_of_a_logo_come_out() {
    let mut file = png(20, 20);
    file.extend_from_slice(b"<script>alert(1)</script>");
    let svg = String::from_utf8(draw(URL, &style(with_logo(&file))).unwrap()).unwrap();
    assert_eq!(svg.matches("href=\"data:image/png;base64,").count(), 1);
    assert!(!svg.contains("script") && !svg.contains(&STANDARD.encode(&file)[..]), "{svg}");
    let embedded = svg.split("base64,").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(pixels(&STANDARD.decode(embedded).unwrap()), picture(20, 20));
    assert!(!STANDARD.decode(embedded).unwrap().windows(6).any(|bytes| bytes == b"script"));
}

#[test]
fn turned_photograph_is_set_upright() {
    let mut wide: RgbaImage = RgbaImage::from_pixel(40, 20, Rgba([255; 4]));
    wide.put_pixel(0, 0, Rgba([0, 0, 0, 255]));
    let jpeg = encode(&DynamicImage::from(wide).into_rgb8().into(), ImageFormat::Jpeg);
    // An APP1 segment with the orientation 6, a quarter turn, after the first marker.
    let exif = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let turned = [&jpeg[..2], exif, &jpeg[2..]].concat();
    let area = |file: &[u8]| Area::of(Logo::read(&url(file)).unwrap().size(), 57, 30);
    let (upright, lying) = (area(&turned), area(&jpeg));
    assert!(lying.width > lying.height && upright.height > upright.width, "{lying:?} {upright:?}");
}

/// Makes the beginning of a PNG of this size: its decoder would make room for it.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, width, height);
    encoder.set_color(::png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(::png::chunk::IDAT, &[0x78, 0x9c]).unwrap();
    drop(writer);
    file
}

/// A small file whose text unpacks to 20 MB.
fn png_with_a_long_text() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut file, 1, 1);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.add_ztxt_chunk("Comment".to_owned(), "a".repeat(20_000_000)).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&[0]).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn wrong_logo_is_refused() {
    let svg = STANDARD.encode("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>");
    let noise = vec![7; MAX_LOGO_BYTES + 1];
    let cut = &png(64, 64)[..100];
    for (logo, detail) in [
        (String::new(), "data: URL"),
        ("data:,".to_owned(), "data: URL"),
        ("https://example.com/logo.png".to_owned(), "data: URL"),
        (STANDARD.encode(png(8, 8)), "data: URL"),
        (format!("data:image/png,{}", STANDARD.encode(png(8, 8))), "data: URL"),
        ("data:image/png;base64,%%%%".to_owned(), "data: URL"),
        (format!("data:image/svg+xml;base64,{svg}"), "PNG or JPEG"),
        (format!("data:image/svg+xml;utf8,{svg}"), "PNG or JPEG"),
        (format!("data:image/png;base64,{svg}"), "PNG or JPEG"),
        (url(b""), "PNG or JPEG"),
        (url(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "PNG or JPEG"),
        (url(b"RIFF\x24\x00\x00\x00WEBPVP8 "), "PNG or JPEG"),
        (url(&noise), "at most 131072 bytes"),
        (url(cut), "cannot be decoded"),
        (url(b"\x89PNG\r\n\x1a\n"), "cannot be decoded"),
        (url(b"\xff\xd8\xff\xe0"), "cannot be decoded"),
        (url(&png_that_claims(1025, 1)), "1024 × 1024 pixels, not 1025 × 1"),
        (url(&png_that_claims(1, 1025)), "1024 × 1024 pixels"),
        (url(&png_that_claims(2_000_000_000, 2_000_000_000)), ""),
        (url(&png_that_claims(1024, 1024)), "cannot be decoded"),
    ] {
        let error = Logo::read(&logo).map(|_| ()).unwrap_err();
        assert!(error.contains(detail), "{error} of {logo:.60}");
    }
    // Whatever the decoder makes of it.
    let _ = Logo::read(&url(&png_with_a_long_text()));
}

#[test]
fn data_url_is_read_as_tools_write_it() {
    let file = png(20, 20);
    let data = STANDARD.encode(&file);
    let lines: String = data.as_bytes().chunks(76).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect();
    for logo in [
        format!("data:image/png;base64,{data}"),
        format!("data:image/png;base64,{lines}"),
        format!("data:image/png;base64,{}", data.trim_end_matches('=')),
        format!("DATA:IMAGE/PNG;BASE64,{data}"),
        format!("data:image/jpeg;base64,{data}"),
        format!("data:image/png;charset=utf-8;base64,{data}"),
        format!("data:;base64,{data}"),
    ] {
        assert!(Logo::read(&logo).is_ok(), "{logo:.60}");
    }
}

#[test]
fn largest_logo_is_read_and_drawn_in_every_size() {
    let plain = RgbaImage::from_pixel(MAX_LOGO_SIDE, MAX_LOGO_SIDE, Rgba([9, 90, 9, 200]));
    let file = encode(&plain.into(), ImageFormat::Png);
    assert!(file.len() <= MAX_LOGO_BYTES, "{}", file.len());
    for size in [150, MAX_SIZE] {
        must_scan(URL, &QrStyle { size: Some(size), ..with_logo(&file) });
    }
}
