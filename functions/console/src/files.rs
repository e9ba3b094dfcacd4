//! Tells which file of the console a path asks for.

/// The longest path of a file, in bytes.
const MAX_BYTES: usize = 200;
/// The file that shows every page.
const PAGE: &str = "index.html";

/// What a path asks for: the file's path in the console's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A file whose name has a hash of its content: it never changes.
    Asset(String),
    /// Another file, such as an icon. If there is none, the page.
    File(String),
    /// A page of the console, which its script draws.
    Page,
}

impl Wanted {
    /// Reads a path below `/console/`. A path that no file can have asks for a page.
    pub(crate) fn of(path: &str) -> Self {
        let is_name = |part: &str| {
            !part.starts_with('.')
                && !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if path.len() > MAX_BYTES || !path.split('/').all(is_name) {
            return Self::Page;
        }
        match path.split_once('/') {
            Some(("assets", _)) => Self::Asset(path.to_owned()),
            None if path.contains('.') && path != PAGE => Self::File(path.to_owned()),
            _ => Self::Page,
        }
    }

    /// Returns the path of the file in the console's folder.
    pub(crate) fn file(&self) -> &str {
        match self {
            Self::Asset(path) | Self::File(path) => path,
            Self::Page => PAGE,
        }
    }
}

/// Returns the media type of a file, and whether a compressed copy stands beside it (`tools/console.py` writes those).
pub(crate) fn media_type(file: &str) -> (&'static str, bool) {
    match file.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => ("text/html; charset=utf-8", true),
        "js" => ("text/javascript; charset=utf-8", true),
        "css" => ("text/css; charset=utf-8", true),
        "json" => ("application/json", true),
        "svg" => ("image/svg+xml", true),
        "webmanifest" => ("application/manifest+json", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "png" => ("image/png", false),
        "ico" => ("image/x-icon", false),
        "webp" => ("image/webp", false),
        "woff2" => ("font/woff2", false),
        "wasm" => ("application/wasm", false),
        _ => ("application/octet-stream", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_lead_to_files_or_to_the_page() {
        let asset = |path: &str| Wanted::Asset(path.to_owned());
        let file = |path: &str| Wanted::File(path.to_owned());
        for (path, wanted) in [
            ("", Wanted::Page),
            ("index.html", Wanted::Page),
            ("links", Wanted::Page),
            ("links/go.example.com/docs.html", Wanted::Page),
            ("assets", Wanted::Page),
            ("assets/", Wanted::Page),
            ("assets/index-B1x_.js", asset("assets/index-B1x_.js")),
            ("assets/maps/world.json", asset("assets/maps/world.json")),
            ("assets/../index.html", Wanted::Page),
            ("assets//a.js", Wanted::Page),
            ("assets/a b.js", Wanted::Page),
            ("assets/\u{e4}.js", Wanted::Page),
            ("icon.svg", file("icon.svg")),
            (".env", Wanted::Page),
            ("..", Wanted::Page),
        ] {
            assert_eq!(Wanted::of(path), wanted, "{path}");
        }
        assert_eq!(Wanted::of(&format!("{}.js", "a".repeat(MAX_BYTES))), Wanted::Page);
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_folder(path in "([a-z./%\\\\]|\u{0}|\u{e4}){0,30}") {
            let wanted = Wanted::of(&path);
            prop_assert!(wanted.file().split('/').all(|part| !part.is_empty() && part != "." && part != ".."));
        }
    }
}
