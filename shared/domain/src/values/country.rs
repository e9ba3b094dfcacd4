//! Knows the countries of ISO 3166-1.

/// The alpha-2 codes that ISO 3166-1 assigns to countries, and `XK`: users of the standard agreed on that code for Kosovo, and
/// CloudFront and the databases of addresses send it. Sorted.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
     BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
     FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN \
     IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME \
     MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF \
     PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
     SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK \
     YE YT ZA ZM ZW";

/// Codes that people take for a country's, and what to write instead.
const MISTAKEN: [(&str, &str); 9] = [
    ("AN", "the Netherlands Antilles are BQ, CW and SX"),
    ("CS", "write RS, ME or CZ"),
    ("EL", "Greece is GR"),
    ("EN", "the United Kingdom is GB, and English is a language"),
    ("EU", "name each country"),
    ("SU", "write RU, or another successor of the Soviet Union"),
    ("TP", "East Timor is TL"),
    ("UK", "the United Kingdom is GB"),
    ("YU", "write RS, or another successor of Yugoslavia"),
];

/// The greatest length of a code in an error, in characters.
const MAX_SHOWN_CHARS: usize = 20;

/// Iterates over all codes, sorted.
pub fn country_codes() -> impl Iterator<Item = &'static str> {
    CODES.split(' ')
}

/// Reads a country code in upper or lower case, with or without surrounding white space. Returns it in upper case.
///
/// # Errors
/// What is wrong, for a person. A common mistake (`UK`) gets what to write instead (`GB`).
pub fn parse_country(text: &str) -> Result<&'static str, String> {
    let text = text.trim();
    let code = text.to_ascii_uppercase();
    if code.len() == 2
        && let Some(known) = country_codes().find(|known| *known == code)
    {
        return Ok(known);
    }
    let shown: String = text.chars().take(MAX_SHOWN_CHARS).collect();
    let hint = MISTAKEN.iter().find(|(mistaken, _)| *mistaken == code).map(|(_, hint)| *hint);
    let hint = hint.unwrap_or("a code has two letters, such as CH");
    Err(format!("{shown:?} is not a country of ISO 3166-1: {hint}"))
}

/// Stands for a country's code in schemas.
#[cfg(feature = "openapi")]
#[derive(Debug)]
pub struct Country;

#[cfg(feature = "openapi")]
crate::values::schema::schema!(Country, "Country", {
    "type": "string",
    "enum": country_codes().collect::<Vec<_>>(),
    "description": "A country of ISO 3166-1, by its alpha-2 code; `XK` is Kosovo. Lower case is read too.",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_one_code() {
        assert_eq!(country_codes().count(), 249 + 1);
        assert!(country_codes().all(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())));
        assert!(country_codes().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn code_is_read_in_any_case() {
        for (text, code) in [("CH", "CH"), ("ch", "CH"), (" gB ", "GB"), ("xk", "XK"), ("AD", "AD"), ("ZW", "ZW")] {
            assert_eq!(parse_country(text), Ok(code), "{text}");
        }
    }

    #[test]
    fn other_codes_are_refused_with_a_hint() {
        for (text, hint) in [("UK", "GB"), ("uk", "GB"), ("EL", "GR"), ("eu", "each"), ("ZZ", "CH"), ("CHE", "CH")] {
            assert!(parse_country(text).unwrap_err().contains(hint), "{text}");
        }
        for text in ["", " ", "C", "C ", "A1", "T1", "XX", "D E", "\u{df}", "AD AE", "Switzerland", &"x".repeat(500)] {
            assert!(parse_country(text).unwrap_err().len() < 120, "{text}");
        }
    }
}
