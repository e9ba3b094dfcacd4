//! Reads files as other services export them, and nasty and damaged files.

#[path = "support/import.rs"]
mod import;

use import::{Ending, data, load};
use waypost_domain::imports::rows::{Format, Source};

/// Reads `tests/data/exports/{name}`, in pieces of several sizes.
fn export(name: &str) -> Ending {
    let file = data(&format!("exports/{name}"));
    let ending = load(&file, 64 * 1024);
    for piece in [1, 7, 1000] {
        assert_eq!(load(&file, piece), ending, "{name} in pieces of {piece}");
    }
    ending
}

fn rows(name: &str) -> Vec<String> {
    export(name).rows
}

#[test]
fn shlink_web_export() {
    let ending = export("shlink.csv");
    assert_eq!(ending.source, Some(Source::Shlink));
    assert_eq!(
        ending.rows,
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs, latest | docs+public | 2023-04-11T16:02:33.000Z | 1204",
            "2@3 go.example.com/aB3xZ -> https://shop.example.org/?ref=mail&utm_source=news | - |  | 2021-12-01T09:15:00.000Z | 0",
            "3@4 go.example.com/fest -> https://fest.example.org/2022 | The \"Fest\" | events | 2022-07-30T23:59:59.000Z | 17",
        ]
    );
    assert!(ending.notes.unknown_columns.is_empty());
}

#[test]
fn shlink_import_form() {
    assert_eq!(
        rows("shlink-import.csv"),
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs | docs+public | 2026-01-01T00:00:00.000Z | -",
            "2@3 go.example.com/shop -> https://shop.example.org/ | - |  | 2026-01-01T00:00:00.000Z | -",
            "3@4 go.example.com/* -> https://fest.example.org/ | The Fest | events+summer | 2026-01-01T00:00:00.000Z | -",
        ]
    );
}

#[test]
fn bitly() {
    assert_eq!(
        rows("bitly.csv"),
        [
            "1@2 go.example.com/3AbCdEf -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | 52",
            "2@3 go.example.com/spring-sale -> https://shop.example.org/?ref=mail | Spring sale, 20% off |  | 2024-02-29T08:00:00.000Z | 1204",
        ]
    );
}

#[test]
fn dub_with_optional_columns() {
    let ending = export("dub.csv");
    assert_eq!(
        ending.rows,
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | - | docs+public | 2024-03-05T10:11:12.345Z | 1204",
            "2@3 go.example.com/old -> https://old.example.org/ | - |  | 2022-01-01T00:00:00.000Z | 0 | archived",
        ]
    );
    assert_eq!(ending.notes.unknown_columns.iter().collect::<Vec<_>>(), ["Leads", "Revenue", "Updated at"]);
}

#[test]
fn yourls() {
    assert_eq!(
        rows("yourls.csv"),
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs |  | 2019-06-01T14:03:59.000Z | 1204",
            "2@3 go.example.com/x -> https://x.example.org/?a=1&b=2 | - |  | 2010-01-31T00:00:00.000Z | 0",
        ]
    );
}

#[test]
fn kutt_table_and_api_answer() {
    let expected = [
        "go.example.com/docs -> https://docs.example.org/en/latest/ | Docs |  | 2023-04-11T16:02:33.123Z | 1204",
        "go.example.com/sale -> https://sale.example.org/ | - |  | 2023-05-01T00:00:00.000Z | 9 | expires 2031-01-01T00:00:00.000Z",
    ];
    for name in ["kutt.csv", "kutt.json"] {
        let rows = rows(name);
        let rows: Vec<&str> = rows.iter().map(|row| row.split_once(' ').unwrap().1).collect();
        assert_eq!(rows, expected, "{name}");
    }
}

#[test]
fn short_io() {
    assert_eq!(
        rows("short-io.csv"),
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | 1204",
            "2@3 go.example.com/sale -> https://sale.example.org/ | - |  | 2023-05-01T00:00:00.000Z | 9 | expires 2031-01-01T00:00:00.000Z to https://example.org/late | archived",
        ]
    );
}

#[test]
fn sink() {
    let ending = export("sink.json");
    assert_eq!((ending.format, ending.source), (Some(Format::Json), Some(Source::Sink)));
    assert_eq!(
        ending.rows,
        [
            "1@6 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | -",
            "2@19 go.example.com/sale -> https://sale.example.org/ | - |  | 2023-05-01T00:00:00.000Z | - | expires 2031-01-01T00:00:00.000Z",
        ]
    );
}

