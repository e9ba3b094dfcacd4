//! Reads `template.yaml`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::repository::read;

/// A template without its tags. `!GetAtt LinksTable.Arn` reads `LinksTable.Arn`.
pub(crate) struct Template(Value);

impl Template {
    /// Reads the repository's template.
    pub(crate) fn read() -> Self {
        Self::parse(&read("template.yaml"))
    }

    pub(crate) fn parse(text: &str) -> Self {
        Self(serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("template.yaml: {error}")))
    }

    /// Lists the resources of one type, by logical id.
    pub(crate) fn resources(&self, kind: &str) -> BTreeMap<String, Value> {
        let all = self.0["Resources"].as_object().unwrap().clone().into_iter();
        all.filter(|(_, resource)| resource["Type"] == kind).collect()
    }

    /// Lists all functions, by logical id without `Function`.
    pub(crate) fn functions(&self) -> BTreeMap<String, Value> {
        let functions = self.resources("AWS::Serverless::Function").into_iter();
        functions.map(|(id, function)| (id.strip_suffix("Function").unwrap_or(&id).to_owned(), function)).collect()
    }

    /// Gives a property that all functions have.
    pub(crate) fn global(&self, property: &str) -> &Value {
        &self.0["Globals"]["Function"][property]
    }

    /// Gives a parameter.
    pub(crate) fn parameter(&self, name: &str) -> &Value {
        &self.0["Parameters"][name]
    }

    /// Lists all outputs, by name.
    pub(crate) fn outputs(&self) -> BTreeMap<String, Value> {
        self.0["Outputs"].as_object().unwrap().clone().into_iter().collect()
    }

    /// Gives the value of a mapping.
    pub(crate) fn mapped(&self, mapping: &str, key: &str, attribute: &str) -> &Value {
        &self.0["Mappings"][mapping][key][attribute]
    }

    /// Gives a function's timeout, in seconds.
    pub(crate) fn timeout_s(&self, function: &Value) -> u64 {
        let own = function["Properties"]["Timeout"].as_u64();
        own.or_else(|| self.0["Globals"]["Function"]["Timeout"].as_u64()).unwrap_or(3)
    }
}

/// Lists the events that SAM connects to a function: name, type and properties.
pub(crate) fn events(function: &Value) -> impl Iterator<Item = (&String, &str, &Value)> {
    let events = function["Properties"]["Events"].as_object().into_iter().flatten();
    events.map(|(name, event)| (name, event["Type"].as_str().unwrap_or_default(), &event["Properties"]))
}

/// Gives the items of a list. CloudFormation accepts a single value instead of a list of one.
pub(crate) fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// `load-import` -> `LoadImport`
pub(crate) fn pascal(name: &str) -> String {
    name.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

/// `LoadImport` -> `load-import`
pub(crate) fn kebab(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
