//! Reads the JSON of a click in the form that Waypost writes. Nearly all clicks have this form, and a fold reads many.

use super::click_text::{ClickText, Text, UtmText};
use crate::clicks::click::{Click, Trigger};

/// Reads a click whose fields are in the order of [`Click`], without white space and escapes. `None` for any other text,
/// which may be a click or not.
pub(crate) fn read(json: &str) -> Option<ClickText<'_>> {
    // No early exit, so that the compiler checks many bytes at a time.
    if json.bytes().fold(false, |found, byte| found | (byte == b'\\') | (byte < b' ')) {
        return None;
    }
    let mut rest = Rest(json);
    rest.eat("{\"version\":1")?;
    let click = ClickText {
        version: Click::VERSION.into(),
        id: rest.text(',', "id")?,
        time: rest.text(',', "time")?,
        domain: rest.text(',', "domain")?,
        slug: rest.text(',', "slug")?,
        workspace: rest.text(',', "workspace")?,
        country: rest.text(',', "country"),
        visitor: rest.text(',', "visitor"),
        user_agent: rest.text(',', "user_agent"),
        referrer: rest.text(',', "referrer"),
        language: rest.text(',', "language"),
        utm: rest.utm()?,
        trigger: rest.trigger()?,
        rule: rest.rule(),
        variant: rest.text(',', "variant"),
    };
    rest.eat("}")?;
    rest.0.is_empty().then_some(click)
}

/// The rest of the text. A method that does not find its field leaves the rest as it is.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn eat(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Reads a field with a text. Inlined, so that the compiler compares its name as a number.
    #[inline(always)]
    fn text(&mut self, before: char, name: &str) -> Option<Text<'a>> {
        let value = self.0.strip_prefix(before)?.strip_prefix('"')?.strip_prefix(name)?.strip_prefix("\":\"")?;
        // The text has no escapes, so the next quote ends it.
        let end = memchr::memchr(b'"', value.as_bytes())?;
        self.0 = value.get(end + 1..)?;
        Some(Text::from(value.get(..end)?))
    }

    fn utm(&mut self) -> Option<UtmText<'a>> {
        let mut utm = UtmText::default();
        if self.eat(",\"utm\":").is_none() {
            return Some(utm);
        }
        let mut before = '{';
        for (name, field) in [
            ("source", &mut utm.source),
            ("medium", &mut utm.medium),
            ("campaign", &mut utm.campaign),
            ("term", &mut utm.term),
            ("content", &mut utm.content),
        ] {
            *field = self.text(before, name);
            if field.is_some() {
                before = ',';
            }
        }
        self.eat("}").map(|()| utm)
    }

    fn trigger(&mut self) -> Option<Trigger> {
        match self.text(',', "trigger")?.as_str() {
            "link" => Some(Trigger::Link),
            "qr" => Some(Trigger::Qr),
            _ => None,
        }
    }

    fn rule(&mut self) -> Option<u8> {
        let digits = self.0.strip_prefix(",\"rule\":")?;
        let (number, rest) = digits.split_at(digits.bytes().take_while(u8::is_ascii_digit).count());
        // In JSON a number does not begin with a zero.
        let rule = number.parse().ok().filter(|_| number == "0" || !number.starts_with('0'))?;
        self.0 = rest;
        Some(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clicks::click::Utm;
    use crate::testing::analytics::click;
    use proptest::option::of;
    use proptest::prelude::*;

    const TEXT: &str = "[ -!#-\\[\\]-~äß☃]{0,9}";

    fn clicks() -> impl Strategy<Value = Click> {
        let texts = || prop::collection::vec(of(TEXT), 5);
        (texts(), texts(), of(TEXT), of(0_u8..), any::<bool>()).prop_map(|(fields, utm, variant, rule, qr)| {
            let [country, visitor, user_agent, referrer, language] = fields.try_into().unwrap();
            let [source, medium, campaign, term, content] = utm.try_into().unwrap();
            let utm = Utm { source, medium, campaign, term, content };
            let trigger = if qr { Trigger::Qr } else { Trigger::Link };
            let click = click("a", "2026-01-02T03:04:05Z");
            Click { country, visitor, user_agent, referrer, language, utm, trigger, rule, variant, ..click }
        })
    }

    proptest! {
        #[test]
        fn what_we_write_is_read_as_by_a_parser(click in clicks()) {
            let json = serde_json::to_string(&click).unwrap();
            prop_assert_eq!(read(&json), Some(serde_json::from_str(&json).unwrap()));
        }

        #[test]
        fn what_is_read_is_what_a_parser_reads(
            click in clicks(), at in any::<prop::sample::Index>(), put in "[\\]\\[{}\":,0-9n \\\\\n]?", cut in 0_usize..3,
        ) {
            let json = serde_json::to_string(&click).unwrap();
            let places: Vec<usize> = json.char_indices().map(|(place, _)| place).collect();
            let (from, to) = (at.index(places.len()), (at.index(places.len()) + cut).min(places.len() - 1));
            let json = format!("{}{put}{}", &json[..places[from]], &json[places[to]..]);
            if let Some(click) = read(&json) {
                prop_assert_eq!(Some(click), serde_json::from_str(&json).ok());
            }
        }
    }
}
