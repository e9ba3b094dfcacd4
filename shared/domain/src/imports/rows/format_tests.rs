//! Tests of text formats: which rows a file has, however its bytes arrive.

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::tests::read;

/// Reads a file in pieces of several sizes, and requires the same rows.
fn all(file: impl AsRef<[u8]>) -> Vec<String> {
    let file = file.as_ref();
    let whole = read(file, usize::MAX);
    for piece in [1, 7, 1000] {
        assert_eq!(read(file, piece), whole, "in pieces of {piece}");
    }
    whole.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&file[..file.len().min(200)])))
}

/// The rows without their numbers.
fn contents(file: impl AsRef<[u8]>) -> Vec<String> {
    all(file).iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_of_urls_and_fields_are_told_apart() {
    for (file, expected) in [
        // Delimiters are part of URLs.
        (
            "https://a.example/x,1\nhttps://b.example/y,2\n",
            &["https://a.example/x,1|-|-|", "https://b.example/y,2|-|-|"][..],
        ),
        ("https://a.example/x;1\nhttps://b.example/y\n", &["https://a.example/x;1|-|-|", "https://b.example/y|-|-|"]),
        (
            "https://maps.example/@52.5,13.4,15z\nhttps://maps.example/@48.1,11.5,15z\n",
            &["https://maps.example/@52.5,13.4,15z|-|-|", "https://maps.example/@48.1,11.5,15z|-|-|"],
        ),
        // They are not.
        ("https://a.example/,a\nhttps://b.example/y,b\n", &["https://a.example/|a|-|", "https://b.example/y|b|-|"]),
        ("https://a.example,a\nhttps://b.example,b", &["https://a.example|a|-|", "https://b.example|b|-|"]),
        ("https://a.example/x,\nhttps://b.example/y,\n", &["https://a.example/x|-|-|", "https://b.example/y|-|-|"]),
        ("https://a.example/x\ta\nhttps://b.example/y\tb\n", &["https://a.example/x|a|-|", "https://b.example/y|b|-|"]),
        (
            "https://a.example/x,a,\"A, b\"\nhttps://b.example/y,b,\n",
            &["https://a.example/x|a|A, b|", "https://b.example/y|b|-|"],
        ),
        ("https://a.example/x a\nhttps://b.example/y  b \n", &["https://a.example/x|a|-|", "https://b.example/y|b|-|"]),
        (
            "docs,https://a.example/x\nblog,https://b.example/y,Blog\n",
            &["https://a.example/x|docs|-|", "https://b.example/y|blog|Blog|"],
        ),
        ("docs;https://a.example/x\n", &["https://a.example/x|docs|-|"]),
        ("docs https://a.example/x\n", &["https://a.example/x|docs|-|"]),
        // Comments, and what is not a URL.
        (
            "# mine\nhttps://a.example/x # first\nhttps://b.example/y\n\n# \"note\nhttps://c.example/z\n",
            &["https://a.example/x|-|-|", "https://b.example/y|-|-|", "https://c.example/z|-|-|"],
        ),
        (
            "www.example.com/a\nhttps://b.example/y\nhttps://c.example/z\n",
            &["www.example.com/a|-|-|", "https://b.example/y|-|-|", "https://c.example/z|-|-|"],
        ),
        (
            "www.example.com/a\nexample.com/b\nhttps://c.example/z\n",
            &["www.example.com/a|-|-|", "example.com/b|-|-|", "https://c.example/z|-|-|"],
        ),
    ] {
        assert_eq!(contents(file), expected, "{file}");
    }
}

#[test]
fn lines_that_can_be_read_in_two_ways_are_refused() {
    for file in
        ["https://a.example/x,red\nhttps://a.example/y,blue\n", "https://a.example/x;a1\nhttps://a.example/y;b1\n"]
    {
        let error = read(file.as_bytes(), 7).unwrap_err();
        assert!(error.contains("slug` as the first line"), "{error}");
    }
    let table: String = (0..20).map(|n| format!("https://a.example/{n},slug{n}\n")).collect();
    assert_eq!(contents(table)[19], "https://a.example/19|slug19|-|");
}

#[test]
fn header_may_stand_below_other_rows() {
    let expected = ["https://a.example/x|a|-|", "https://b.example/y|b|-|"];
    for file in [
        "sep=;\nurl;slug\nhttps://a.example/x;a\nhttps://b.example/y;b\n",
        "\u{feff}\"sep=|\"\r\nurl|slug\r\nhttps://a.example/x|a\r\nhttps://b.example/y|b\r\n",
        "sep=;\nhttps://a.example/x;a\nhttps://b.example/y;b\n",
        "My links\n\nurl,slug\nhttps://a.example/x,a\nhttps://b.example/y,b\n",
        "Links,2026,,\nExported by,someone\nurl,slug\nhttps://a.example/x,a\nhttps://b.example/y,b\n",
        "# see https://a.example/, please\nslug,url\na,https://a.example/x\nb,https://b.example/y\n",
    ] {
        assert_eq!(contents(file), expected, "{file}");
    }
    assert_eq!(all("Title\nurl\nhttps://a.example/x\n"), ["1@3 https://a.example/x|-|-|"]);
}

#[test]
fn old_encodings_are_read() {
    let latin = b"url,title\nhttps://a.example/x,B\xfcro und Caf\xe9 in M\xfcnchen\n";
    assert_eq!(contents(latin), ["https://a.example/x|-|Büro und Café in München|"]);
    assert_eq!(contents(gzip(latin)), ["https://a.example/x|-|Büro und Café in München|"]);
    let html = b"<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<META CONTENT=\"text/html; charset=windows-1252\">\n<DL><p>\n\
        <DT><H3>B\xfcro</H3><DL><p><DT><A HREF=\"https://a.example/x\">\xdcbersicht \x80</A></DL></DL>";
    assert_eq!(contents(html), ["https://a.example/x|-|Übersicht €|Büro"]);
    let cyrillic =
        encoding_rs::WINDOWS_1251.encode("url;title\nhttps://a.example/x;Привет, мир, как дела\n").0.into_owned();
    assert_eq!(contents(cyrillic), ["https://a.example/x|-|Привет, мир, как дела|"]);
}

#[test]
fn guessed_character_in_an_address_breaks_its_row() {
    let file = b"url,slug,title\nhttps://a.example/caf\xe9,a,Caf\xe9\nhttps://b.example/y,b,Caf\xe9 M\xfcller\n";
    let rows = contents(file);
    assert!(rows[0].contains("! has a character whose encoding is not certain"), "{}", rows[0]);
    assert_eq!(rows[1], "https://b.example/y|b|Café Müller|");
}

/// Bookmarks with `body` in them.
fn bookmarks(body: &str) -> String {
    format!("<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p>\n{body}\n</DL>")
}

#[test]
fn bookmarks_in_html() {
    let icon = "A".repeat(600 * 1024);
    for (body, expected) in [
        (
            "<DT><A HREF=\"https://a.example/?a=1&amp;b=2&copy=3\">Caf&eacute; &ndash; R&amp;D &hellip; &#8211; &euro;5 &#x1F600;&lt;b&gt;</A>",
            &["https://a.example/?a=1&b=2&copy=3|-|Café – R&D … – €5 😀<b>|"][..],
        ),
        (
            "<DT><A HREF=\"https://a.example/x\">A</A>\n<DD>see <a href=\"https://b.example/\">b</a>\n<a> </a>\n\
             <DT><A HREF=\"https://c.example/x\">C</A>",
            &["https://a.example/x|-|A|", "https://c.example/x|-|C|"],
        ),
        (
            "<DT><A ADD_DATE=\"1\">no URL</A><DT><A HREF=\"https://a.example/x\">A</A>",
            &["-|-|no URL|", "https://a.example/x|-|A|"],
        ),
        (
            "<DT><A HREF=\"https://a.example/x\">A</A><DD>the <script> element, a < b, <!-- and more -->\n\
             <DT><A HREF=https://b.example/y>B</A>",
            &["https://a.example/x|-|A|", "https://b.example/y|-|B|"],
        ),
        (
            "<DT><H3>Short, with comma</H3><DL><p><DT><A HREF=\"https://a.example/x\" TAGS=\"a,b\">A</A></DL>\
             <DT><A HREF=\"https://b.example/y\">B</A>",
            &["https://a.example/x|-|A|a+b+Short, with comma", "https://b.example/y|-|B|"],
        ),
        (
            "<DT><A HREF=\"https://a.example/x>A</A>\n<DT><A HREF=\"https://b.example/y\">B</A>\n<DT><A HREF=\"https://c.example/z\">C</A>",
            &["! has a quotation mark that is not closed", "https://c.example/z|-|C|"],
        ),
        (
            "<DT><A HREF=\"https://a.example/x\">A</A><DT><A HREF=\"https://b.example/y",
            &["https://a.example/x|-|A|", "! its tag does not end"],
        ),
    ] {
        assert_eq!(contents(bookmarks(body)), expected, "{body}");
    }
    let body = format!("<DT><A HREF=\"https://a.example/x\" ICON=\"data:image/png;base64,{icon}\" TAGS=\"t\">A</A>");
    assert_eq!(rows_of(&bookmarks(&body)), ["1@3 https://a.example/x|-|A|t"]);
    let body = format!("<DT><A HREF=\"https://a.example/{icon}\">A</A><DT><A HREF=\"https://b.example/y\">B</A>");
    assert_eq!(rows_of(&bookmarks(&body)), ["1@3 ! has a URL that is too long", "2@3 https://b.example/y|-|B|"]);
}

fn rows_of(file: &str) -> Vec<String> {
    read(file.as_bytes(), 50_000).unwrap()
}

#[test]
fn hostile_bookmarks_take_linear_time() {
    for part in ["<a", "<a ", "<a b", "<a b=\"", "<!--", "<", "<![CDATA[", "&", "<dd><a ", "</a"] {
        let body = part.repeat(2_000_000 / part.len());
        let _ = read(bookmarks(&body).as_bytes(), 64 * 1024);
    }
}

#[test]
fn bookmarks_in_xml() {
    let opml = r#"<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>Mine</title></head><body>
        <outline text="News &amp; more"><outline type="rss" text="A" xmlUrl="https://a.example/feed" htmlUrl="https://a.example/x"/>
        <outline text="Deep"><outline text="B" type="link" url="https://b.example/?a=1&amp;b=2" created="2024-03-05"></outline></outline></outline>
        <outline text="a note"/><outline type="link" text="C"/></body></opml>"#;
    let expected = ["https://a.example/x|-|A|News & more", "https://b.example/?a=1&b=2|-|B|News & more+Deep", "-|-|C|"];
    assert_eq!(contents(opml), expected);
    let xbel = r#"<?xml version="1.0"?><!DOCTYPE xbel><xbel version="1.0"><title>Mine</title>
        <folder><title>Work</title><bookmark href="https://a.example/x" added="2024-03-05T10:11:12Z"><title>A &amp; b</title>
        <desc>no title</desc></bookmark><folder><bookmark href="https://b.example/y"/></folder></folder>
        <bookmark href="https://c.example/z"><title><![CDATA[C]]></title></bookmark></xbel>"#;
    let expected = ["https://a.example/x|-|A & b|Work", "https://b.example/y|-|-|Work", "https://c.example/z|-|C|"];
    assert_eq!(contents(xbel), expected);
}

#[test]
fn posts_in_xml() {
    let file = "<?xml version=\"1.0\"?>\n<posts user=\"x\">\n<post href=\"https://a.example/?a=1&amp;b\" description=\"A\" \
                time=\"2010-01-02T03:04:05Z\" tag=\"a b\"/>\n</posts>";
    assert_eq!(all(file), ["1@3 https://a.example/?a=1&b|-|A|a+b"]);
}

#[test]
fn json_documents() {
    for (file, expected) in [
        // The list has some name, or none.
        (r#"{"bookmarks": [{"url": "https://a.example/x", "slug": "a"}]}"#, &["https://a.example/x|a|-|"][..]),
        ("{\n \"results\": [\n  {\n   \"url\": \"https://a.example/x\"\n  }\n ]\n}", &["https://a.example/x|-|-|"]),
        (
            r#"{"urls": ["https://a.example/x", "https://b.example/y"]}"#,
            &["https://a.example/x|-|-|", "https://b.example/y|-|-|"],
        ),
        (r#"{"response": {"myLinks": [{"longUrl": "https://a.example/x"}]}}"#, &["https://a.example/x|-|-|"]),
        ("{\n\"url\": \"https://a.example/x\",\n\"slug\": \"a\"\n}\n", &["https://a.example/x|a|-|"]),
        (
            "{\n\"url\": \"https://a.example/x\"\n}\n{\n\"url\": \"https://b.example/y\"\n}",
            &["https://a.example/x|-|-|", "https://b.example/y|-|-|"],
        ),
        // Several lists.
        (
            r#"{"links": [{"url": "https://a.example/x"}], "redirects": [{"url": "https://b.example/y"}], "tags": [{"url": "https://t.example/"}]}"#,
            &["https://a.example/x|-|-|", "https://b.example/y|-|-|"],
        ),
        (
            r#"{"links": [{"url": "https://a.example/x"}], "mine": [{"url": "https://b.example/y"}]}"#,
            &["https://a.example/x|-|-|", "! is another list of links, which is not read"],
        ),
        // What is beside and in links is none.
        (
            r#"{"pagination": {"next": {"url": "https://api.example/"}}, "user": {"url": "https://u.example/"},
                "links": [{"url": "https://a.example/x", "geo": {"DE": "https://de.example/"}, "meta": [{"url": "https://m.example/"}]}]}"#,
            &["https://a.example/x|-|-|"],
        ),
        // Slugs are names.
        (
            r#"{"docs": "https://a.example/x", "blog": "https://b.example/y"}"#,
            &["https://a.example/x|docs|-|", "https://b.example/y|blog|-|"],
        ),
        (r#"{"redirects": {"docs": "https://a.example/x"}}"#, &["https://a.example/x|docs|-|"]),
        (
            r#"{"docs": {"url": "https://a.example/x", "title": "A"}, "blog": {"url": "https://b.example/y", "slug": "b"}}"#,
            &["https://a.example/x|docs|A|", "https://b.example/y|b|-|"],
        ),
        // Types.
        (
            r#"[{"url": "https://a.example/x", "slug": 123, "title": 7, "tags": [{"name": "n"}, {"text": "t", "id": 1}, 5]}]"#,
            &["https://a.example/x|123|7|n+t+5"],
        ),
        // A broken link in a list.
        (
            r#"{"links": [{"url": "https://a.example/x"}, {"slug": "none"}, {"url": "https://b.example/y"}]}"#,
            &["https://a.example/x|-|-|", "-|none|-|", "https://b.example/y|-|-|"],
        ),
        (
            r#"[{"url": "https://a.example/x"}, {"slug": "none", "tags": [{"name": "n"}]}, {"type": "folder", "items": []}]"#,
            &["https://a.example/x|-|-|", "-|none|-|n"],
        ),
        (
            r#"{"version": 1, "redirects": {"a": "https://a.example/x", "b": {"url": "https://b.example/y"}, "c": "/c"}}"#,
            &["https://a.example/x|a|-|", "https://b.example/y|b|-|", "/c|c|-|"],
        ),
        (
            r#"{"url":"https://a.example/x"}{"url":"https://b.example/y"}"#,
            &["https://a.example/x|-|-|", "https://b.example/y|-|-|"],
        ),
        (r#"{"links": []}"#, &[]),
    ] {
        assert_eq!(contents(file), expected, "{file}");
    }
}

#[test]
fn json_of_bookmark_managers() {
    for (file, expected) in [
        // Chrome
        (
            r#"{"checksum": "c", "roots": {"bookmark_bar": {"children": [
                {"date_added": "13325702553000000", "guid": "g", "id": "1", "name": "A", "type": "url", "url": "https://a.example/x"},
                {"children": [{"date_added": "13325702553000000", "guid": "g", "id": "3", "name": "B", "type": "url", "url": "https://b.example/y"}],
                 "id": "2", "name": "Work", "type": "folder"}, {"children": [], "name": "Empty", "type": "folder"}],
                "id": "0", "name": "Bookmarks bar", "type": "folder"}, "other": {"children": [], "name": "Other", "type": "folder"}}, "version": 1}"#,
            &["https://a.example/x|-|A|", "https://b.example/y|-|B|Work"][..],
        ),
        // Firefox
        (
            r#"{"guid": "root________", "title": "", "root": "placesRoot", "type": "text/x-moz-place-container", "children": [
                {"guid": "menu________", "title": "menu", "root": "bookmarksMenuFolder", "type": "text/x-moz-place-container", "children": [
                {"guid": "a", "title": "Work", "type": "text/x-moz-place-container", "children": [
                {"guid": "b", "title": "A", "dateAdded": 1681228953000000, "typeCode": 1, "type": "text/x-moz-place", "uri": "https://a.example/x", "tags": "x,y"},
                {"guid": "c", "type": "text/x-moz-place-separator"}]}]}]}"#,
            &["https://a.example/x|-|A|x+y+Work"],
        ),
        // Linkwarden
        (
            r#"{"name": "Me", "collections": [{"id": 1, "name": "Work", "links": [
                {"id": 1, "name": "A", "url": "https://a.example/x", "collectionId": 1, "tags": [{"id": 1, "name": "t"}]}]}]}"#,
            &["https://a.example/x|-|A|t+Work"],
        ),
        // Karakeep
        (
            r#"{"bookmarks": [{"createdAt": 1681228953, "title": null, "tags": ["t"], "content": {"type": "link", "url": "https://a.example/x", "title": "A"}},
                {"createdAt": 1681228953, "title": "B", "tags": [], "content": {"type": "link", "url": "https://b.example/y"}, "note": null}]}"#,
            &["https://a.example/x|-|A|t", "https://b.example/y|-|B|"],
        ),
        // Raindrop
        (
            r#"{"result": true, "items": [{"_id": 1, "link": "https://a.example/x", "title": "A", "excerpt": "e", "tags": ["t"], "created": "2024-03-05T10:11:12Z"}]}"#,
            &["https://a.example/x|-|A|t"],
        ),
        // Pinboard
        (
            r#"[{"href": "https://a.example/x", "description": "A", "extended": "", "meta": "m", "time": "2024-03-05T10:11:12Z", "shared": "no", "toread": "no", "tags": "t u"}]"#,
            &["https://a.example/x|-|A|t+u"],
        ),
        // Redirection
        (
            r#"{"plugin": {"version": "5"}, "groups": [{"id": 1, "name": "g"}], "redirects": [
                {"id": 1, "url": "/old/", "match_url": "/old", "match_type": "url", "action_type": "url", "action_code": 301, "action_data": {"url": "https://a.example/x"}, "title": "A", "hits": 3, "regex": false, "enabled": true},
                {"id": 2, "url": "^/a(.*)$", "match_type": "url", "action_type": "url", "action_data": {"url": "https://b.example/$1"}, "regex": true}]}"#,
            &["https://a.example/x|old|A|", "! is a pattern for many paths, which a link is not"],
        ),
    ] {
        assert_eq!(contents(file), expected, "{file}");
    }
}