#[test]
fn pocket_table_archive_and_page() {
    let table = [
        "1@2 go.example.com/* -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | -",
        "2@3 go.example.com/* -> https://news.example.org/a | Comma, in a title |  | 2014-01-01T00:00:00.000Z | -",
    ];
    assert_eq!(rows("pocket.csv"), table);
    let archive = rows("pocket.zip");
    assert_eq!(archive[..2], table);
    assert_eq!(
        archive[2..],
        ["3@2 go.example.com/* -> https://last.example.org/ | Last | later | 2025-07-01T00:00:00.000Z | -"]
    );
    assert_eq!(
        rows("pocket.html"),
        [
            "1@11 go.example.com/* -> https://docs.example.org/en/latest/?a=1&b=2 | Docs & more | docs+public | 2023-04-11T16:02:33.000Z | -",
            "2@17 go.example.com/* -> https://news.example.org/a | https://news.example.org/a |  | 2014-01-01T00:00:00.000Z | -",
        ]
    );
}

#[test]
fn browser_bookmarks_have_folders_as_tags() {
    let ending = export("chrome.html");
    assert_eq!(ending.format, Some(Format::Bookmarks));
    assert_eq!(
        ending.rows,
        [
            "1@11 go.example.com/* -> https://docs.example.org/en/latest/ | Docs |  | 2023-04-11T16:02:33.000Z | -",
            "2@16 go.example.com/* -> https://lab.example.org/?a=1&b=2 | Lab – the \"first\" | Work+R&D | 2023-05-01T00:00:00.000Z | -",
            "3@18 ! url: must begin with http:// or https://, or a scheme that the operator allows",
            "4@21 go.example.com/* -> https://last.example.org/ | - |  | 2023-05-01T00:00:02.000Z | -",
        ]
    );
}

#[test]
fn shaarli_bookmarks_have_tags() {
    assert_eq!(
        rows("shaarli.html"),
        [
            "1@10 go.example.com/* -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | -",
            "2@13 go.example.com/* -> https://x.example.org/ | x |  | 2010-01-01T00:00:00.000Z | -",
        ]
    );
}

#[test]
fn spreadsheets() {
    let ending = export("sheet.xlsx");
    assert_eq!(ending.format, Some(Format::Xlsx));
    assert_eq!(
        ending.rows,
        [
            "1@2 go.example.com/docs -> https://docs.example.org/en/latest/ | Docs | docs+public | 2023-04-11T16:02:33.000Z | 1204",
            "2@4 go.example.com/x -> https://x.example.org/?a=1&b=2 | a < b & c |  | 2026-01-01T00:00:00.000Z | 0",
        ]
    );
    assert_eq!(ending.notes.unknown_columns.iter().collect::<Vec<_>>(), ["Notes"]);
    assert_eq!(
        rows("openpyxl.xlsx"),
        [
            "1@2 go.example.com/a1 -> https://a.example.org/ | - |  | 2026-01-01T00:00:00.000Z | -",
            "2@3 go.example.com/2 -> https://b.example.org/ | - |  | 2026-01-01T00:00:00.000Z | -",
        ]
    );
}

#[test]
fn spreadsheets_with_links_behind_texts_and_beyond_the_first_row_and_sheet() {
    let row = |start: &str, link: &str, title: &str, created: &str| {
        format!("{start} go.example.com/{link} | {title} |  | {created}.000Z | -")
    };
    let now = "2026-01-01T00:00:00";
    let cases: [(&str, Vec<String>, &[&str]); 4] = [
        (
            "sheet-hyperlinks.xlsx",
            vec![
                row("1@2", "nasty-hl-1 -> https://behind.example/?a=1&b=2", "a", now),
                row("2@3", "nasty-hl-2 -> https://shown.example/", "b", now),
                row("3@4", "nasty-hl-3 -> https://formula.example/", "c", now),
                row("4@5", "nasty-hl-4 -> https://behind.example/?a=1&b=2#part", "d", now),
                "5@6 ! url: must begin with http:// or https://, or a scheme that the operator allows".to_owned(),
            ],
            &[],
        ),
        (
            "sheet-1904.xlsx",
            vec![
                row("1@2", "* -> https://d.example/", "-", "2024-03-05T10:11:00")
                    + " | expires 2031-01-01T00:00:00.000Z",
            ],
            &[],
        ),
        ("sheet-titles.xlsx", vec![row("1@5", "nasty-title -> https://t.example/", "-", now)], &[]),
        (
            "sheet-second.xlsx",
            vec![row("1@2", "* -> https://s2.example/", "-", now)],
            &[
                "More & more: only the first sheet with a column of links is read",
                "Read me: the sheet has no column of links",
            ],
        ),
    ];
    for (name, rows, notes) in cases {
        let ending = load(&data(&format!("nasty/{name}")), 1000);
        assert_eq!((ending.rows, ending.error), (rows, None), "{name}");
        assert!(ending.notes.skipped_members.iter().eq(notes), "{name}: {:?}", ending.notes);
    }
}

