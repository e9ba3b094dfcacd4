//! Checks which schemes an operator allows for targets beside `http` and `https`.

/// Schemes that no operator can allow: they run scripts, show what a page makes up, read local files, open pages of the browser
/// itself or unpack another URL, start programs that were attacked through them, or are none that a browser follows.
const UNSAFE: [&str; 54] = [
    "about",
    "aim",
    "blob",
    "brave",
    "cast",
    "chrome",
    "chrome-devtools",
    "chrome-extension",
    "chrome-search",
    "cid",
    "content",
    "data",
    "devtools",
    "disk",
    "edge",
    "externalfile",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "hcp",
    "help",
    "its",
    "jar",
    "javascript",
    "jscript",
    "livescript",
    "local",
    "mhtml",
    "mid",
    "mk",
    "mocha",
    "moz-extension",
    "moz-icon",
    "opera",
    "pcast",
    "ps",
    "res",
    "resource",
    "safari-extension",
    "safari-web-extension",
    "search",
    "search-ms",
    "shell",
    "tel-script",
    "vbs",
    "vbscript",
    "view-source",
    "vivaldi",
    "vnd.ms.radio",
    "ws",
    "wss",
    "wyciwyg",
];

/// Families of such schemes: handlers of Windows that start programs with what the URL says.
const UNSAFE_STARTS: [&str; 7] =
    ["ms-appinstaller", "ms-cxh", "ms-help", "ms-its", "ms-msdt", "ms-officecmd", "web+javascript"];

/// The schemes that targets may have beside `http` and `https`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetSchemes(Vec<String>);

/// Why a list is not one of [`TargetSchemes`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemesError {
    /// A name that is not a scheme (RFC 3986, section 3.1), or too long.
    #[error("must be a comma-separated list of schemes such as mailto,tel,myapp, in lower case and without a colon")]
    Syntax,
    /// A scheme that no target may have.
    #[error("must not have the scheme {0}, which is never safe for visitors")]
    Unsafe(String),
    /// More than [`TargetSchemes::MAX`].
    #[error("must have at most 50 schemes")]
    TooMany,
}

impl TargetSchemes {
    /// The greatest number of schemes.
    pub const MAX: usize = 50;
    /// The greatest length of a scheme, in bytes.
    pub const MAX_SCHEME_LEN: usize = 40;

    /// Reads a comma-separated list, which may be empty.
    ///
    /// # Errors
    /// A name is not a scheme, is `http` or `https`, which are always allowed, or is never safe.
    pub fn parse(list: &str) -> Result<Self, SchemesError> {
        let mut schemes: Vec<String> = Vec::new();
        for scheme in list.split(',').map(str::trim).filter(|_| !list.trim().is_empty()) {
            let is_scheme = scheme.len() <= Self::MAX_SCHEME_LEN
                && scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
            if !is_scheme || matches!(scheme, "http" | "https") {
                return Err(SchemesError::Syntax);
            }
            if is_unsafe(scheme) {
                return Err(SchemesError::Unsafe(scheme.to_owned()));
            }
            if schemes.len() == Self::MAX {
                return Err(SchemesError::TooMany);
            }
            schemes.push(scheme.to_owned());
        }
        Ok(Self(schemes))
    }

    /// Tells whether a target may have `scheme`, which must be in lower case.
    pub fn allow(&self, scheme: &str) -> bool {
        self.0.iter().any(|allowed| allowed == scheme)
    }

    /// Lists the schemes.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn is_unsafe(scheme: &str) -> bool {
    UNSAFE.contains(&scheme) || UNSAFE_STARTS.iter().any(|start| scheme.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_has_schemes_separated_by_commas() {
        for (list, schemes) in [
            ("", vec![]),
            (" ", vec![]),
            ("mailto,tel,sms", vec!["mailto", "tel", "sms"]),
            ("slack, zoommtg", vec!["slack", "zoommtg"]),
            ("com.example.app,web+x,a-1,intent", vec!["com.example.app", "web+x", "a-1", "intent"]),
        ] {
            assert_eq!(TargetSchemes::parse(list).unwrap().iter().collect::<Vec<_>>(), schemes, "{list:?}");
        }
    }

    #[test]
    fn what_is_no_scheme_is_refused() {
        let long = "a".repeat(41);
        for list in [
            ",",
            "mailto,",
            "mailto:",
            "MAILTO",
            "1a",
            "-a",
            "a b",
            "a/b",
            "ä",
            "*",
            "http",
            "tel,https",
            long.as_str(),
        ] {
            assert_eq!(TargetSchemes::parse(list), Err(SchemesError::Syntax), "{list:?}");
        }
        let many = |count: usize| (0..count).map(|n| format!("a{n}")).collect::<Vec<_>>().join(",");
        assert!(TargetSchemes::parse(&many(50)).is_ok());
        assert_eq!(TargetSchemes::parse(&many(51)), Err(SchemesError::TooMany));
    }

    #[test]
    fn unsafe_schemes_are_refused_by_name() {
        for scheme in [
            "javascript",
            "data",
            "vbscript",
            "file",
            "blob",
            "about",
            "view-source",
            "filesystem",
            "ws",
            "wss",
            "chrome",
            "chrome-extension",
            "moz-extension",
            "edge",
            "jar",
            "resource",
            "feed",
            "ftp",
            "search-ms",
            "ms-msdt",
            "ms-officecmd",
            "ms-appinstaller",
            "shell",
            "mhtml",
            "res",
            "content",
        ] {
            let refused = TargetSchemes::parse(&format!("mailto,{scheme}"));
            assert_eq!(refused, Err(SchemesError::Unsafe(scheme.to_owned())));
        }
    }
}
