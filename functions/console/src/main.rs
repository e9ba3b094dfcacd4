//! `GET /console`, `/console/{path}`: gives the files of the web console, which `make deploy` puts into the bucket, and tells it at
//! `/console/config.json` how people sign in.

mod files;
mod handler;
mod policy;
mod provider;

use std::process::ExitCode;
use std::sync::Arc;

use waypost_aws::s3::objects::S3Objects;
use waypost_http::router::public_api;
use waypost_lambda::settings::SettingError;
use waypost_lambda::start::BoxError;
use waypost_lambda::{sdk, settings, start};

use crate::provider::{Config, Provider, ProviderSettings};

fn main() -> ExitCode {
    start::run(serve())
}

async fn serve() -> Result<(), BoxError> {
    let s3 = aws_sdk_s3::Client::new(&sdk::request_config()?);
    // Where the browser sends files and what it imports, and reads what it exports. The local stack has the bucket elsewhere.
    let bucket = settings::optional("AWS_ENDPOINT_URL").map_or_else(|| settings::required("BUCKET_URL"), Ok)?;
    let provider = provider()?;
    let origins = provider.iter().flat_map(|provider| &provider.origins);
    let policy = policy::content_security_policy(&bucket, origins.map(String::as_str))?;
    let app = handler::App {
        objects: Arc::new(S3Objects::new(s3, settings::required("DATA_BUCKET")?)),
        policy,
        config: Config { identity_provider: provider },
    };
    waypost_http::event::run(public_api(handler::routes(app))).await
}

fn provider() -> Result<Option<Provider>, SettingError> {
    let text = |name| settings::optional(name).unwrap_or_default();
    let (issuer, client_id, audience) = (text("JWT_ISSUER"), text("CONSOLE_CLIENT_ID"), text("JWT_AUDIENCE"));
    let (scope, origins) = (text("CONSOLE_SCOPE"), text("CONSOLE_PROVIDER_ORIGINS"));
    let settings = ProviderSettings {
        issuer: &issuer,
        client_id: &client_id,
        audience: &audience,
        scope: &scope,
        origins: &origins,
    };
    Provider::of(settings).map_err(|(name, problem)| SettingError::Invalid { name, problem: problem.to_owned() })
}
