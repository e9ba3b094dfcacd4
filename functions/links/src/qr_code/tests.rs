use super::*;

const URL: &str = "https://go.example.com/docs?qr=1";

fn style(request: QrQuery) -> Style {
    Style::check(&request).unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Scans an image: `dark` tells whether a pixel is dark.
fn scan(size: u32, dark: impl Fn(usize, usize) -> bool) -> Option<String> {
    let size = size as usize;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(size, size, |x, y| if dark(x, y) { 30 } else { 220 });
    let [grid] = &image.detect_grids()[..] else { return None };
    grid.decode().ok().map(|(_, content)| content)
}

/// Decodes a PNG into its width and colours.
fn pixels(image: &[u8]) -> (u32, Vec<[u8; 3]>) {
    let mut decoder = ::png::Decoder::new(std::io::Cursor::new(image));
    decoder.set_transformations(::png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut buffer = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut buffer).unwrap();
    assert_eq!((info.width, info.color_type), (info.height, ::png::ColorType::Rgb));
    (info.width, buffer.chunks(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect())
}

fn scan_png(image: &[u8]) -> Option<String> {
    let (width, pixels) = pixels(image);
    scan(width, |x, y| pixels[y * width as usize + x].iter().map(|&channel| u32::from(channel)).sum::<u32>() < 400)
}

/// Scans an SVG, with eight pixels for each module: the path has only `Mx yhN…`.
fn scan_svg(image: &[u8]) -> Option<String> {
    let image = std::str::from_utf8(image).unwrap();
    let between = |from: &str, to: &str| image.split(from).nth(1).unwrap().split(to).next().unwrap();
    let total: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
    let mut dark = vec![false; total * total];
    for run in between("d=\"", "\"").split('M').skip(1) {
        let (place, rest) = run.split_once('h').unwrap();
        let (x, y): (usize, usize) =
            place.split_once(' ').map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).unwrap();
        let length: usize = rest.split('v').next().unwrap().parse().unwrap();
        dark[y * total + x..][..length].fill(true);
    }
    scan(u32::try_from(total * 8).unwrap(), |x, y| dark[y / 8 * total + x / 8])
}

#[test]
fn every_kind_of_code_can_be_scanned() {
    for ecc in ["L", "M", "Q", "H"] {
        for (size, margin) in [(64, 2), (150, 4), (257, 0), (2048, 16)] {
            let request = QrQuery { size: Some(size), margin: Some(margin), ecc: text(ecc), ..QrQuery::default() };
            let Ok(svg) = draw(URL, &style(request.clone())) else {
                assert_eq!(size, 64, "{ecc}");
                continue;
            };
            assert_eq!(scan_svg(&svg).as_deref(), Some(URL), "svg {ecc} {size} {margin}");
            let png = draw(URL, &style(QrQuery { format: text("png"), ..request })).unwrap();
            assert_eq!(pixels(&png).0, size);
            assert_eq!(scan_png(&png).as_deref(), Some(URL), "png {ecc} {size} {margin}");
        }
    }
}

#[test]
fn longest_short_url_fits() {
    let url = format!("https://{}/{}?qr=1", "d".repeat(253), "~".repeat(128));
    let request = QrQuery { format: text("png"), size: Some(1024), ecc: text("H"), ..QrQuery::default() };
    assert_eq!(scan_png(&draw(&url, &style(request)).unwrap()), Some(url));
}

#[test]
fn colours_are_as_requested() {
    let request = QrQuery { color: text("#102030"), background: text("FFEEDD"), ..QrQuery::default() };
    let svg = String::from_utf8(draw(URL, &style(request.clone())).unwrap()).unwrap();
    assert!(svg.contains("fill=\"#102030\"") && svg.contains("fill=\"#ffeedd\""), "{svg}");
    let png = draw(URL, &style(QrQuery { format: text("png"), ..request })).unwrap();
    let (_, pixels) = pixels(&png);
    assert_eq!(pixels[0], [0xff, 0xee, 0xdd]);
    assert!(pixels.iter().all(|pixel| [[0xff, 0xee, 0xdd], [0x10, 0x20, 0x30]].contains(pixel)));
    assert_eq!(scan_png(&png).as_deref(), Some(URL));
}

#[test]
fn unscannable_code_is_refused() {
    let all = QrQuery::default;
    for (request, pointers) in [
        (QrQuery { format: text("gif"), ecc: text("m"), ..all() }, "format ecc"),
        (QrQuery { size: Some(63), margin: Some(17), ..all() }, "size margin"),
        (QrQuery { size: Some(2049), ..all() }, "size"),
        (QrQuery { color: text("red"), background: text("#fff"), ..all() }, "color background"),
        (QrQuery { color: text("ä1234"), ..all() }, "color"),
        (QrQuery { color: text("+12345"), ..all() }, "color"),
        (QrQuery { color: text("ffffff"), background: text("000000"), ..all() }, "color"),
        (QrQuery { color: text("999999"), ..all() }, "color"),
    ] {
        let Err(Error::Invalid(errors)) = Style::check(&request) else { panic!("{request:?}") };
        let found: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(found.join(" "), pointers);
    }
    let small = style(QrQuery { size: Some(64), ..all() });
    assert!(matches!(draw(&"x".repeat(300), &small), Err(Error::Invalid(_))));
}