#[test]
fn tables_of_other_services() {
    for (file, expected) in [
        ("short_url,long_url,clicks\npolr1,https://a.example/x,3\n", "https://a.example/x|polr1|-|"),
        (
            "URL,Title,Selection,Folder,Timestamp\nhttps://a.example/x,A,,Unread,1681228953\n",
            "https://a.example/x|-|A|",
        ),
        (
            "source,target,regex,code,type,hits,title,status\n/old/,https://a.example/x,0,301,url,3,A,enabled\n",
            "https://a.example/x|old|A|",
        ),
    ] {
        assert_eq!(contents(file), [expected], "{file}");
    }
}

#[test]
fn long_json_documents_are_read_piece_by_piece() {
    let link = |n: u32| format!("{{\"url\":\"https://a.example/{n}\",\"tags\":[{{\"name\":\"t\"}}]}}");
    let links = |count: u32| (0..count).map(link).collect::<Vec<_>>().join(",");
    let many = links(30_000);
    for (start, end, tag) in [
        ("{\"links\":[", "]}", "t"),
        ("[", "]", "t"),
        ("{\"name\":\"Me\",\"collections\":[{\"name\":\"Work\",\"links\":[", "]}]}", "t+Work"),
    ] {
        let rows = rows_of(&format!("{start}{many}{end}"));
        assert_eq!(rows.len(), 30_000);
        assert_eq!(rows[29_999], format!("30000@1 https://a.example/29999|-|-|{tag}"));
    }
    let map: Vec<String> = (0..60_000).map(|n| format!("\"s{n}\":\"https://a.example/{n}\"")).collect();
    let rows = rows_of(&format!("{{{}}}", map.join(",")));
    assert_eq!((rows.len(), rows[59_999].as_str()), (60_000, "60000@1 https://a.example/59999|s59999|-|"));
    let long = "x".repeat(70_000);
    let file = format!("{{\"meta\":{{\"x\":\"{long}\"}},\"links\":[{{\"url\":\"https://a.example/x\"}}]}}");
    assert_eq!(rows_of(&file), ["1@1 https://a.example/x|-|-|"]);
    let file = format!("[{{\"url\":\"https://a.example/x\",\"content\":\"{long}\"}}]");
    assert_eq!(rows_of(&file), ["1@1 https://a.example/x|-|-|"]);
    let long = "x".repeat(1_100_000);
    let rows = rows_of(&format!(
        "[{{\"url\":\"https://a.example/x\",\"content\":\"{long}\"}},{{\"url\":\"https://b.example/y\"}}]"
    ));
    assert!(rows[0].contains("! is longer than 1048576 bytes"), "{}", rows[0]);
    assert_eq!(rows[1], "2@1 https://b.example/y|-|-|");
}

