use super::{Genre, Mutant, Position, Span, switched};

/// Makes a mutant of the first `changed` after `after` in the code.
fn mutant(code: &str, number: usize, genre: Genre, (after, changed): (&str, &str), replacement: &str) -> Mutant {
    let from = code.find(after).unwrap();
    let start = from + code[from..].find(changed).unwrap();
    let position = |at: usize| {
        let line = code[..at].rfind('\n').map_or(0, |end| end + 1);
        Position { line: code[..at].matches('\n').count() + 1, column: code[line..at].chars().count() + 1 }
    };
    let span = Span { start: position(start), end: position(start + changed.len()) };
    Mutant { number, genre, span, replacement: replacement.to_owned() }
}

fn copy(code: &str, mutants: &[Mutant]) -> String {
    let (copy, placed) = switched(code, mutants).unwrap();
    assert!(syn::parse_file(&copy).is_ok(), "{copy}");
    for mutant in mutants.iter().filter(|mutant| !matches!(mutant.genre, Genre::MatchArm)) {
        if let Some(range) = placed.arms.get(&mutant.number) {
            assert!(copy[range.clone()].contains(&mutant.replacement));
        }
    }
    copy.replace("crate::mutant_switch::", "")
}

#[test]
fn each_kind_of_mutant_has_its_switch() {
    use Genre::*;
    let cases = [
        ("fn f() { a + b }", BinaryOperator, ("a", "+"), "-", "fn f() { (if on(7) { a - b } else { a + b }) }"),
        ("fn f() { x += 1; }", BinaryOperator, ("x", "+="), "-=", "fn f() { (if on(7) { x -= 1 } else { x += 1 }); }"),
        ("fn f() { a + b * c }", BinaryOperator, ("b", "*"), "/", "fn f() { a + (if on(7) { b / c } else { b * c }) }"),
        ("fn f() { !a }", UnaryOperator, ("{", "!"), "", "fn f() { (if on(7) { a } else { !a }) }"),
        ("fn f() -> u8 { a; b }", FnValue, ("{", "a; b"), "0", "fn f() -> u8 { if on(7) { return 0; } a; b }"),
        (
            "fn f() { match a { 1 | 2 => b, _ => c } }",
            MatchArm,
            ("1", "1 | 2 => b,"),
            "",
            "fn f() { match a { 1 | 2 if !on(7) => b, _ => c } }",
        ),
        (
            "fn f() { match a { x if x.b => c, _ => d } }",
            MatchArmGuard,
            ("x.b", "x.b"),
            "true",
            "fn f() { match a { x if (if on(7) { true } else { x.b }) => c, _ => d } }",
        ),
        (
            "fn f() { S { a: 1, ..d } }",
            StructField,
            ("S", "a: 1,"),
            "",
            "fn f() { (if on(7) { S {  ..d } } else { S { a: 1, ..d } }) }",
        ),
    ];
    for (code, genre, place, replacement, expected) in cases {
        assert_eq!(copy(code, &[mutant(code, 7, genre, place, replacement)]), expected);
    }
}

#[test]
fn mutants_within_each_other_have_no_switches_of_others() {
    let code = "fn f() -> bool {\n    a + 1 < b && !c\n}\n";
    let mutants = [
        mutant(code, 1, Genre::BinaryOperator, ("a", "+"), "-"),
        mutant(code, 2, Genre::BinaryOperator, ("a", "<"), ">"),
        mutant(code, 3, Genre::BinaryOperator, ("a", "<"), "=="),
        mutant(code, 4, Genre::BinaryOperator, ("a", "&&"), "||"),
        mutant(code, 5, Genre::UnaryOperator, ("b &", "!"), ""),
        mutant(code, 6, Genre::FnValue, ("a", "a + 1 < b && !c"), "true"),
    ];
    let less = "(if on(2) { a + 1 > b } else if on(3) { a + 1 == b } else { (if on(1) { a - 1 } else { a + 1 }) < b })";
    let both = format!("(if on(4) {{ a + 1 < b || !c }} else {{ {less} && (if on(5) {{ c }} else {{ !c }}) }})");
    assert_eq!(copy(code, &mutants), format!("fn f() -> bool {{\n    if on(6) {{ return true; }} {both}\n}}\n"));
}