/// A file of `tests/data/nasty`, and how its import must end.
#[derive(serde::Deserialize)]
struct Nasty {
    file: String,
    /// The status of the import.
    ends: String,
    /// How many rows are found, if that is certain.
    rows: Option<usize>,
    /// How many of the rows are invalid.
    #[serde(default)]
    invalid: usize,
    /// A part of the error of a failed import.
    error: Option<String>,
}

#[test]
fn format_of_an_archive_is_that_of_its_lists() {
    for (name, format) in [("stray.zip", Format::Csv), ("sheet.xlsx.zip", Format::Csv), ("sheet.xlsx.gz", Format::Xlsx)]
    {
        assert_eq!(load(&data(&format!("nasty/{name}")), 1000).format, Some(format), "{name}");
    }
}

#[test]
fn nasty_files_end_as_the_manifest_says() {
    let manifest: Vec<Nasty> = serde_json::from_slice(&data("nasty/manifest.json")).unwrap();
    let known: Vec<&str> = manifest.iter().map(|nasty| nasty.file.as_str()).collect();
    let mut wrong = Vec::new();
    for Nasty { file: name, ends, rows, invalid, error } in &manifest {
        let file = data(&format!("nasty/{name}"));
        let ending = load(&file, 64 * 1024);
        let status = match (&ending.error, ending.invalid) {
            (Some(_), _) => "failed",
            (None, 0) => "succeeded",
            (None, _) => "succeeded_with_errors",
        };
        let message = ending.error.as_deref().unwrap_or_default();
        let right = status == ends
            && ending.invalid == *invalid
            && rows.is_none_or(|rows| rows == ending.rows.len())
            && message.contains(error.as_deref().unwrap_or_default())
            && (file.len() > 20_000 || load(&file, 3) == ending);
        if !right {
            let shown: Vec<&String> = ending.rows.iter().take(12).collect();
            wrong.push(format!(
                "{name}: {status}, {} rows, {} invalid, {message:?} {shown:#?}",
                ending.rows.len(),
                ending.invalid
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/nasty");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "manifest.json" || known.contains(&name.as_str()), "{name} is not in the manifest");
    }
}

/// Pseudo-random numbers, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// Changes, removes, doubles or cuts off a few bytes of `file`.
fn damaged(file: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut file = file.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(file.len());
        let to = (at + numbers.below(30)).min(file.len());
        match numbers.below(5) {
            0 if !file.is_empty() => file[at] ^= 1 << numbers.below(8),
            1 if !file.is_empty() => file[at] = b"\"\n\r,<>{}[]\\\0\xff&;=/'"[numbers.below(18)],
            2 => drop(file.drain(at..to)),
            3 => {
                let again = file[at..to].to_vec();
                file.splice(at..at, again);
            }
            4 if numbers.below(4) == 0 => file.truncate(at),
            _ => {}
        }
    }
    file
}

/// Removes the byte position from the error: it depends on the pieces.
fn without_place(mut ending: Ending) -> Ending {
    ending.error = ending.error.map(|error| error.split(", at byte").next().unwrap_or_default().to_owned());
    ending
}

#[test]
fn damaged_files_end_the_same_in_any_pieces() {
    let mut numbers = Numbers(1);
    let rounds: usize = std::env::var("DAMAGED_ROUNDS").map_or(12, |rounds| rounds.parse().unwrap());
    for folder in ["exports", "nasty"] {
        let path = format!("{}/../../tests/data/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut names: Vec<_> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for name in names {
            let name = format!("{folder}/{}", name.to_str().unwrap());
            let file = data(&name);
            for round in 0..if file.len() < 20_000 { rounds } else { 0 } {
                let file = damaged(&file, &mut numbers);
                let whole = without_place(load(&file, usize::MAX));
                let piece = 1 + numbers.below(40);
                let pieces = without_place(load(&file, piece));
                assert_eq!(whole, pieces, "{name}, round {round}, in pieces of {piece}");
            }
        }
    }
}

/// Reads `file`, and shows each row and its warnings.
fn shown(file: &str) -> Vec<String> {
    let ending = load(file.as_bytes(), 64 * 1024);
    assert_eq!(load(file.as_bytes(), 7), ending, "{file}");
    assert_eq!(ending.error, None, "{file}");
    ending
        .rows
        .iter()
        .map(|row| row.split_once(' ').map_or("", |(_, row)| row).replace("go.example.com/", ""))
        .collect()
}

/// The times of a link that the tests do not look at.
const NOW: &str = "2026-01-01T00:00:00.000Z";

#[test]
fn slugs_of_other_services_are_known() {
    let bitly = "Title,Link,Custom Link,Destination URL,Tags,Created\n\
        My page,https://bit.ly/3AbCdEf,https://go.acme.test/spring,https://www.example.com/spring?utm_source=x,a,2023-05-01\n\
        Other,https://bit.ly/3XyZ123,,https://www.example.com/other,,2023-05-02\n";
    assert_eq!(
        shown(bitly),
        [
            "spring -> https://www.example.com/spring?utm_source=x | My page | a | 2023-05-01T00:00:00.000Z | - ~ short_url",
            "3XyZ123 -> https://www.example.com/other | Other |  | 2023-05-02T00:00:00.000Z | -",
        ]
    );
    let api = r#"{"links":[{"created_at":"2020-10-26T17:20:40+0000","id":"bit.ly/XXXXX","link":"https://bit.ly/XXXXX",
        "custom_bitlinks":["https://bit.ly/my-custom-url"],"long_url":"https://www.example.com/watch","title":"A video",
        "archived":false,"tags":["t1"],"deeplinks":[]}],"pagination":{"total":1}}"#;
    assert_eq!(
        shown(api),
        ["my-custom-url -> https://www.example.com/watch | A video | t1 | 2020-10-26T17:20:40.000Z | - ~ short_url"]
    );
    let dub = r#"[{"id":"clx1","domain":"dub.sh","key":"case-study","url":"https://www.example.com/case",
        "shortLink":"https://dub.sh/case-study","archived":false,"expiresAt":null,"password":null,"title":"Case",
        "tags":[{"id":"t1","name":"sales","color":"red"}],"clicks":5,"createdAt":"2024-01-02T03:04:05.000Z","ios":null,
        "geo":null}]"#;
    assert_eq!(
        shown(dub),
        ["case-study -> https://www.example.com/case | Case | sales | 2024-01-02T03:04:05.000Z | 5"]
    );
    let rebrandly = "Title,Slashtag,Destination,Domain,Created At,Clicks\n\
        Spring,spring,https://www.example.com/spring,brand.test,2021-06-01T10:00:00.000Z,12\n";
    assert_eq!(
        shown(rebrandly),
        ["spring -> https://www.example.com/spring | Spring |  | 2021-06-01T10:00:00.000Z | 12"]
    );
    let yourls = "source,target,hits\nabc,https://example.com/one,12\n";
    assert_eq!(shown(yourls), [format!("abc -> https://example.com/one | - |  | {NOW} | 12")]);
    let polr = "short_url,long_url,clicks\npolr1,https://www.example.com/polr,3\n";
    assert_eq!(shown(polr), [format!("polr1 -> https://www.example.com/polr | - |  | {NOW} | 3")]);
    let redirection = "source,target,regex,code,type,status\n/old,https://www.example.com/new,0,301,url,disabled\n";
    assert_eq!(shown(redirection), [format!("old -> https://www.example.com/new | - |  | {NOW} | - | archived")]);
    let statuses = "url,slug,code\nhttps://www.example.com/,x2,301\n";
    assert_eq!(shown(statuses), [format!("x2 -> https://www.example.com/ | - |  | {NOW} | -")]);
    let no_slug = "code,url\n301,https://www.example.com/1\n302,https://www.example.com/2\n";
    assert!(shown(no_slug).iter().all(|row| row.starts_with("* -> ")), "{:?}", shown(no_slug));
    let code = "code,url\nx1,https://www.example.com/\n";
    assert_eq!(shown(code), [format!("x1 -> https://www.example.com/ | - |  | {NOW} | -")]);
}

