//! Reads the statements of nginx that redirect: `return` in a `location`, `rewrite`, and maps of paths to URLs.

use super::literal::{has_variables, literal_path};
use super::redirect::{Redirect, redirect};
use super::words::words;
use crate::imports::rows::fields::Fields;

/// How deeply blocks are followed.
const MAX_BLOCKS: usize = 64;
const PATTERN: &str = "is a pattern for many paths, which a link is not";
const VARIABLES: &str = "has a target with variables, which a link does not";

/// The blocks that are open.
#[derive(Debug, Default)]
pub(super) struct Nginx {
    blocks: Vec<Block>,
    /// How many more blocks are open than are kept.
    deeper: usize,
}

#[derive(Debug, Clone)]
enum Block {
    /// For requests of one path.
    Location(String),
    /// For requests of many paths.
    Locations,
    /// Under a condition.
    If,
    /// A map whose keys are paths.
    Map,
    /// A map of something else.
    OtherMap,
    Other,
}

/// Returns the index of the character that ends the statement at the start of `text`.
pub(super) fn statement_end(text: &[u8]) -> Option<usize> {
    let (mut quote, mut in_comment, mut escaped) = (None, false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'\n' if in_comment => in_comment = false,
            _ if in_comment => {}
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if quote == Some(byte) => quote = None,
            _ if quote.is_some() => {}
            b'"' | b'\'' if at == 0 || text[at - 1].is_ascii_whitespace() => quote = Some(byte),
            b'#' if at == 0 || text[at - 1].is_ascii_whitespace() => in_comment = true,
            // `${name}` is a variable.
            b'{' if at > 0 && text[at - 1] == b'$' => {}
            b'}' if text[..at].rsplit(|byte| byte.is_ascii_whitespace()).next().is_some_and(is_open_variable) => {}
            b';' | b'{' | b'}' => return Some(at),
            _ => {}
        }
    }
    None
}

/// Tells whether `word` ends within `${name}`.
fn is_open_variable(word: &[u8]) -> bool {
    let open = memchr::memmem::rfind(word, b"${");
    open.is_some_and(|open| memchr::memchr(b'}', &word[open..]).is_none())
}

impl Nginx {
    /// Reads a statement with the character that ends it.
    pub(super) fn read(&mut self, statement: &str) -> Redirect {
        let (text, end) = match statement.char_indices().next_back() {
            Some((at, end @ (';' | '{' | '}'))) => (&statement[..at], end),
            _ => (statement, ';'),
        };
        let text: String =
            text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join(" ");
        let words = words(&text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match end {
            '{' => {
                self.open(&words);
                None
            }
            '}' => {
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else {
                    self.blocks.pop();
                }
                None
            }
            _ => self.read_words(&words),
        }
    }

    fn open(&mut self, words: &[&str]) {
        let block = match words {
            ["location", "=", path] => Block::Location((*path).to_owned()),
            ["location", path] if path.starts_with('=') => Block::Location(path[1..].to_owned()),
            ["location", "~" | "~*", pattern] => literal_path(pattern).map_or(Block::Locations, Block::Location),
            ["location", ..] => Block::Locations,
            ["map", "$uri" | "$request_uri" | "$document_uri", _] => Block::Map,
            ["map" | "geo", ..] => Block::OtherMap,
            ["if", ..] => Block::If,
            _ => Block::Other,
        };
        if self.blocks.len() < MAX_BLOCKS { self.blocks.push(block) } else { self.deeper += 1 }
    }

    fn read_words(&self, words: &[&str]) -> Redirect {
        match (self.blocks.last(), words) {
            (Some(Block::OtherMap), _) => None,
            (Some(Block::Map), ["default" | "include", _] | ["hostnames" | "volatile"]) => None,
            (Some(Block::Map), [key, target]) => Some(read_entry(key, target)),
            (_, ["rewrite", pattern, target, flag @ ..]) => self.read_rewrite(pattern, target, flag),
            (_, ["return", target]) if target.contains("://") => Some(self.read_return("302", target)),
            (_, ["return", status, target]) if status.len() == 3 && status.starts_with('3') => {
                Some(self.read_return(status, target))
            }
            _ => None,
        }
    }

    fn read_return(&self, status: &str, target: &str) -> Result<Fields<'static>, &'static str> {
        if has_variables(target) {
            return Err(VARIABLES);
        }
        match self.blocks.last() {
            Some(Block::Location(path)) => redirect(path, target, Some(status)),
            Some(Block::If) => Err("has conditions, which a link does not"),
            _ => Err(PATTERN),
        }
    }

    fn read_rewrite(&self, pattern: &str, target: &str, flag: &[&str]) -> Redirect {
        let status = match flag {
            ["permanent"] => Some("301"),
            ["redirect"] => Some("302"),
            _ if target.contains("://") => Some("302"),
            _ => return None, // within the server
        };
        Some(match literal_path(pattern) {
            _ if has_variables(target) => Err(VARIABLES),
            _ if matches!(self.blocks.last(), Some(Block::If)) => Err("has conditions, which a link does not"),
            None => Err(PATTERN),
            Some(path) => redirect(&path, target, status),
        })
    }
}

/// Reads an entry of a map.
fn read_entry(key: &str, target: &str) -> Result<Fields<'static>, &'static str> {
    if has_variables(target) {
        return Err(VARIABLES);
    }
    match key.strip_prefix("~*").or_else(|| key.strip_prefix('~')) {
        Some(pattern) => redirect(&literal_path(pattern).ok_or(PATTERN)?, target, None),
        None => redirect(key, target, None),
    }
}