#[test]
fn position_of_an_error_in_json_is_that_in_the_file() {
    let file = "[{\"url\":\"https://a.example/x\"}] []";
    assert!(read(file.as_bytes(), 7).unwrap_err().contains("at byte 32 of the file"));
    for packed in [gzip(file.as_bytes()), utf16(file)] {
        let error = read(&packed, usize::MAX).unwrap_err();
        let byte: usize = error.split("at byte ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(byte <= packed.len(), "{error}");
    }
}

#[test]
fn torn_json_gives_the_links_before_its_end() {
    let mut rows = super::Rows::new(100, super::Limits::default());
    rows.feed(br#"{"links":[{"url":"https://a.example/x"},{"url":"https://b.example/y"},{"url":"#);
    rows.end();
    for _ in 0..2 {
        assert!(matches!(rows.next_row(), Ok(super::Next::Row(_))));
    }
    assert!(rows.next_row().unwrap_err().to_string().contains("breaks off"));
}

#[test]
fn rules_of_web_servers() {
    let redirects = "# old pages\n/old   https://a.example/x  301!\n/b/ https://b.example/y # note\n/news/* https://c.example/:splat 302\n\
        /q id=:id https://d.example/\n/de https://e.example/ 302 Country=de\n/app /index.html 200\nhttps://old.example/z https://f.example/\n/rel /other\n";
    assert_eq!(
        contents(redirects),
        [
            "https://a.example/x|old|-|",
            "https://b.example/y|b|-|",
            "! is a pattern for many paths, which a link is not",
            "! depends on query parameters, which a link does not",
            "! has conditions, which a link does not",
            "! is not a redirect: its status does not begin with 3",
            "https://f.example/|-|-|",
            "/other|rel|-|",
        ]
    );
    let htaccess = "<IfModule mod_rewrite.c>\nRewriteEngine On\nRedirect 301 /old https://a.example/x\nRedirectPermanent \"/b c\" https://b.example/y\n\
        RedirectMatch ^/c/?$ https://c.example/z\nRedirectMatch 301 ^/d/(.*)$ https://d.example/$1\nRewriteRule ^e\\.html$ https://e.example/ [R=301,L]\n\
        RewriteCond %{HTTPS} off\nRewriteRule ^f$ https://f.example/ [R,L]\nRewriteRule . /index.php [L]\nRedirect gone /g\nRewriteRule ^i$ https://i.example/100%20 [NC]\n</IfModule>\n";
    assert_eq!(
        contents(htaccess),
        [
            "https://a.example/x|old|-|",
            "https://b.example/y|b c|-|",
            "https://c.example/z|c|-|",
            "! has a target with variables, which a link does not",
            "https://e.example/|e.html|-|",
            "! has conditions, which a link does not",
            "! is not a redirect: its page is gone",
            "https://i.example/100%20|i|-|",
        ]
    );
    let nginx = "map $uri $new {\n  default \"\";\n  /old https://a.example/x;\n  ~^/b(.*)$ https://b.example/$1;\n  ~^/c/?$ \"https://c.example/z\";\n}\n\
        map $http_host $other { a.example https://no.example/; }\n\
        server {\n  listen 80; # { comment\n  location = /d { return 301 https://d.example/; }\n  location /e { return 302 https://e.example/; }\n\
        location ~ ^/f$ { return 308 https://f.example/; }\n  rewrite ^/g$ https://g.example/ permanent;\n  rewrite ^/h/(.*)$ /i/$1 last;\n\
        location = /j { return 301 https://j.example$request_uri; }\n  location = /k { return 404; }\n  if ($x) { return 301 https://l.example/; }\n\
        return 301 https://${host}/x;\n}\n";
    assert_eq!(
        contents(nginx),
        [
            "https://a.example/x|old|-|",
            "! has a target with variables, which a link does not",
            "https://c.example/z|c|-|",
            "https://d.example/|d|-|",
            "! is a pattern for many paths, which a link is not",
            "https://f.example/|f|-|",
            "https://g.example/|g|-|",
            "! has a target with variables, which a link does not",
            "! has conditions, which a link does not",
            "! has a target with variables, which a link does not",
        ]
    );
}

/// Texts of parts that are special in some format.
fn texts() -> impl Strategy<Value = String> {
    let parts = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        " ",
        "<a ",
        "href=",
        "<dt>",
        "<dl>",
        "</dl>",
        ">",
        "<!--",
        "-->",
        "<h3>",
        "https://a.example/x",
        "\"url\"",
        "\"links\"",
        "\"children\"",
        "\"name\"",
        "\"a\"",
        "{\"url\":\"https://a.example/\"}",
        "&amp;",
        "1",
        "null",
        "<outline ",
        "<bookmark ",
        "<title>",
        "/>",
        "ä",
        "/old ",
        "location = /x {",
        "return 301 ",
        ";",
        "#",
        "^",
        "$",
    ];
    prop::collection::vec(prop::sample::select(parts.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn rows_of_texts_do_not_depend_on_pieces(body in texts(), start in 0..9_usize, piece in 1..20_usize) {
        let start = [
            "{\"links\":[", "[", "{\"a\":", "<!DOCTYPE NETSCAPE-Bookmark-file-1>", "<opml>", "<xbel>", "/a https://a.example/x\n",
            "Redirect 301 /a https://a.example/x\n", "location = /a { return 301 https://a.example/x; }\n",
        ][start];
        let file = format!("{start}{body}");
        prop_assert_eq!(read(file.as_bytes(), piece), read(file.as_bytes(), usize::MAX));
    }

    #[test]
    fn rows_of_old_encodings_do_not_depend_on_pieces(body in prop::collection::vec(0x20..=0xff_u8, 0..200), piece in 1..20_usize) {
        let file = [b"url,title\nhttps://a.example/x,", &body[..]].concat();
        prop_assert_eq!(read(&file, piece), read(&file, usize::MAX));
    }
}