#[test]
fn targets_may_have_other_schemes_and_32_kib() {
    let long = format!("https://a.example/{}", "x".repeat(32_768 - 18));
    for url in ["mailto:a@a.example?subject=x", "tel:+41441234567", "sms:+41441234567?body=x", long.as_str()] {
        let rows = [format!("docs -> {url} | - |  | {NOW} | -"), format!("b -> https://b.example/ | - |  | {NOW} | -")];
        for file in [
            format!("url,slug\n{url},docs\nhttps://b.example/,b\n"),
            format!("slug,url\r\n\"docs\",\"{url}\"\r\n\"b\",\"https://b.example/\"\r\n"),
            format!("{{\"url\":\"{url}\",\"slug\":\"docs\"}}\n{{\"url\":\"https://b.example/\",\"slug\":\"b\"}}\n"),
            format!("[{{\"url\":\"{url}\",\"slug\":\"docs\"}},{{\"url\":\"https://b.example/\",\"slug\":\"b\"}}]"),
            format!(
                "{{\"items\":[{{\"slug\":\"docs\",\"url\":\"{url}\"}},{{\"slug\":\"b\",\"url\":\"https://b.example/\"}}],\"next_cursor\":null}}"
            ),
        ] {
            assert_eq!(shown(&file), rows, "{}", &file[..file.len().min(120)]);
        }
    }
    for length in [6_000, 9_000, 20_000, 32_768] {
        let map: Vec<String> = (0..10).map(|n| format!("\"s{n}\": \"{}\"", &long[..length - n])).collect();
        for separator in [",", ",\n"] {
            let file = format!("{{{}}}", map.join(separator));
            assert_eq!(shown(&file).len(), 10, "an object of slugs and URLs of {length} bytes, with {separator:?}");
        }
    }
}

