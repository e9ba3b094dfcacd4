//! Finds the expression, function or match arm that each mutant changes.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{BinOp, Block, Expr, ExprBinary, Signature};

use crate::{Genre, Mutant, Position};

/// A place in the code with all its mutants.
pub struct Site {
    /// Where the switches go: around this code, before it (a function), or after it (a match arm).
    pub range: Range<usize>,
    pub kind: Kind,
    /// The number and the code of each mutant.
    pub arms: Vec<(usize, String)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Expression,
    Function,
    /// A whole `match`, which may miss an arm.
    Match,
    MatchArm,
}

/// The sites, an outer one before those in it, and the mutants without a site.
#[derive(Default)]
pub struct Places {
    pub sites: Vec<Site>,
    pub constant: Vec<usize>,
    pub unviable: Vec<usize>,
    pub lost: Vec<usize>,
}

pub fn find(code: &str, file: &syn::File, mutants: &[Mutant]) -> Places {
    let lines = line_starts(code);
    let waiting = mutants.iter().map(|mutant| {
        let range = offset(code, &lines, &mutant.span.start)..offset(code, &lines, &mutant.span.end);
        (range, mutant)
    });
    let mut finder = Finder { code, waiting: waiting.collect(), constant: false, places: Places::default() };
    finder.visit_file(file);
    finder.places.lost = finder.waiting.iter().map(|(_, mutant)| mutant.number).collect();
    finder.places
}

fn line_starts(code: &str) -> Vec<usize> {
    std::iter::once(0).chain(code.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// Returns the byte where a position is.
fn offset(code: &str, lines: &[usize], position: &Position) -> usize {
    let start = lines[position.line - 1];
    code[start..].char_indices().nth(position.column - 1).map_or(code.len(), |(at, _)| start + at)
}

struct Finder<'a> {
    code: &'a str,
    /// Mutants whose place has not come yet.
    waiting: Vec<(Range<usize>, &'a Mutant)>,
    /// Whether the compiler runs the code at hand.
    constant: bool,
    places: Places,
}

impl Finder<'_> {
    /// Takes the mutants of a genre whose changed text begins at one of `starts`.
    fn take(&mut self, genre: Genre, starts: &[usize]) -> Vec<(Range<usize>, usize, String)> {
        let mut taken = Vec::new();
        self.waiting.retain(|(range, mutant)| {
            let here = mutant.genre == genre && starts.contains(&range.start);
            if here {
                taken.push((range.clone(), mutant.number, mutant.replacement.clone()));
            }
            !here
        });
        taken
    }

    fn push(&mut self, range: Range<usize>, kind: Kind, arms: Vec<(usize, String)>) {
        if arms.is_empty() {
            return;
        }
        if self.constant {
            self.places.constant.extend(arms.into_iter().map(|(number, _)| number));
        } else {
            self.places.sites.push(Site { range, kind, arms });
        }
    }

    /// Puts a switch around an expression; its mutants begin at `starts`.
    fn expression(&mut self, range: Range<usize>, genre: Genre, starts: &[usize]) {
        let taken = self.take(genre, starts);
        let arms = taken.into_iter().map(|(changed, number, replacement)| {
            let text =
                [&self.code[range.start..changed.start], &replacement, &self.code[changed.end..range.end]].concat();
            (number, text)
        });
        let arms = arms.collect();
        self.push(range, Kind::Expression, arms);
    }

    fn function(&mut self, signature: &Signature, block: &Block, descend: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.constant, signature.constness.is_some());
        if let Some(first) = block.stmts.first() {
            let start = first.span().byte_range().start;
            let arms = self.take(Genre::FnValue, &[start]).into_iter().map(|(_, number, value)| (number, value));
            let arms = arms.collect();
            self.push(start..start, Kind::Function, arms);
        }
        descend(self);
        self.constant = outside;
    }

    fn constant(&mut self, descend: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.constant, true);
        descend(self);
        self.constant = outside;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block, |finder| visit::visit_item_fn(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block, |finder| visit::visit_impl_item_fn(finder, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        match &item.default {
            Some(block) => self.function(&item.sig, block, |finder| visit::visit_trait_item_fn(finder, item)),
            None => visit::visit_trait_item_fn(self, item),
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant(|finder| visit::visit_item_const(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant(|finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.constant(|finder| visit::visit_trait_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant(|finder| visit::visit_item_static(finder, item));
    }

    fn visit_expr_const(&mut self, expr: &'ast syn::ExprConst) {
        self.constant(|finder| visit::visit_expr_const(finder, expr));
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.constant(|finder| visit::visit_type_array(finder, array));
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.constant(|finder| finder.visit_expr(&repeat.len));
    }

    fn visit_pat(&mut self, pat: &'ast syn::Pat) {
        self.constant(|finder| visit::visit_pat(finder, pat));
    }

    /// A closure runs later, even one in a static.
    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        let outside = std::mem::replace(&mut self.constant, false);
        visit::visit_expr_closure(self, closure);
        self.constant = outside;
    }

    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        let operator = expr.op.span().byte_range().start;
        if has_let(expr) {
            let taken = self.take(Genre::BinaryOperator, &[operator]);
            self.places.unviable.extend(taken.into_iter().map(|(_, number, _)| number));
        } else {
            self.expression(expr.span().byte_range(), Genre::BinaryOperator, &[operator]);
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        let operator = expr.op.span().byte_range().start;
        self.expression(expr.span().byte_range(), Genre::UnaryOperator, &[operator]);
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        let fields: Vec<usize> = expr.fields.iter().map(|field| field.span().byte_range().start).collect();
        self.expression(expr.span().byte_range(), Genre::StructField, &fields);
        visit::visit_expr_struct(self, expr);
    }

    fn visit_expr_match(&mut self, expr: &'ast syn::ExprMatch) {
        let deleted = |(_, number, _)| (number, String::new());
        let arms: Vec<_> =
            expr.arms.iter().map(|arm| self.take(Genre::MatchArm, &[arm.span().byte_range().start])).collect();
        let all = arms.iter().flatten().cloned().map(deleted).collect();
        if !self.constant {
            self.push(expr.span().byte_range(), Kind::Match, all);
        }
        for (arm, taken) in expr.arms.iter().zip(arms) {
            self.push(arm.pat.span().byte_range(), Kind::MatchArm, taken.into_iter().map(deleted).collect());
            if let Some((_, guard)) = &arm.guard {
                let range = guard.span().byte_range();
                self.expression(range.clone(), Genre::MatchArmGuard, &[range.start]);
            }
        }
        visit::visit_expr_match(self, expr);
    }
}

/// Tells whether a chain of `&&` has a `let`, so that it is no expression on its own.
fn has_let(chain: &ExprBinary) -> bool {
    let part = |expr: &Expr| match expr {
        Expr::Let(_) => true,
        Expr::Binary(inner) => has_let(inner),
        _ => false,
    };
    matches!(chain.op, BinOp::And(_)) && (part(&chain.left) || part(&chain.right))
}