#[test]
fn columns_are_characters() {
    let code = "fn f() { \"äöü\"; a == b }";
    let copied = copy(code, &[mutant(code, 1, Genre::BinaryOperator, ("a =", "=="), "!=")]);
    assert_eq!(copied, "fn f() { \"äöü\"; (if on(1) { a != b } else { a == b }) }");
}

#[test]
fn code_that_the_compiler_runs_has_no_switch() {
    for code in [
        "const A: u8 = 1 + 2;",
        "static A: u8 = 1 + 2;",
        "const fn f() -> u8 { 1 + 2 }",
        "fn f() { [0; 1 + 2] }",
        "fn f(a: [u8; 1 + 2]) {}",
        "impl S { const A: u8 = 1 + 2; }",
        "trait T { const A: u8 = 1 + 2; }",
        "fn f() { const { 1 + 2 } }",
    ] {
        let (copy, placed) = switched(code, &[mutant(code, 1, Genre::BinaryOperator, ("1", "+"), "-")]).unwrap();
        assert_eq!((copy.as_str(), placed.constant), (code, vec![1]));
    }
    let code = "static A: L = L::new(|| 1 + 2);";
    let copied = copy(code, &[mutant(code, 1, Genre::BinaryOperator, ("1", "+"), "-")]);
    assert_eq!(copied, "static A: L = L::new(|| (if on(1) { 1 - 2 } else { 1 + 2 }));");
}

#[test]
fn chain_with_a_let_takes_no_or() {
    let code = "fn f() { if let A = a && b && c == d {} }";
    let mutants = [
        mutant(code, 1, Genre::BinaryOperator, ("a &", "&&"), "||"),
        mutant(code, 2, Genre::BinaryOperator, ("b", "&&"), "||"),
        mutant(code, 3, Genre::BinaryOperator, ("c", "=="), "!="),
    ];
    let (copy, placed) = switched(code, &mutants).unwrap();
    assert!(copy.contains("b && (if crate::mutant_switch::on(3) { c != d } else { c == d })"), "{copy}");
    let mut unviable = placed.unviable;
    unviable.sort_unstable();
    assert_eq!(unviable, [1, 2]);
}

#[test]
fn mutant_without_a_place_is_lost() {
    let code = "fn f() { g!(a + b) }";
    let (copy, placed) = switched(code, &[mutant(code, 1, Genre::BinaryOperator, ("a", "+"), "-")]).unwrap();
    assert_eq!((copy.as_str(), placed.lost), (code, vec![1]));
}

#[test]
fn site_spans_all_its_switches() {
    let code = "fn f() { a + b }";
    let (copy, placed) = switched(code, &[mutant(code, 1, Genre::BinaryOperator, ("a", "+"), "-")]).unwrap();
    let (range, mutants) = &placed.sites[0];
    assert_eq!(mutants, &[1]);
    assert_eq!(&copy[range.clone()], "(if crate::mutant_switch::on(1) { a - b } else { a + b })");
    assert_eq!(&copy[placed.arms[&1].clone()], "a - b");
}

#[test]
fn match_is_a_site_of_its_arms() {
    let code = "fn f() { match a { 1 => b, 2 if c => d, _ => e } }";
    let (copy, placed) = switched(code, &[mutant(code, 1, Genre::MatchArm, ("1", "1 => b,"), "")]).unwrap();
    let (range, mutants) = &placed.sites[0];
    assert_eq!(mutants, &[1]);
    assert_eq!(&copy[range.clone()], "match a { 1 if !crate::mutant_switch::on(1) => b, 2 if c => d, _ => e }");
}