#[test]
fn preview_is_no_link_of_its_own() {
    let row = format!("docs -> https://a.example/ | - |  | {NOW} | -");
    let preview = "{\"title\":\"T\",\"image\":\"https://i.example/a.png\"}";
    for (preview, warned) in [
        (preview, false),
        ("null", false),
        ("\"https://i.example/a.png\"", false),
        ("{\"image\":\"javascript:alert(1)\"}", true),
    ] {
        let link = format!("{{\"slug\":\"docs\",\"url\":\"https://a.example/\",\"preview\":{preview}}}");
        let expected = if warned { format!("{row} ~ preview") } else { row.clone() };
        for file in [format!("{link}\n"), format!("[{link}]"), format!("{{\"items\":[{link}]}}")] {
            assert_eq!(shown(&file), [expected.as_str()], "{file}");
        }
    }
}

#[test]
fn protected_link_is_never_open() {
    let kutt = r#"{"limit":10,"data":[
        {"address":"kpw1","banned":false,"password":true,"target":"https://www.example.com/secret"},
        {"address":"kban1","banned":true,"password":false,"target":"https://www.example.com/phish"},
        {"address":"open","banned":false,"password":false,"target":"https://www.example.com/open"}]}"#;
    assert_eq!(
        shown(kutt),
        [
            format!("kpw1 -> https://www.example.com/secret | - |  | {NOW} | - | archived ~ password"),
            format!("kban1 -> https://www.example.com/phish | - |  | {NOW} | - | archived"),
            format!("open -> https://www.example.com/open | - |  | {NOW} | -"),
        ]
    );
    let plain = "url,slug,password\nhttps://www.example.com/s,ppw1,hunter2\nhttps://www.example.com/o,ppw2,\n";
    assert_eq!(
        shown(plain),
        [
            format!("ppw1 -> https://www.example.com/s | - |  | {NOW} | - | password"),
            format!("ppw2 -> https://www.example.com/o | - |  | {NOW} | -"),
        ]
    );
    let sink = r#"{"version":"1.0","links":[{"id":"a","url":"https://www.example.com/s","slug":"spw1","createdAt":1712000000,
        "expiration":1924992000,"password":"hunter2","title":"T"}]}"#;
    assert_eq!(
        shown(sink),
        [
            "spw1 -> https://www.example.com/s | T |  | 2024-04-01T19:33:20.000Z | - | expires 2031-01-01T00:00:00.000Z | password"
        ]
    );
    let short_io = r#"{"links":[{"path":"shio1","originalURL":"https://www.example.com/shio","hasPassword":false},
        {"path":"shio2","originalURL":"https://www.example.com/shio","hasPassword":true}]}"#;
    assert_eq!(
        shown(short_io),
        [
            format!("shio1 -> https://www.example.com/shio | - |  | {NOW} | -"),
            format!("shio2 -> https://www.example.com/shio | - |  | {NOW} | - | archived ~ has_password"),
        ]
    );
    for value in ["{}", "[]", "7", "{\"hash\":\"x\"}", "\"$2b$10$abc\"", "\"abc\""] {
        let line = format!("{{\"url\":\"https://www.example.com/\",\"slug\":\"x\",\"password\":{value}}}\n");
        assert!(shown(&line)[0].contains("archived ~ password"), "{value}: {}", shown(&line)[0]);
    }
}

