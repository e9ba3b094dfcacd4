//! Parses the rate limits of the roles.

use crate::access::key::Role;

/// Microseconds since the Unix epoch, or a number of them.
pub type Micros = i64;

pub(super) const SECOND: Micros = 1_000_000;

/// The size and rate of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    per_second: u32,
    burst: u32,
}

/// The error of a text that is not a [`RateLimit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither 'off' nor requests a second and a burst, such as 20/100, each from 1 to 100000")]
pub struct RateLimitError;

impl RateLimit {
    const MAX: u32 = 100_000;

    /// Parses `{requests a second}/{burst}`, such as `20/100`. `off` means no limit.
    pub fn parse(text: &str) -> Result<Option<Self>, RateLimitError> {
        if text == "off" {
            return Ok(None);
        }
        let (per_second, burst) = text.split_once('/').ok_or(RateLimitError)?;
        let number = |text: &str| text.parse().ok().filter(|number| (1..=Self::MAX).contains(number));
        match (number(per_second), number(burst)) {
            (Some(per_second), Some(burst)) => Ok(Some(Self { per_second, burst })),
            _ => Err(RateLimitError),
        }
    }

    /// Returns the number of tokens in a full bucket.
    pub fn burst(self) -> u32 {
        self.burst
    }

    /// Returns the number of tokens that a bucket gains each second.
    pub fn per_second(self) -> u32 {
        self.per_second
    }

    /// Returns the seconds in which an empty bucket fills, rounded up.
    pub fn window_seconds(self) -> u64 {
        seconds_up(self.fill_time())
    }

    /// Returns the time in which a bucket gains one token, rounded up so that the rate never exceeds `per_second`.
    pub(super) fn token_time(self) -> Micros {
        (SECOND as u64).div_ceil(u64::from(self.per_second)) as Micros
    }

    /// Returns the time in which an empty bucket fills.
    pub(super) fn fill_time(self) -> Micros {
        self.token_time() * Micros::from(self.burst)
    }
}

/// The limits of the roles. A role without one is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// The limit of a viewer.
    pub viewer: Option<RateLimit>,
    /// The limit of an editor.
    pub editor: Option<RateLimit>,
    /// The limit of an admin.
    pub admin: Option<RateLimit>,
}

impl RateLimits {
    /// Returns the limit of `role`.
    pub fn of(&self, role: Role) -> Option<RateLimit> {
        match role {
            Role::Viewer => self.viewer,
            Role::Editor => self.editor,
            Role::Admin => self.admin,
        }
    }
}

/// Converts microseconds to seconds, rounded up; 0 if negative.
pub(super) fn seconds_up(micros: Micros) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(SECOND as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_accepts_valid_limits_only() {
        let limit = RateLimit::parse("20/100").unwrap().unwrap();
        assert_eq!((limit.per_second(), limit.burst(), limit.window_seconds()), (20, 100, 5));
        assert_eq!(RateLimit::parse("off"), Ok(None));
        for text in ["", "20", "0/1", "1/0", "-1/1", "1/1/1", "1/100001", "a/b", "Off"] {
            assert_eq!(RateLimit::parse(text), Err(RateLimitError), "{text:?}");
        }
    }

    #[test]
    fn each_role_has_its_own_limit() {
        let limit = |text| RateLimit::parse(text).unwrap();
        let limits = RateLimits { viewer: limit("1/1"), editor: limit("2/2"), admin: limit("3/3") };
        let rates = [Role::Viewer, Role::Editor, Role::Admin].map(|role| limits.of(role).map(RateLimit::per_second));
        assert_eq!(rates, [Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn times_are_rounded_up() {
        let limit = RateLimit::parse("3/3").unwrap().unwrap();
        assert_eq!((limit.token_time(), limit.fill_time(), limit.window_seconds()), (333_334, 1_000_002, 2));
        for (micros, seconds) in [(-1, 0), (0, 0), (1, 1), (SECOND, 1), (SECOND + 1, 2)] {
            assert_eq!(seconds_up(micros), seconds, "{micros}");
        }
    }
}
