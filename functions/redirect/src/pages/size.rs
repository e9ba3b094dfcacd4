//! Writes sizes.

/// Writes a size for people: with three digits at most, in powers of 1000.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} byte{}", if bytes == 1 { "" } else { "s" });
    }
    let (mut bytes_of_unit, mut unit) = (1000, 0);
    while unit + 1 < UNITS.len() && bytes.saturating_add(bytes_of_unit / 2) >= 1000 * bytes_of_unit {
        (bytes_of_unit, unit) = (1000 * bytes_of_unit, unit + 1);
    }
    let rounded = |to: u64| bytes.saturating_add(to / 2) / to;
    match rounded(bytes_of_unit / 10) {
        tenths if tenths < 100 => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        _ => format!("{} {}", rounded(bytes_of_unit), UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_has_three_digits_at_most() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 kB"),
            (9_949, "9.9 kB"),
            (9_950, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (123_456_789, "123 MB"),
            (5 * 1024 * 1024 * 1024 * 1024, "5.5 TB"),
            (u64::MAX / 2, "9223 PB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
