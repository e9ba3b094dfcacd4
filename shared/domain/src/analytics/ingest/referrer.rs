//! Groups the hosts of one service under one name.
//!
//! The groups are in `shared/domain/data/referrers.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

const GROUPS: &str = include_str!("../../../data/referrers.txt");
/// The end of an entry that stands for a host under any public suffix, such as `google.*`.
const ANY_SUFFIX: &str = ".*";

static REFERRERS: LazyLock<Referrers> = LazyLock::new(Referrers::default);

/// Returns the name of the group that `host`, in lower case, belongs to, such as `X/Twitter` for `t.co`, or `host` itself if it is in none.
pub fn group(host: &str) -> &str {
    REFERRERS.group(host)
}

/// The groups by host, and by the label before [`ANY_SUFFIX`]. Each has its line number and its name; the first line wins.
struct Referrers {
    hosts: HashMap<&'static str, (usize, &'static str)>,
    labels: HashMap<&'static str, (usize, &'static str)>,
}

impl Default for Referrers {
    fn default() -> Self {
        let (mut hosts, mut labels) = (HashMap::new(), HashMap::new());
        let lines = GROUPS.lines().filter(|line| !line.starts_with('#'));
        let groups = lines.enumerate().filter_map(|(number, line)| Some((number, line.split_once(':')?)));
        for (number, (name, members)) in groups {
            for member in members.split_whitespace() {
                let (map, member) = match member.strip_suffix(ANY_SUFFIX) {
                    Some(label) => (&mut labels, label),
                    None => (&mut hosts, member),
                };
                map.entry(member).or_insert((number, name));
            }
        }
        Self { hosts, labels }
    }
}

impl Referrers {
    fn group<'a>(&self, host: &'a str) -> &'a str {
        self.by_host(host).into_iter().chain(self.by_label(host)).min().map_or(host, |(_, name)| name)
    }

    /// Finds the group of the host itself, or of a domain above it.
    fn by_host(&self, host: &str) -> Option<(usize, &'static str)> {
        let parents = host.match_indices('.').map(|(dot, _)| &host[dot + 1..]);
        std::iter::once(host).chain(parents).filter_map(|name| self.hosts.get(name)).min().copied()
    }

    /// Finds a group by the label before the public suffix: the last label, or the last two if the first of them is short
    /// (`co.uk`, `com.br`).
    fn by_label(&self, host: &str) -> Option<(usize, &'static str)> {
        let mut labels = host.rsplit('.').skip(1);
        let second = labels.next()?;
        let third = labels.next().filter(|_| second.len() <= 3);
        [Some(second), third].into_iter().flatten().find_map(|label| self.labels.get(label)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_one_service_have_one_name() {
        for (host, name) in [
            ("t.co", "X/Twitter"),
            ("mobile.twitter.com", "X/Twitter"),
            ("l.facebook.com", "Facebook"),
            ("out.reddit.com", "Reddit"),
            ("google.de", "Google"),
            ("google.com", "Google"),
            ("images.google.co.uk", "Google"),
            ("com.google.android.googlequicksearchbox", "Google"),
            ("mail.google.com", "Gmail"),
            ("com.google.android.gm", "Gmail"),
            ("search.yahoo.co.jp", "Yahoo"),
            ("de.search.yahoo.com", "Yahoo"),
            ("mail.yahoo.com", "Yahoo Mail"),
            ("gemini.google.com", "Gemini"),
            ("com.slack", "Slack"),
            ("chat.mistral.ai", "Le Chat"),
            ("notebooklm.google.com", "NotebookLM"),
            ("chat.deepseek.com", "DeepSeek"),
            ("grok.com", "Grok"),
            ("mail.qq.com", "QQ Mail"),
            ("mastodon.world", "Mastodon"),
            ("at.pinterest.com", "Pinterest"),
            ("eur01.safelinks.protection.outlook.com", "Outlook"),
        ] {
            assert_eq!(group(host), name, "{host}");
        }
    }

    #[test]
    fn host_without_a_group_keeps_its_name() {
        for host in
            ["example.org", "not-t.co", "google.evil.example", "mygoogle.de", "co", "", ".", "a..b", "192.0.2.1"]
        {
            assert_eq!(group(host), host);
        }
    }

    #[test]
    fn every_line_has_a_name_and_hosts_in_lower_case() {
        for line in GROUPS.lines().filter(|line| !line.starts_with('#')) {
            let (name, members) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
            assert!(members.split_whitespace().all(|member| member.contains('.')), "{line:?}");
            assert!(!name.is_empty() && !members.is_empty() && members == members.to_lowercase(), "{line:?}");
        }
    }
}
