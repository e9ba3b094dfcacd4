//! Reads references to the cells of a spreadsheet.

/// Returns the column of a cell, 0 for the first, from a reference such as `AB12`.
pub(super) fn column_index(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let column = letters.fold(0, |column, letter| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    column.checked_sub(1)
}

/// Returns the line and the column of a cell, both 0 for the first, from a reference such as `$AB$12`.
pub(super) fn cell_position(reference: &str) -> Option<(u64, usize)> {
    let reference = reference.replace('$', "");
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).count();
    let line: u32 = reference.get(letters..)?.parse().ok()?;
    Some((u64::from(line.checked_sub(1)?), column_index(&reference)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_line_and_a_column() {
        for (reference, expected) in
            [("A1", Some((0, 0))), ("$AB$12", Some((11, 27))), ("A0", None), ("A", None), ("1", None), ("", None)]
        {
            assert_eq!(cell_position(reference), expected, "{reference}");
        }
    }
}
