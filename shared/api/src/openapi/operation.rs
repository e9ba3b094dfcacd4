//! Describes operations: paths, methods, parameters and answers.

use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use waypost_domain::Role;
use waypost_domain::access::idempotency::Claim;

use super::answers::{common, problem, with_headers};
use super::schemas::Schemas;

/// Collects operations.
#[derive(Default)]
pub(crate) struct Operations {
    paths: Map<String, Value>,
    schemas: Schemas,
}

impl Operations {
    /// Begins an operation; [`Operation::end`] adds it to the document.
    pub(crate) fn add<'a>(&'a mut self, method: &'static str, path: &'static str, id: &'static str) -> Operation<'a> {
        Operation {
            all: self,
            place: (method, path),
            value: Map::from_iter([("operationId".to_owned(), json!(id))]),
            parameters: Vec::new(),
            answers: Map::new(),
            is_public: true,
        }
    }

    pub(crate) fn into_parts(self) -> (Map<String, Value>, Schemas) {
        (self.paths, self.schemas)
    }
}

/// An operation. Call [`Operation::role`] before you describe answers: it decides on their headers.
pub(crate) struct Operation<'a> {
    all: &'a mut Operations,
    place: (&'static str, &'static str),
    value: Map<String, Value>,
    parameters: Vec<Value>,
    answers: Map<String, Value>,
    is_public: bool,
}

