//! Collects the schemas of types, as components of the document.

use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A property of an object.
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) schema: Value,
    pub(crate) required: bool,
}

/// Collects the schemas that the document refers to. A type that is read and written must have the same schema both ways, or
/// two names; a test checks that.
pub(crate) struct Schemas {
    reading: SchemaGenerator,
    writing: SchemaGenerator,
    others: Map<String, Value>,
}

impl Default for Schemas {
    fn default() -> Self {
        Self { reading: generator(Contract::Deserialize), writing: generator(Contract::Serialize), others: Map::new() }
    }
}

fn generator(contract: Contract) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.contract = contract;
        settings.transforms.push(Box::new(RecursiveTransform(plain)));
    });
    settings.into_generator()
}

/// Rewrites a schema for most tools: unit variants become one `enum`, and only formats of OpenAPI stay.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    match object.get("format").and_then(Value::as_str) {
        Some("uint64") => drop(object.insert("format".to_owned(), json!("int64"))),
        Some(format) if format.starts_with("uint") => drop(object.remove("format")),
        _ => {}
    }
    let variants = object.get("oneOf").and_then(Value::as_array).map(|variants| variants.iter().map(one_value));
    let Some(values) = variants.and_then(|variants| variants.collect::<Option<Vec<_>>>()) else { return };
    let mut description = object.get("description").and_then(Value::as_str).unwrap_or_default().to_owned();
    description += "\n";
    for (value, meaning) in &values {
        description += &format!("\n- `{value}`: {meaning}");
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), values.into_iter().map(|(value, _)| value).collect());
    object.insert("description".to_owned(), json!(description.trim()));
}

/// Reads the value and the description of a schema that allows one value.
fn one_value(schema: &Value) -> Option<(String, String)> {
    let text = |name: &str| schema.get(name).and_then(Value::as_str).map(str::to_owned);
    Some((text("const")?, text("description")?))
}

impl Schemas {
    /// Gives the schema that a `T` is read from.
    pub(crate) fn read<T: JsonSchema>(&mut self) -> Value {
        self.reading.subschema_for::<T>().to_value()
    }

    /// Gives the schema that a `T` is read from, as its component, with another schema for one of its fields, which may be null.
    pub(crate) fn read_with<T: JsonSchema>(&mut self, field: &str, schema: &Value) -> Value {
        let name = T::schema_name().into_owned();
        let mut whole = T::json_schema(&mut self.reading);
        RecursiveTransform(plain).transform(&mut whole);
        let mut whole = whole.to_value();
        let described = whole["properties"][field]["description"].clone();
        whole["properties"][field] = json!({ "description": described, "anyOf": [schema, { "type": "null" }] });
        self.others.insert(name.clone(), whole);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Lists the properties of a `T` with their schemas as it is read.
    pub(crate) fn properties_with_null<T: JsonSchema>(&mut self) -> Vec<(String, Value)> {
        let mut schema = T::json_schema(&mut self.reading);
        RecursiveTransform(plain).transform(&mut schema);
        let schema = schema.to_value();
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.map(|(name, schema)| (name.clone(), schema.clone())).collect()
    }

    /// Gives the schema that a `T` is written as.
    pub(crate) fn written<T: JsonSchema>(&mut self) -> Value {
        self.writing.subschema_for::<T>().to_value()
    }

    /// Lists the properties of a type that is read from single parameters.
    pub(crate) fn properties<T: JsonSchema>(&mut self) -> Vec<Property> {
        let mut schema = T::json_schema(&mut self.reading);
        RecursiveTransform(plain).transform(&mut schema);
        let schema = schema.to_value();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = schema["properties"].as_object().into_iter().flatten();
        let property = |(name, schema): (&String, &Value)| Property {
            name: name.clone(),
            schema: without_null(schema),
            required: required.contains(&name.as_str()),
        };
        properties.map(property).collect()
    }

    /// Makes the schema of a JSON Merge Patch of a `T`, as the component `name`: nothing is required, and `null` restores the
    /// default. Leaves out the fields in `without`, which cannot be changed, and adds those in `also`, which say how to change.
    pub(crate) fn patch<T: JsonSchema>(&mut self, name: &str, without: &[&str], also: Value) -> Value {
        let mut schema = T::json_schema(&mut self.reading);
        RecursiveTransform(plain).transform(&mut schema);
        let mut schema = schema.to_value();
        if let Some(object) = schema.as_object_mut() {
            object.remove("required");
            object.insert("description".to_owned(), json!("The fields to change. An absent field stays, null restores the default, a list is replaced as a whole."));
        }
        for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            if let Some(object) = property.as_object_mut() {
                object.remove("default");
            }
            // What every link has can be changed, but not removed.
            let is_removable = !["url", "slug", "domain"].contains(&name.as_str());
            *property = if is_removable { with_null(property) } else { without_null(property) };
        }
        for name in without {
            schema["properties"].as_object_mut().map(|properties| properties.remove(*name));
        }
        if let (Some(properties), Value::Object(also)) = (schema["properties"].as_object_mut(), also) {
            properties.extend(also);
        }
        self.others.insert(name.to_owned(), schema);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// Gives all schemas that were referred to, by name.
    pub(crate) fn into_definitions(mut self) -> Map<String, Value> {
        let mut all = self.reading.take_definitions(true);
        all.extend(self.writing.take_definitions(true));
        all.extend(self.others);
        all
    }

    /// Lists the names whose schemas differ between reading and writing.
    #[cfg(test)]
    pub(crate) fn ambiguous(mut self) -> Vec<String> {
        let (read, written) = (self.reading.take_definitions(true), self.writing.take_definitions(true));
        read.into_iter()
            .filter(|(name, schema)| written.get(name).is_some_and(|it| it != schema))
            .map(|it| it.0)
            .collect()
    }
}

/// Removes the null that stands for an absent parameter: a query has no null.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(types) = object.get("type").and_then(Value::as_array) {
        let left: Vec<&Value> = types.iter().filter(|it| *it != "null").collect();
        let types = if let [only] = left[..] { only.clone() } else { json!(left) };
        object.insert("type".to_owned(), types);
    }
    let one_of_two = object.get("anyOf").and_then(Value::as_array).and_then(|any| match &any[..] {
        [schema, null] if null["type"] == "null" => schema.as_object().cloned(),
        _ => None,
    });
    if let Some(only) = one_of_two {
        object.remove("anyOf");
        object.extend(only);
    }
    schema
}

fn with_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    match schema["type"].clone() {
        Value::String(kind) => schema["type"] = json!([kind, "null"]),
        Value::Array(_) => {}
        _ if schema["anyOf"].is_array() => {}
        _ => {
            let description = schema.as_object_mut().and_then(|object| object.remove("description"));
            schema = json!({ "description": description, "anyOf": [schema, { "type": "null" }] });
        }
    }
    schema
}
