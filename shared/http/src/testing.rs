//! Sends any query string to routes, for the tests of functions.

use std::collections::HashSet;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::header::AUTHORIZATION;
use tower::ServiceExt;
use url::form_urlencoded::{byte_serialize, parse};

use crate::query_parameters::ParametersOf;

/// How many query strings each operation gets.
const QUERIES: usize = 400;

/// Values that some parameter takes, or that a number, a time or a text could break on.
const VALUES: [&str; 62] = [
    "",
    "0",
    "1",
    "-1",
    "100",
    "101",
    "64",
    "1e9",
    "NaN",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "2026-01-31",
    "2026-02-30",
    "1969-12-31",
    "1970-01-01",
    "0000-01-01",
    "0001-01-02",
    "9999-12-29",
    "9999-12-30",
    "9999-12-31",
    "9999-12-31T23:59:59Z",
    "-9999-01-01T00:00:00Z",
    "2026-01-31T12:00:00.5Z",
    "2026-01-31T23:59:60Z",
    "2026-01-31T12:00:00+14:00",
    "UTC",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Pacific/Apia",
    "../etc/passwd",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "all",
    "any",
    "country,os",
    "country:de",
    "country:UK",
    "link:go.example.com/docs",
    "language:*",
    "rule:99999999999999999999",
    "utm_source:\u{e4}",
    "previous_period",
    "go.example.com",
    "GO.EXAMPLE.COM.",
    "evil.example",
    "[::1]",
    "docs",
    "true",
    "svg",
    "png",
    "H",
    "#000000",
    "csv",
    "MjAyNi0wMS0wMVQwMDowMDowMC4wMDBaI2EjYg",
    "\u{0}\n\u{7f}",
    "\u{10ffff}",
    "' OR 1=1 --",
];

/// Sends many query strings to each of `operations`: method, path as the route writes it, and a path that it matches. Panics if an
/// answer is a 5xx, or if a query passes that has a parameter which `parameters_of` does not list, or one twice.
pub async fn send_any_queries(
    router: &Router,
    authorization: &str,
    parameters_of: ParametersOf,
    operations: &[(&str, &str, &str)],
) {
    for (method, route, path) in operations {
        let known = parameters_of(method, route).unwrap_or_else(|| panic!("{method} {route} is not an operation"));
        let names: Vec<&str> = known.iter().map(|parameter| parameter.name).collect();
        let mut chance = Chance(method.len() as u64 ^ (route.len() as u64) << 8);
        let mut passed = 0;
        for _ in 0..QUERIES {
            let query = any_query(&mut chance, &names);
            let request = Request::builder().method(*method).uri(format!("{path}?{query}"));
            let request = request.header(AUTHORIZATION, authorization).body(Body::from("{}"));
            // A byte that no URI may have never reaches a function.
            let Ok(request) = request else { continue };
            let response = router.clone().oneshot(request).await.unwrap_or_else(|error| match error {});
            let status = response.status().as_u16();
            assert!(status < 500, "{method} {path}?{query}: {status}");
            let mut seen = HashSet::new();
            let is_wrong = |(name, _)| {
                let parameter = known.iter().find(|parameter| parameter.name == name);
                parameter.is_none_or(|parameter| !seen.insert(name) && !parameter.is_list)
            };
            let wrong = parse(query.as_bytes()).any(is_wrong);
            assert!(!wrong || status == 422, "{method} {path}?{query}: {status}");
            passed += usize::from(status != 422);
        }
        // A POST fails for its body.
        assert!(passed > 0 || *method == "POST", "{method} {path}: no query passed, so that the test says little");
    }
}

/// Makes a query string, mostly of known names.
fn any_query(chance: &mut Chance, names: &[&str]) -> String {
    let mut query = Vec::new();
    for _ in 0..chance.below(4) {
        let name = match chance.below(12) {
            0 => "unknown".to_owned(),
            1 => names.get(chance.below(names.len().max(1))).map_or_else(String::new, |name| name.to_uppercase()),
            2 => "%64omain".to_owned(),
            _ => names.get(chance.below(names.len().max(1))).map_or_else(|| "x".to_owned(), |name| (*name).to_owned()),
        };
        let value = match chance.below(20) {
            0 => ["%", "%ff", "%0", "%zz&&", "+%2B", "&=", "=="][chance.below(7)].to_owned(),
            1 => "a".repeat(5_000),
            _ => byte_serialize(VALUES[chance.below(VALUES.len())].as_bytes()).collect(),
        };
        query.push(format!("{name}={value}"));
    }
    query.join("&")
}

/// Makes the same numbers in every run (SplitMix64).
struct Chance(u64);

impl Chance {
    /// Returns a number from 0 to `end`, which is not included.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0) % end
    }
}