#[test]
fn expiry_is_a_time_or_the_link_is_archived() {
    let file = "url,slug,expires_at\n\
        https://www.example.com/1,ed-1,01.02.2031\n\
        https://www.example.com/2,ed-2,1.2.31\n\
        https://www.example.com/3,ed-3,20310201\n\
        https://www.example.com/4,ed-4,2031\n\
        https://www.example.com/5,ed-5,1.924992E+12\n\
        https://www.example.com/6,ed-6,44927\n\
        https://www.example.com/7,ed-7,31.12.2031 23:59\n\
        https://www.example.com/8,ed-8,-\n";
    let ends = [
        "expires 2031-02-01T00:00:00.000Z",
        "archived ~ expires_at",
        "expires 2031-02-01T00:00:00.000Z",
        "archived ~ expires_at",
        "archived ~ expires_at",
        "archived ~ expires_at",
        "expires 2031-12-31T23:59:00.000Z",
        "| -",
    ];
    for (row, end) in shown(file).iter().zip(ends) {
        assert!(row.ends_with(end), "{row}");
    }
    for (first, read) in [
        ("13/01/2031", "expires 2031-02-01T00:00:00.000Z"),
        ("01/13/2031", "expires 2031-01-02T00:00:00.000Z"),
        ("", "archived ~ expires_at"),
    ] {
        let rows = shown(&format!(
            "url,slug,expires_at\nhttps://a.example/,a,{first}\nhttps://b.example/,b,01/02/2031\nhttps://c.example/,c,\n"
        ));
        assert!(rows[1].ends_with(read), "{first}: {}", rows[1]);
    }
}

#[test]
fn secondary_field_never_costs_the_link() {
    let tags: Vec<String> = (0..30).map(|n| format!("t{n}")).collect();
    let title = "x".repeat(230);
    let file = format!(
        "url,slug,title,tags,created_at,clicks,domain\n\
        https://a.example/,a,{title},,,\"1,234\",\n\
        https://b.example/,b,\"two\nlines\",,,1.234,\n\
        https://c.example/,c,,\"{}\",,1 234,\n\
        https://d.example/,d,,,soon,many,\n\
        https://e.example/,e,,,,,elsewhere.example\n",
        tags.join(",")
    );
    let rows = shown(&file);
    assert!(rows[0].contains("xx… |") && rows[0].ends_with("| 1234 ~ title"), "{}", rows[0]);
    assert!(rows[1].contains("| two lines |") && rows[1].ends_with("| 1234 ~ title"), "{}", rows[1]);
    assert!(rows[2].contains("t0+t1") && rows[2].ends_with("| 1234 ~ tags"), "{}", rows[2]);
    assert!(rows[3].ends_with(&format!("{NOW} | - ~ created_at imported_clicks")), "{}", rows[3]);
    assert!(rows[4].starts_with("e -> https://e.example/") && rows[4].ends_with("~ domain"), "{}", rows[4]);
}
