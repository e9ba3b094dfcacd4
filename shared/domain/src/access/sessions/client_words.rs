//! Names the client of a session for its owner.

use crate::analytics::ingest::user_agent::{Agent, ClickClient, UserAgents};
use crate::clicks::click::{Click, cut};

/// The greatest length of the words, in bytes.
const MAX_BYTES: usize = 100;

/// Names a client, such as `Chrome on Linux`, by the words of the lists that statistics use. `None` if they know nothing of it.
pub fn client_words(agents: &UserAgents, client: &ClickClient<'_>) -> Option<String> {
    let user_agent = cut(client.user_agent, Click::MAX_USER_AGENT_BYTES);
    let agent = agents.read(&ClickClient { user_agent, ..*client });
    let Agent { bot, browser, os, .. } = agent.as_ref();
    let words = match (bot, browser, os) {
        (Some(bot), ..) => bot.name.clone()?,
        (None, Some(browser), Some(os)) => format!("{browser} on {os}"),
        (None, Some(browser), None) => browser.clone(),
        (None, None, Some(os)) => (*os).to_owned(),
        (None, None, None) => return None,
    };
    Some(cut(&words, MAX_BYTES).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visitors::system::Platform;

    #[test]
    fn browsers_and_systems_are_named() {
        let agents = UserAgents::new().unwrap();
        for (user_agent, platform, words) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
                None,
                Some("Chrome on Linux"),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", None, Some("Firefox on Linux")),
            ("curl/8.5.0", Some(Platform::Linux), Some("curl")),
            ("", None, None),
        ] {
            let client = ClickClient { user_agent, platform, mobile: None };
            assert_eq!(client_words(&agents, &client).as_deref(), words, "{user_agent}");
        }
        let long = "x".repeat(100_000);
        let words = client_words(&agents, &ClickClient { user_agent: &long, ..ClickClient::default() });
        assert!(words.is_none_or(|words| words.len() <= MAX_BYTES));
    }
}
