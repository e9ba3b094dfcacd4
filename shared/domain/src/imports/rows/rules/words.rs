//! Splits rules into words, and recognises files of rules by them.

use crate::imports::rows::layout::RuleSyntax;

/// The directives of Apache that may redirect, in lower case.
const DIRECTIVES: [&str; 5] = ["redirect", "redirectmatch", "redirectpermanent", "redirecttemp", "rewriterule"];

/// Splits a rule at white space. Quotation marks hold a word together and are dropped; `#` begins a comment.
pub(super) fn words(rule: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = rule.trim_start();
    while let Some(first) = rest.chars().next().filter(|first| *first != '#') {
        let quoted = matches!(first, '"' | '\'').then(|| rest[1..].find(first)).flatten();
        let (word, after) = match quoted {
            Some(end) => (&rest[1..=end], &rest[end + 2..]),
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

/// Recognises rules by the first lines of a file.
pub(in crate::imports::rows) fn recognise_rules(head: &str) -> Option<RuleSyntax> {
    let lines = || head.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    if let Some(first) = lines().next()
        && let [from, to, ..] = words(first).as_slice()
        && from.starts_with('/')
        && (to.starts_with('/') || to.contains("://") || to.contains('='))
    {
        return Some(RuleSyntax::Redirects);
    }
    for line in lines() {
        let words = words(line);
        let Some(first) = words.first().map(|first| first.to_ascii_lowercase()) else { continue };
        if DIRECTIVES.contains(&first.as_str()) && words.len() > 2 {
            return Some(RuleSyntax::Htaccess);
        }
        let is_block = ["location", "map", "server"].contains(&first.as_str()) && line.contains('{');
        let is_statement = ["rewrite", "return"].contains(&first.as_str()) && line.contains(';') && words.len() > 2;
        if is_block || is_statement {
            return Some(RuleSyntax::Nginx);
        }
    }
    None
}