impl Operation<'_> {
    fn set(mut self, name: &str, value: Value) -> Self {
        self.value.insert(name.to_owned(), value);
        self
    }

    /// Sets the section, a summary and a description.
    pub(crate) fn about(self, tag: &str, summary: &str, description: &str) -> Self {
        let operation = self.set("tags", json!([tag])).set("summary", json!(summary));
        if description.is_empty() { operation } else { operation.set("description", json!(description)) }
    }

    /// Requires a caller with at least this role.
    pub(crate) fn role(mut self, role: Role) -> Self {
        self.is_public = false;
        let operation = self.set("security", json!([{ "bearer": [role] }, { "session": [role] }]));
        let operation = operation.problem(401, "").problem(403, "").problem(429, "").problem(503, "").problem(500, "");
        match role {
            Role::Viewer => operation,
            role => operation.problem(403, &format!("This needs the role `{role}`.")),
        }
    }

    /// Requires no caller.
    pub(crate) fn public(self) -> Self {
        self.set("security", json!([]))
    }

    /// Adds a parameter in the path.
    pub(crate) fn path<T: JsonSchema>(self, name: &str, description: &str) -> Self {
        let schema = self.all.schemas.read::<T>();
        self.parameter("path", name, description, schema, true)
    }

    /// Adds a parameter in the path that is a text.
    pub(crate) fn path_text(self, name: &str, description: &str, pattern: &str) -> Self {
        self.parameter("path", name, description, json!({ "type": "string", "pattern": pattern }), true)
    }

    /// Adds the query parameters that a `T` is read from, and the answer to wrong ones.
    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        for property in self.all.schemas.properties::<T>() {
            let mut schema = property.schema;
            let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
            let description = description.as_ref().and_then(Value::as_str).unwrap_or_default();
            self = self.parameter("query", &property.name, description, schema, property.required);
        }
        self.problem(422, "")
    }

    fn parameter(mut self, place: &str, name: &str, description: &str, schema: Value, required: bool) -> Self {
        let parameter =
            json!({ "in": place, "name": name, "description": description, "schema": schema, "required": required });
        self.parameters.push(parameter);
        self
    }

    /// Adds a header of the request.
    pub(crate) fn header(self, name: &str, description: &str, schema: Value) -> Self {
        self.parameter("header", name, description, schema, false)
    }

    /// Adds the header `If-None-Match`, and the answer 304.
    pub(crate) fn if_none_match(self) -> Self {
        let description =
            "Entity tags that the client has already: 304 without a body if one of them is still current.";
        let headers = [common(!self.is_public), vec!["ETag", "Cache-Control"]].concat();
        let answer = json!({ "description": "The client has the current version.", "headers": with_headers(&headers) });
        self.header("If-None-Match", description, json!({ "type": "string", "examples": ["\"19b7f2a1c05-0\""] }))
            .answer(304, answer)
    }

    /// Adds the header `If-Match`, and the answer 412.
    pub(crate) fn if_match(self) -> Self {
        let description = "Entity tags: act only if one of them names the state after the owner's last change. Clicks since then do not matter.";
        self.header("If-Match", description, json!({ "type": "string", "format": "entity-tags" })).problem(412, "")
    }

    /// Adds the header `Idempotency-Key`, which every POST takes, and the answers that it can cause.
    pub(crate) fn idempotent(self) -> Self {
        let description = "Identifies all attempts of a request; use a random UUID. The same request with the same key gets the same answer for 24 hours.";
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": Claim::MAX_KEY_LEN, "pattern": "^[!-~]([ -~]*[!-~])?$" });
        self.header("Idempotency-Key", description, schema)
            .problem(409, "Another request with this `Idempotency-Key` is in progress (`Retry-After` says when to ask again), or its answer was too large to be kept.")
            .problem(422, "Or the `Idempotency-Key` was used for another request, or by another API key or token.")
            .problem(400, "")
            .problem(413, "")
    }

    /// Adds a JSON body that a `T` is read from.
    pub(crate) fn body<T: JsonSchema>(self, examples: Value) -> Self {
        let schema = self.all.schemas.read::<T>();
        self.body_as(&["application/json"], schema, examples)
    }

    /// Adds a body that is a JSON Merge Patch of a `T`, without some fields, and with others (name and schema).
    pub(crate) fn patch<T: JsonSchema>(self, name: &str, without: &[&str], also: Value, examples: Value) -> Self {
        let schema = self.all.schemas.patch::<T>(name, without, also);
        self.body_as(&["application/merge-patch+json", "application/json"], schema, examples)
            .problem(415, "The body is not a JSON Merge Patch.")
    }

    /// Adds a JSON body that a `T` is read from, whose field (name, and the component's name) is a JSON Merge Patch of a `P` without some
    /// fields, with those of an `A` and others (name and schema).
    pub(crate) fn body_with_patch<T: JsonSchema, P: JsonSchema, A: JsonSchema>(
        self,
        (field, component): (&str, &str),
        without: &[&str],
        also: &[(&str, Value)],
        examples: Value,
    ) -> Self {
        let mut fields: Map<String, Value> = self.all.schemas.properties_with_null::<A>().into_iter().collect();
        fields.extend(also.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())));
        let patch = self.all.schemas.patch::<P>(component, without, Value::Object(fields));
        let schema = self.all.schemas.read_with::<T>(field, &patch);
        self.body_as(&["application/json"], schema, examples)
    }

    fn body_as(self, types: &[&str], schema: Value, examples: Value) -> Self {
        let examples: Map<String, Value> = examples
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), json!({ "value": value })))
            .collect();
        let media = json!({ "schema": schema, "examples": examples });
        let content: Map<String, Value> = types.iter().map(|name| ((*name).to_owned(), media.clone())).collect();
        self.set("requestBody", json!({ "required": true, "content": content }))
            .problem(400, "")
            .problem(413, "")
            .problem(415, "")
            .problem(422, "")
    }

    /// Adds an answer with a JSON body that a `T` is written as.
    pub(crate) fn json<T: JsonSchema>(self, status: u16, description: &str, headers: &[&str]) -> Self {
        let schema = self.all.schemas.written::<T>();
        self.content(status, description, headers, &json!({ "application/json": { "schema": schema } }))
    }

    /// Adds an answer with a JSON body that a `T` is written as, or a body of `other` media types.
    pub(crate) fn json_or<T: JsonSchema>(
        self,
        status: u16,
        description: &str,
        headers: &[&str],
        other: &Value,
    ) -> Self {
        let schema = self.all.schemas.written::<T>();
        let mut content = other.clone();
        content["application/json"] = json!({ "schema": schema });
        self.content(status, description, headers, &content)
    }

    /// Adds an answer with a body of these media types.
    pub(crate) fn content(self, status: u16, description: &str, headers: &[&str], content: &Value) -> Self {
        let headers = [common(!self.is_public), headers.to_vec()].concat();
        self.answer(
            status,
            json!({ "description": description, "headers": with_headers(&headers), "content": content }),
        )
    }

    /// Adds an answer without a body.
    pub(crate) fn empty(self, status: u16, description: &str, headers: &[&str]) -> Self {
        let headers = [common(!self.is_public), headers.to_vec()].concat();
        self.answer(status, json!({ "description": description, "headers": with_headers(&headers) }))
    }

    /// Adds a problem. A second description of the same status is appended to the first.
    pub(crate) fn problem(mut self, status: u16, when: &str) -> Self {
        let answer = problem(status, when, !self.is_public);
        match self.answers.get_mut(&status.to_string()) {
            Some(before) if !when.is_empty() => {
                let text = format!("{} {when}", before["description"].as_str().unwrap_or_default());
                before["description"] = json!(text.trim());
                self
            }
            Some(_) => self,
            None => self.answer(status, answer),
        }
    }

    fn answer(mut self, status: u16, answer: Value) -> Self {
        self.answers.insert(status.to_string(), answer);
        self
    }

    /// Links the answer `status` to an operation that takes its values: `parameters` are runtime expressions.
    pub(crate) fn link(mut self, status: u16, operation: &str, parameters: Value) -> Self {
        if let Some(answer) = self.answers.get_mut(&status.to_string()) {
            answer["links"][operation] = json!({ "operationId": operation, "parameters": parameters });
        }
        self
    }

    /// Adds the operation to the document, with the answer to an unknown query parameter.
    pub(crate) fn end(self) {
        self.problem(422, "").insert();
    }

    fn insert(mut self) {
        let (method, path) = self.place;
        self.value.insert("parameters".to_owned(), self.parameters.into());
        self.value.insert("responses".to_owned(), self.answers.into());
        let item = self.all.paths.entry(path).or_insert_with(|| json!({}));
        item[method] = self.value.into();
    }
}
