//! Checks that each role may touch only the kinds of items that its function needs: its statements on a table name them by
//! `dynamodb:LeadingKeys`, and only the function that makes a kind of credentials may write one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::repository::{folders, read, require_none};
use crate::roles::statements;
use crate::template::{Template, list, pascal};

/// The partition keys of what proves a caller, what they are, and the function that makes and removes them.
const CREDENTIALS: [(&str, &str, &str); 3] = [
    ("KEY#", "API keys", "KeysRole"),
    ("SESSION#", "sessions", "SessionsRole"),
    ("CODE#", "sign-in codes", "SessionsRole"),
];
/// What the others may write of a key or a session: when it was used last.
const NOTE_OF_USE: [&str; 3] = ["pk", "sk", "last_used_at"];
/// Partition keys of items that do not exist, by which a function tries the table.
const PROBES: [&str; 2] = ["HEALTH", "WARM"];
/// Actions that only read.
const READS: [&str; 4] = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PartiQLSelect"];

/// Lists the patterns of partition keys that a statement allows. Empty if it allows any.
fn leading_keys(statement: &Value) -> Vec<&str> {
    let condition = &statement["Condition"];
    let operators = ["ForAllValues:StringLike", "ForAllValues:StringEquals"];
    let named = operators.iter().flat_map(|operator| list(&condition[*operator]["dynamodb:LeadingKeys"]));
    named.filter_map(Value::as_str).collect()
}

/// The actions by which Lambda reads a table's stream. They name no items.
const OF_STREAMS: [&str; 4] =
    ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];

/// Lists a role's statements on a table or its index.
fn on_tables(role: &Value) -> impl Iterator<Item = &Value> {
    let on_items = |text: &str| text.starts_with("dynamodb:") && !OF_STREAMS.contains(&text);
    statements(role)
        .filter(move |statement| list(&statement["Action"]).iter().any(|action| action.as_str().is_some_and(on_items)))
}

/// Lists the partition keys in the tables of the documentation: prefixes such as `LINK#`, and whole ones such as `CHANGES`.
fn documented() -> BTreeSet<String> {
    let text = read("docs/data-model.md") + &read("docs/analytics.md");
    let rows = || text.lines().filter(|line| line.starts_with('|'));
    let whole = rows().filter_map(|line| line.split('|').nth(2)?.trim().strip_prefix('`')?.strip_suffix('`'));
    let whole = whole.filter(|key| key.bytes().all(|byte| byte.is_ascii_uppercase())).map(str::to_owned);
    rows().flat_map(|line| line.split('|').skip(2)).flat_map(prefixes).chain(whole).collect()
}

/// Lists the prefixes that a text has behind a quote or a backtick: `LINK#{domain}` -> `LINK#`.
fn prefixes(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for quote in ['"', '`'] {
        for piece in text.split(quote).skip(1) {
            let name = piece.split_once('#').map(|(name, _)| name).unwrap_or_default();
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase()) {
                found.insert(format!("{name}#"));
            }
        }
    }
    found
}

/// Lists the problems of the roles of a template.
fn problems(template: &Template, documented: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    for (id, role) in template.resources("AWS::IAM::Role") {
        for statement in on_tables(&role) {
            let (actions, keys) = (list(&statement["Action"]), leading_keys(statement));
            if keys.is_empty() {
                problems.push(format!("template.yaml: {id} allows {actions:?} on any item: name dynamodb:LeadingKeys"));
            }
            for key in &keys {
                let kind = key.strip_suffix('*').unwrap_or(key);
                if !documented.contains(kind) && !PROBES.contains(key) {
                    problems.push(format!(
                        "template.yaml: {id} names the items {key}, which docs/data-model.md does not know"
                    ));
                }
            }
            let writes = actions.iter().any(|action| !READS.iter().any(|read| *action == read));
            for (prefix, what, maker) in CREDENTIALS {
                let on_them = keys.is_empty() || keys.iter().any(|key| may_match(key, prefix));
                if writes && on_them && id != maker && !only_notes_use(statement, &keys) {
                    problems.push(format!("template.yaml: {id} can write {what} by {actions:?}"));
                }
            }
        }
    }
    problems
}

/// Tells whether a pattern of partition keys matches some that begin with `prefix`.
fn may_match(pattern: &str, prefix: &str) -> bool {
    match pattern.split_once(['*', '?']) {
        Some((before, _)) => prefix.starts_with(before) || before.starts_with(prefix),
        None => pattern.starts_with(prefix),
    }
}

/// Tells whether a statement allows no more than to note when keys and sessions were used.
fn only_notes_use(statement: &Value, keys: &[&str]) -> bool {
    let attributes = list(&statement["Condition"]["ForAllValues:StringEquals"]["dynamodb:Attributes"]);
    let bounded = !attributes.is_empty() && attributes.iter().all(|name| NOTE_OF_USE.iter().any(|own| *name == own));
    let of_users = keys.iter().all(|key| ["KEY#*", "SESSION#*"].contains(key));
    of_users && !keys.is_empty() && statement["Action"] == "dynamodb:UpdateItem" && bounded
}

#[test]
fn role_names_the_items_that_it_touches_and_cannot_write_keys() {
    let documented = documented();
    assert!(
        documented.contains("LINK#") && documented.contains("KEYS#") && documented.contains("WS#"),
        "{documented:?}"
    );
    require_none(&problems(&Template::read(), &documented));
}

