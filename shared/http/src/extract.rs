//! Reads requests: JSON bodies, parts of the path, queries. What cannot be read is answered with a problem.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use waypost_domain::Error;
use waypost_domain::values::json::field_error;

use crate::problem::Problem;

/// The greatest size of a JSON body, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// Reads all of a body.
///
/// # Errors
/// 413 if it is larger than [`MAX_BODY_BYTES`].
pub(crate) async fn read_body(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
        let detail = format!("the body is larger than {MAX_BODY_BYTES} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Too large", detail)
    })
}

/// Reads a JSON body. A body that is not JSON gets 400; JSON of the wrong shape gets 422 with a pointer to the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Problem> {
        let bytes = read_body(request.into_body()).await?;
        // Serde takes a list for the fields of a struct, in their order.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(Error::invalid("", "the body must be a JSON object").into());
        }
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            if error.inner().is_data() {
                return Error::Invalid(vec![field_error(&error)]);
            }
            Error::Malformed(format!("the body is not valid JSON: {}", error.inner()))
        })?;
        deserializer.end().map_err(|error| Error::Malformed(format!("the body is not valid JSON: {error}")))?;
        Ok(Self(value))
    }
}

/// Reads the parts of the path that the route names. A part that cannot be read gets 404: there is nothing at such a path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::no_such_path())
    }
}

/// Reads the query string. A wrong parameter gets 422 with its name.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let deserializer = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        let value = serde_path_to_error::deserialize(deserializer)
            .map_err(|error| Error::invalid(error.path().to_string(), error.inner()))?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use http::StatusCode;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Fields {
        color: Option<String>,
        description: Option<String>,
    }

    #[tokio::test]
    async fn list_is_not_taken_for_the_fields_of_an_object() {
        let read = async |body: &'static str| {
            Json::<Fields>::from_request(Request::new(Body::from(body)), &())
                .await
                .map_err(|problem| problem.into_response().status())
        };
        let Json(fields) = read(" {\"color\": \"teal\"}").await.unwrap();
        assert_eq!((fields.color.as_deref(), fields.description), (Some("teal"), None));
        for body in ["[]", "[\"teal\"]", " \n[null, null]"] {
            assert_eq!(read(body).await.unwrap_err(), StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        }
        for body in ["", "{", "teal"] {
            assert_eq!(read(body).await.unwrap_err(), StatusCode::BAD_REQUEST, "{body}");
        }
    }
}
