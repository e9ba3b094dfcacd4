//! Defines what the click stream holds: clicks, and visits to no link.

use serde::{Deserialize, Serialize};

use super::click::Click;
use super::miss::Miss;
use crate::values::timestamp::Timestamp;

/// An event of the click stream. As JSON it is the click or the miss; a miss has a field `miss`, and no slug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(clippy::large_enum_variant, reason = "nearly all are clicks, and there is one at a time")]
pub enum StreamEvent {
    /// A redirect that was served.
    Click(Click),
    /// A visit to an address that is no link.
    Miss(Miss),
}

impl StreamEvent {
    /// Returns the event's id, a UUID of version 7.
    pub fn id(&self) -> &str {
        match self {
            Self::Click(click) => &click.id,
            Self::Miss(miss) => &miss.id,
        }
    }

    /// Returns when the visit was answered.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Click(click) => click.time,
            Self::Miss(miss) => miss.time,
        }
    }

    /// Returns what the event belongs to, in ASCII: the link (`go.example.com/docs`), or for a miss the domain.
    pub fn origin(&self) -> String {
        match self {
            Self::Click(click) => format!("{}/{}", click.domain, click.slug),
            Self::Miss(miss) => miss.domain.to_string(),
        }
    }

    /// Returns the visitor's user agent.
    pub fn user_agent(&self) -> Option<&str> {
        match self {
            Self::Click(click) => click.user_agent.as_deref(),
            Self::Miss(miss) => miss.user_agent.as_deref(),
        }
    }

    /// Names the visitor.
    pub(crate) fn set_visitor(&mut self, visitor: String) {
        match self {
            Self::Click(click) => click.visitor = Some(visitor),
            Self::Miss(miss) => miss.visitor = Some(visitor),
        }
    }
}

impl From<Click> for StreamEvent {
    fn from(click: Click) -> Self {
        Self::Click(click)
    }
}

impl From<Miss> for StreamEvent {
    fn from(miss: Miss) -> Self {
        Self::Miss(miss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::analytics::{click, miss};

    #[test]
    fn event_is_read_as_what_it_was_written() {
        let time = "2026-01-02T03:04:05Z";
        for event in [StreamEvent::from(click("docs", time)), StreamEvent::from(miss("/none", time))] {
            let json = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<StreamEvent>(&json).unwrap(), event, "{json}");
            assert_eq!(serde_json::from_str::<Click>(&json).is_ok(), matches!(event, StreamEvent::Click(_)), "{json}");
        }
        assert_eq!(StreamEvent::from(click("docs", time)).origin(), "go.example.com/docs");
        assert_eq!(StreamEvent::from(miss("/none", time)).origin(), "go.example.com");
    }

    #[test]
    fn event_has_the_id_of_its_click_or_miss() {
        let time = "2026-01-02T03:04:05Z";
        let click = Click { id: "0193a5d2-c5f0-7d1e-8c3f-6f0b6a3d9e21".to_owned(), ..click("docs", time) };
        let miss = Miss { id: "0193a5d2-c5f0-7d1e-8c3f-6f0b6a3d9e22".to_owned(), ..miss("/none", time) };
        for (event, id) in [(StreamEvent::Click(click.clone()), &click.id), (StreamEvent::Miss(miss.clone()), &miss.id)]
        {
            assert_eq!(event.id(), id);
        }
    }
}
