mod logos;
mod scan;

use waypost_api::qr::{MAX_SIZE, QrStyle};

use super::*;
use scan::{pixels, scan, scan_damaged};

const URL: &str = "https://go.example.com/docs?qr=1";

fn style(request: QrStyle) -> Style {
    Style::check(&request).unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A short URL with a slug of this length.
fn url(domain_len: usize, slug_len: usize) -> String {
    format!("https://{}/{}?qr=1", "d".repeat(domain_len), "~a-Z9".chars().cycle().take(slug_len).collect::<String>())
}

/// Draws a code in both formats, and fails unless a reader gets `content` from each.
fn must_scan(content: &str, request: &QrStyle) {
    for format in ["svg", "png"] {
        let style = style(QrStyle { format: text(format), ..request.clone() });
        let image = draw(content, &style).unwrap();
        assert_eq!(scan(&image).as_deref(), Some(content), "{format} {style:?}");
    }
}

/// Lists all shapes of modules and eyes, and the least width of a module.
fn shapes() -> impl Iterator<Item = (&'static str, Option<&'static str>, u32)> {
    [("square", 2), ("rounded", 2), ("dots", 3)].into_iter().flat_map(|(shape, least)| {
        [None, Some("square"), Some("rounded")].into_iter().map(move |eyes| (shape, eyes, least))
    })
}

fn of_shape(shape: &str, eyes: Option<&str>) -> QrStyle {
    QrStyle { shape: text(shape), eyes: eyes.map(str::to_owned), ..QrStyle::default() }
}

#[test]
fn every_kind_of_code_can_be_scanned() {
    for (shape, eyes, _) in shapes() {
        for ecc in ["L", "M", "Q", "H"] {
            for (size, margin) in [(150, 4), (257, 0), (600, 16)] {
                let request = of_shape(shape, eyes);
                must_scan(URL, &QrStyle { size: Some(size), margin: Some(margin), ecc: text(ecc), ..request });
            }
        }
    }
}

#[test]
fn smallest_code_of_every_shape_can_be_scanned() {
    for (shape, eyes, least) in shapes() {
        for (domain, slug) in [(4, 1), (14, 8), (30, 40), (60, 128)] {
            for ecc in ["L", "H"] {
                let content = url(domain, slug);
                let request = QrStyle { ecc: text(ecc), ..of_shape(shape, eyes) };
                let total = Grid::of(&content, &style(request.clone())).unwrap().total;
                let size = total * least;
                must_scan(&content, &QrStyle { size: Some(size.max(64)), ..request.clone() });
                let too_small = QrStyle { size: Some(size - 1), ..request };
                if size > 64 {
                    assert!(matches!(draw(&content, &style(too_small)), Err(Error::Invalid(_))), "{size}");
                }
            }
        }
    }
}

#[test]
fn longest_short_url_fits() {
    let content = url(253, 128);
    for (shape, eyes, _) in shapes() {
        must_scan(&content, &QrStyle { size: Some(1024), ecc: text("H"), ..of_shape(shape, eyes) });
    }
    must_scan(&content, &QrStyle { size: Some(MAX_SIZE), margin: Some(16), ..of_shape("rounded", None) });
}

#[test]
fn colours_are_as_requested() {
    for (shape, eyes, _) in shapes() {
        let request = QrStyle { color: text("#102030"), background: text("FFEEDD"), ..of_shape(shape, eyes) };
        must_scan(URL, &request);
        let svg = String::from_utf8(draw(URL, &style(request.clone())).unwrap()).unwrap();
        assert!(svg.contains("fill=\"#102030\"") && svg.contains("fill=\"#ffeedd\""), "{svg}");
        let image = pixels(&draw(URL, &style(QrStyle { format: text("png"), ..request })).unwrap());
        assert_eq!(image.get_pixel(0, 0).0, [0xff, 0xee, 0xdd, 0xff]);
        // The middle of an eye.
        assert_eq!(image.get_pixel(59, 59).0, [0x10, 0x20, 0x30, 0xff], "{shape} {eyes:?}");
        let between = |channel: u8, ends: [u8; 2]| (ends[0]..=ends[1]).contains(&channel);
        let are_mixed = |[red, green, blue, alpha]: [u8; 4]| {
            between(red, [0x10, 0xff]) && between(green, [0x20, 0xee]) && between(blue, [0x30, 0xdd]) && alpha == 255
        };
        assert!(image.pixels().all(|pixel| are_mixed(pixel.0)), "{shape} {eyes:?}");
    }
}

#[test]
fn least_contrast_can_be_scanned() {
    for (color, background) in [("767676", "ffffff"), ("949494", "transparent"), ("0000ff", "f0f0f0")] {
        for (shape, eyes, least) in shapes() {
            let size = Some(37 * least * 2);
            let colors = QrStyle { color: text(color), background: text(background), size, ..of_shape(shape, eyes) };
            must_scan(URL, &colors);
        }
    }
}

#[test]
fn transparent_code_has_no_light_pixels() {
    for (shape, eyes, _) in shapes() {
        let request = QrStyle { color: text("102030"), background: text("transparent"), ..of_shape(shape, eyes) };
        // The reader lays the image on white.
        must_scan(URL, &request);
        for format in ["svg", "png"] {
            let image = pixels(&draw(URL, &style(QrStyle { format: text(format), ..request.clone() })).unwrap());
            assert_eq!(image.get_pixel(0, 0).0[3], 0, "{format} {shape}");
            let visible = image.pixels().filter(|pixel| pixel.0[3] == 255);
            assert!(visible.clone().count() > 5_000, "{format} {shape}");
            assert!(visible.into_iter().all(|pixel| pixel.0[..3] == [0x10, 0x20, 0x30]), "{format} {shape}");
        }
    }
}

#[test]
fn square_codes_are_two_colours() {
    let png = draw(URL, &style(QrStyle { format: text("png"), ..QrStyle::default() })).unwrap();
    assert!(pixels(&png).pixels().all(|pixel| [[0, 0, 0, 255], [255; 4]].contains(&pixel.0)));
    assert!(png.len() < 1_000, "{}", png.len());
}

#[test]
fn unscannable_code_is_refused() {
    let all = QrStyle::default;
    let logo = || Some(logos::url(&logos::png(8, 8)));
    for (request, pointers) in [
        (QrStyle { format: text("gif"), ecc: text("m"), ..all() }, "format ecc"),
        (QrStyle { size: Some(63), margin: Some(17), ..all() }, "size margin"),
        (QrStyle { size: Some(2049), ..all() }, "size"),
        (QrStyle { color: text("red"), background: text("#fff"), ..all() }, "color background"),
        (QrStyle { color: text("ä1234"), background: text("Transparent"), ..all() }, "color background"),
        (QrStyle { color: text("+12345"), ..all() }, "color"),
        (QrStyle { color: text("transparent"), ..all() }, "color"),
        (QrStyle { color: text("ffffff"), background: text("000000"), ..all() }, "color"),
        (QrStyle { color: text("999999"), ..all() }, "color"),
        (QrStyle { color: text("999999"), background: text("transparent"), ..all() }, "color"),
        (QrStyle { shape: text("dot"), eyes: text("dots"), ..all() }, "shape eyes"),
        (QrStyle { logo_size: Some(20), ..all() }, "logo_size"),
        (QrStyle { logo: logo(), logo_size: Some(9), ..all() }, "logo_size"),
        (QrStyle { logo: logo(), logo_size: Some(31), ..all() }, "logo_size"),
        (QrStyle { logo: logo(), ecc: text("Q"), ..all() }, "ecc"),
        (QrStyle { logo: logo(), ecc: text("h"), ..all() }, "ecc"),
    ] {
        let Err(Error::Invalid(errors)) = Style::check(&request) else { panic!("{request:?}") };
        let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(found.join(" "), pointers);
    }
    let small = style(QrStyle { size: Some(64), ..all() });
    assert!(matches!(draw(&"x".repeat(300), &small), Err(Error::Invalid(_))));
}
