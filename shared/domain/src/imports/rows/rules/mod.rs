//! Reads the redirects of web servers and hosting services: the file `_redirects`, Apache's `.htaccess` and the
//! configuration of nginx. A rule that is not one path and one target is a broken row: no link can do what it does.

mod htaccess;
mod literal;
mod netlify;
mod nginx;
mod redirect;
mod words;

use self::nginx::Nginx;
use super::buffer::Buffer;
use super::fields::{Fault, Fields};
use super::layout::RuleSyntax;
use super::limits::MAX_ROW_BYTES;

pub(super) use self::words::recognise_rules;

/// What [`Rules::find`] found.
pub(super) enum Rule {
    Row(Box<Result<Fields<'static>, Fault>>),
    More,
    End,
}

/// Reads rules one by one.
pub(super) struct Rules {
    syntax: RuleSyntax,
    nginx: Nginx,
    /// Whether conditions precede the next `RewriteRule`.
    has_condition: bool,
    /// Whether the rest of a statement that is too long is skipped.
    skipping: bool,
    number: u64,
    line: u64,
}

impl Rules {
    pub(super) fn new(syntax: RuleSyntax) -> Self {
        Self { syntax, nginx: Nginx::default(), has_condition: false, skipping: false, number: 0, line: 0 }
    }

    /// Returns the last rule's number and the line on which it began.
    pub(super) fn last(&self) -> (u64, u64) {
        (self.number, self.line)
    }

    /// Finds the next redirect.
    pub(super) fn find(&mut self, buffer: &mut Buffer) -> Rule {
        loop {
            if self.skipping {
                self.skipping = !buffer.skip_line();
                if self.skipping {
                    return if buffer.ended() { Rule::End } else { Rule::More };
                }
            }
            let blank = buffer.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            buffer.consume(blank);
            let window = &buffer.rest()[..buffer.rest().len().min(MAX_ROW_BYTES)];
            if window.is_empty() {
                return if buffer.ended() { Rule::End } else { Rule::More };
            }
            let is_full = window.len() == MAX_ROW_BYTES;
            let end = match self.syntax {
                _ if window[0] == b'#' => memchr::memchr(b'\n', window),
                RuleSyntax::Nginx => nginx::statement_end(window),
                _ => memchr::memchr(b'\n', window),
            };
            let length = match end {
                Some(end) => end + 1,
                None if is_full => 0,
                None if buffer.ended() => window.len(),
                None => return Rule::More,
            };
            self.line = buffer.line();
            if length == 0 {
                let is_comment = window[0] == b'#';
                let fault = Fault::of_row(window, format!("is longer than {MAX_ROW_BYTES} bytes"));
                self.skipping = true;
                if is_comment {
                    continue;
                }
                self.number += 1;
                return Rule::Row(Box::new(Err(fault)));
            }
            let text = window[..length].to_vec();
            buffer.consume(length);
            if let Some(row) = self.read(&text) {
                self.number += 1;
                return Rule::Row(Box::new(row));
            }
        }
    }

    /// Reads a line or a statement, if it is a redirect.
    fn read(&mut self, text: &[u8]) -> Option<Result<Fields<'static>, Fault>> {
        let text = text.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") {
            return None;
        }
        let Ok(rule) = std::str::from_utf8(text) else {
            return Some(Err(Fault::of_row(text, "is not valid text (UTF-8 or UTF-16)")));
        };
        let redirect = match self.syntax {
            RuleSyntax::Redirects => netlify::read(rule),
            RuleSyntax::Htaccess => htaccess::read(rule, &mut self.has_condition),
            RuleSyntax::Nginx => self.nginx.read(rule),
        };
        redirect.map(|redirect| redirect.map_err(|cause| Fault::of_row(text, cause)))
    }
}
