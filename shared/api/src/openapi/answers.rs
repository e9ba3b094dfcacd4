//! What answers have in common: headers, and problems.

use serde_json::{Map, Value, json};

/// The headers of answers, as components of the document.
pub(crate) fn headers() -> Value {
    let count =
        |description: &str| json!({ "description": description, "schema": { "type": "integer", "minimum": 0 } });
    let text = |description: &str, pattern: &str| json!({ "description": description, "schema": { "type": "string", "pattern": pattern } });
    let always = |mut header: Value| {
        header["required"] = json!(true);
        header
    };
    json!({
        "X-Request-Id": always(text("Names the request in the log.", "^[!-~]+$")),
        "RateLimit-Policy": text("How many requests (`q`) a full bucket holds, and in how many seconds (`w`) an empty one is full.", r#"^"key";q=\d+;w=\d+$"#),
        "RateLimit": text("How many requests are left (`r`), and in how many seconds (`t`) the bucket is full.", r#"^"key";r=\d+;t=\d+$"#),
        "RateLimit-Limit": count("How many requests a full bucket holds."),
        "RateLimit-Remaining": count("How many requests are left."),
        "RateLimit-Reset": count("In how many seconds the bucket is full."),
        "Retry-After": always(count("When to try again, in seconds.")),
        "WWW-Authenticate": always(text("How to authenticate.", "^Bearer$")),
        "ETag": always(text("Names the state of what is sent.", r#"^"[!#-~]+"$"#)),
        "Location": always(json!({ "description": "Where it is.", "schema": { "type": "string", "format": "uri-reference" } })),
        "Cache-Control": always(text("Who may keep the answer, and for how long.", "^[ -~]+$")),
        "Idempotency-Replayed": json!({ "description": "There, if the request was done before and this is the answer it got then.", "schema": { "type": "string", "enum": ["true"] } }),
    })
}

/// The headers that every answer has, by who may call.
pub(crate) fn common(with_limits: bool) -> Vec<&'static str> {
    let mut names = vec!["X-Request-Id"];
    if with_limits {
        names.extend(["RateLimit-Policy", "RateLimit", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]);
    }
    names
}

/// The map of these headers.
pub(crate) fn with_headers(names: &[&str]) -> Value {
    let reference = |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    names.iter().map(reference).collect::<Map<_, _>>().into()
}

/// An answer that says why there is no other; `when` is empty where it is the same for all operations.
pub(crate) fn problem(status: u16, when: &str, with_limits: bool) -> Value {
    let always = match status {
        400 => "The request cannot be read.",
        401 => "There is no key or token, or one that is unknown, has expired or is not valid.",
        403 => "The caller's role is too low.",
        404 => "There is no such thing in the caller's workspace.",
        412 => "It has changed since the state that `If-Match` names.",
        413 => "The body is larger than 256 KiB.",
        422 => "Fields or parameters are not valid; `errors` names them.",
        429 => "The caller has made more requests than its limit allows.",
        500 => "Something is wrong on the service's side; its log has more under the request's id.",
        503 => "A store is busy or does not answer.",
        _ => "",
    };
    // Who is not known has no limit that could be told.
    let mut headers = common(with_limits && status != 401);
    match status {
        401 => headers.push("WWW-Authenticate"),
        429 | 503 => headers.push("Retry-After"),
        _ => {}
    }
    headers.push("Cache-Control");
    let description = format!("{always} {when}");
    json!({
        "description": description.trim(),
        "headers": with_headers(&headers),
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}
