//! Writes the switches into the code.

use crate::Placed;
use crate::place::{Kind, Site};

/// The path of the function in `switch.rs`.
const ON: &str = "crate::mutant_switch::on";

/// A text to insert. Those at the same byte stand in the order of `order`.
struct Insertion {
    at: usize,
    order: (Side, isize),
    site: usize,
    text: Vec<(String, Option<usize>)>,
}

/// What ends at a byte stands before what begins there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Close,
    Open,
}

/// Returns the code with the switches of `sites`, and notes where they are. An outer site comes before those in it.
pub fn render(code: &str, sites: &[Site], placed: &mut Placed) -> String {
    let mut insertions: Vec<Insertion> =
        sites.iter().enumerate().flat_map(|(number, site)| insertions(number, site)).collect();
    insertions.sort_by_key(|insertion| (insertion.at, insertion.order));
    let mut starts = vec![None; sites.len()];
    let mut ends = vec![0; sites.len()];
    let mut copy = String::with_capacity(code.len() * 2);
    let mut done = 0;
    for insertion in insertions {
        copy.push_str(&code[done..insertion.at]);
        done = insertion.at;
        starts[insertion.site].get_or_insert(copy.len());
        for (text, mutant) in insertion.text {
            let start = copy.len();
            copy.push_str(&text);
            if let Some(number) = mutant {
                placed.arms.insert(number, start..copy.len());
            }
        }
        ends[insertion.site] = copy.len();
    }
    copy.push_str(&code[done..]);
    for ((site, start), end) in sites.iter().zip(starts).zip(ends) {
        let mutants = site.arms.iter().map(|(number, _)| *number).collect();
        placed.sites.push((start.unwrap_or(end)..end, mutants));
    }
    copy
}

fn insertions(number: usize, site: &Site) -> Vec<Insertion> {
    let order = number as isize;
    let insert = |at, side, text| {
        // An inner site comes later and closes first.
        let order = (side, if side == Side::Close { -order } else { order });
        Insertion { at, order, site: number, text }
    };
    match site.kind {
        Kind::Expression => {
            let mut text = vec![("(".to_owned(), None)];
            for (mutant, code) in &site.arms {
                text.push((format!("if {ON}({mutant}) {{ "), None));
                text.push((code.clone(), Some(*mutant)));
                text.push((" } else ".to_owned(), None));
            }
            text.push(("{ ".to_owned(), None));
            let close = vec![(" })".to_owned(), None)];
            vec![insert(site.range.start, Side::Open, text), insert(site.range.end, Side::Close, close)]
        }
        Kind::Function => {
            let mut text = Vec::new();
            for (mutant, value) in &site.arms {
                text.push((format!("if {ON}({mutant}) {{ return "), None));
                text.push((value.clone(), Some(*mutant)));
                text.push(("; } ".to_owned(), None));
            }
            vec![insert(site.range.start, Side::Open, text)]
        }
        Kind::Match => {
            vec![insert(site.range.start, Side::Open, Vec::new()), insert(site.range.end, Side::Close, Vec::new())]
        }
        Kind::MatchArm => {
            let conditions =
                site.arms.iter().map(|(mutant, _)| (format!(" if !{ON}({mutant})"), Some(*mutant))).collect();
            vec![insert(site.range.end, Side::Close, conditions)]
        }
    }
}
