//! Stands in for Lambda: the Runtime API and the Extensions API. Like Lambda, it sends the next event when the runtime and
//! the extension have both asked for it, and takes the response as soon as the runtime posts it.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::http::{Request, answer};
use crate::network::{Network, Peer};

const RUNTIME: &str = "/2018-06-01/runtime/";
const EXTENSION: &str = "/2020-01-01/extension/";

/// Lambda's state of one bootstrap.
#[derive(Debug, Default)]
pub(crate) struct Lambda {
    /// The runtime, while it waits for an event.
    runtime: Option<Peer>,
    /// The extension, while it waits for an event.
    extension: Option<Peer>,
    has_extension: bool,
    invocations: u64,
    response: Option<(Instant, Vec<u8>)>,
}

impl Lambda {
    /// Whether the next event can be sent.
    pub(crate) fn is_ready(&self) -> bool {
        self.runtime.is_some() && (self.extension.is_some() || !self.has_extension)
    }

    /// Sends `event` and returns the time of it. The extension gets its event first, so that the time to send it does not
    /// count; the bootstrap finds both at the same time.
    pub(crate) fn invoke(&mut self, event: &str, network: &mut Network) -> Result<Instant> {
        let Some(runtime) = self.runtime.take() else { bail!("the runtime has not asked for an event") };
        self.invocations += 1;
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invocations);
        let headers = format!(
            "Lambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n\
             Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:bench\r\n\
             Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1\r\n"
        );
        let to_runtime = answer("200 OK", &headers, event);
        let to_extension = format!(
            "{{\"eventType\":\"INVOKE\",\"deadlineMs\":4102444800000,\"requestId\":\"{id}\",\"invokedFunctionArn\":\
             \"arn:aws:lambda:us-east-1:123456789012:function:bench\",\"tracing\":{{\"type\":\"X-Amzn-Trace-Id\",\
             \"value\":\"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1\"}}}}"
        );
        let to_extension = answer("200 OK", "", &to_extension);
        if let Some(extension) = self.extension.take() {
            network.send(extension, &to_extension)?;
        }
        let start = Instant::now();
        network.send(runtime, &to_runtime)?;
        Ok(start)
    }

    /// Takes the response and the time of its arrival, once it has arrived.
    pub(crate) fn response(&mut self) -> Option<(Instant, Vec<u8>)> {
        self.response.take()
    }

    /// Handles a request of the bootstrap.
    ///
    /// # Errors
    /// The bootstrap reports an error, or calls something that Lambda does not have.
    pub(crate) fn take(&mut self, from: Peer, request: Request, network: &mut Network) -> Result<()> {
        let Request { path, body, .. } = request;
        if let Some(path) = path.strip_prefix(RUNTIME) {
            if path == "invocation/next" {
                self.runtime = Some(from);
                return Ok(());
            }
            if path.starts_with("invocation/") && path.ends_with("/response") {
                self.response = Some((Instant::now(), body));
                return network.send(from, &answer("202 Accepted", "", "{\"status\":\"OK\"}"));
            }
        }
        if let Some(path) = path.strip_prefix(EXTENSION) {
            if path == "register" {
                self.has_extension = true;
                let function = "{\"functionName\":\"bench\",\"functionVersion\":\"1\",\"handler\":\"bootstrap\"}";
                return network.send(from, &answer("200 OK", "Lambda-Extension-Identifier: bench\r\n", function));
            }
            if path == "event/next" {
                self.extension = Some(from);
                return Ok(());
            }
        }
        bail!("the bootstrap calls {path}: {}", String::from_utf8_lossy(&body))
    }
}