#[test]
fn every_way_to_write_a_key_is_found() {
    let role = |action: &str, condition: &str| {
        let statement = format!("{{ Effect: Allow, Action: {action}, Resource: !GetAtt LinksTable.Arn, {condition} }}");
        let policies = format!("[{{ PolicyName: x, PolicyDocument: {{ Statement: [{statement}] }} }}]");
        let text = format!("Resources:\n  XRole: {{ Type: AWS::IAM::Role, Properties: {{ Policies: {policies} }} }}\n");
        problems(
            &Template::parse(&text),
            &["LINK#", "KEY#", "SESSION#", "SESSIONS#", "CODE#"].map(str::to_owned).into(),
        )
    };
    let like = |keys: &str| format!("Condition: {{ 'ForAllValues:StringLike': {{ 'dynamodb:LeadingKeys': {keys} }} }}");
    let noting = |attributes: &str| {
        format!(
            "Condition: {{ 'ForAllValues:StringLike': {{ 'dynamodb:LeadingKeys': [KEY#*] }}, \
             'ForAllValues:StringEquals': {{ 'dynamodb:Attributes': {attributes} }} }}"
        )
    };
    for (action, condition) in [
        ("dynamodb:PutItem", "Sid: Any".to_owned()),
        ("dynamodb:BatchWriteItem", like("['*']")),
        ("[dynamodb:GetItem, dynamodb:PartiQLInsert]", like("[LINK#*, KEY#*]")),
        ("dynamodb:UpdateItem", like("[KEY#*]")),
        ("dynamodb:DeleteItem", like("[K*]")),
        ("dynamodb:PutItem", noting("[pk, sk, last_used_at]")),
        ("dynamodb:UpdateItem", noting("[pk, sk, role]")),
    ] {
        let found = role(action, &condition);
        assert!(found.iter().any(|problem| problem.contains("can write API keys")), "{action} {condition}: {found:?}");
    }
    for keys in ["[SESSION#*]", "[CODE#*]", "[LINK#*, SESSION#*]", "['S*', 'C*']", "[KEY#*, SESSION#*]"] {
        let found = role("dynamodb:PutItem", &like(keys));
        assert!(found.iter().any(|problem| problem.contains("can write ")), "{keys}: {found:?}");
    }
    assert_eq!(role("dynamodb:DeleteItem", &like("[SESSIONS#*]")), [""; 0]);
    assert_eq!(role("dynamodb:GetItem", &like("[KEY#*]")), [""; 0]);
    assert_eq!(role("dynamodb:PutItem", &like("[LINK#*]")), [""; 0]);
    assert_eq!(role("dynamodb:UpdateItem", &noting("[pk, sk, last_used_at]")), [""; 0]);
    assert_eq!(role("dynamodb:GetItem", "Sid: Any").len(), 1);
}

/// Reads a module of the adapters, and the private ones that it uses.
fn code_of(module: &str, private: &BTreeSet<&str>) -> String {
    let code = read(&format!("shared/aws/src/dynamo/{module}.rs"));
    let used = private.iter().filter(|name| code.contains(&format!("super::{name}::")));
    let used: String = used.map(|name| read(&format!("shared/aws/src/dynamo/{name}.rs"))).collect();
    code + &used
}

/// Reads the adapters of the table: the name of each, with the prefixes of the partition keys in its file and in those it uses.
fn adapters() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let modules = read("shared/aws/src/dynamo/mod.rs");
    let is_file =
        |module: &&str| crate::repository::root().join(format!("shared/aws/src/dynamo/{module}.rs")).is_file();
    let named = |kind: &str| -> BTreeSet<&str> {
        modules.lines().filter_map(|line| line.strip_prefix(kind)?.strip_suffix(';')).filter(is_file).collect()
    };
    let private = named("mod ");
    for module in named("pub mod ") {
        let code = code_of(module, &private);
        for line in code.lines().filter_map(|line| line.strip_prefix("pub struct Dynamo")) {
            let name: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
            let own: String = code.lines().filter(|line| line.contains("format!(\"")).collect();
            found.insert(format!("Dynamo{name}"), prefixes(&own));
        }
    }
    found
}

/// Cuts a public function out of a file.
fn function(code: &str, name: &str) -> String {
    let begin = code.split_once(&format!("pub fn {name}(")).unwrap_or_else(|| panic!("there is no {name}")).1;
    begin.split("\n}").next().unwrap_or_default().to_owned()
}

#[test]
fn role_allows_the_items_of_its_adapters() {
    let (roles, adapters) = (Template::read().resources("AWS::IAM::Role"), adapters());
    assert!(adapters["DynamoLinks"].contains("LINK#"), "{adapters:?}");
    let mut problems = Vec::new();
    for name in folders("functions") {
        let mut code = read(&format!("functions/{name}/src/main.rs"));
        for (wiring, call) in
            [("http", "authentication"), ("http", "idempotency"), ("imports", "loader"), ("imports", "ender")]
        {
            if code.contains(&format!("{call}(&")) {
                code.push_str(&function(&read(&format!("shared/lambda/src/wiring/{wiring}.rs")), call));
            }
        }
        let role = format!("{}Role", pascal(&name));
        let allowed: BTreeSet<&str> = on_tables(&roles[&role]).flat_map(leading_keys).collect();
        for (adapter, kinds) in &adapters {
            let used = code.contains(&format!("{adapter}::new"));
            if used && !kinds.is_empty() && !kinds.iter().any(|kind| allowed.contains(format!("{kind}*").as_str())) {
                problems.push(format!("template.yaml: {role} allows none of the items {kinds:?} of {adapter}"));
            }
        }
    }
    require_none(&problems);
}
