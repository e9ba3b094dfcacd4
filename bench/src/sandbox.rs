//! Runs one bootstrap: its process, its Lambda, its AWS.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::aws::Aws;
use crate::lambda::Lambda;
use crate::network::{Network, Service};

/// After this time without a request the bootstrap counts as hung.
const SILENCE_LIMIT: Duration = Duration::from_secs(20);

/// A running bootstrap.
pub(crate) struct Sandbox {
    child: Child,
    network: Network,
    lambda: Lambda,
    aws: Aws,
}

impl Sandbox {
    /// Starts `bootstrap`. Returns also the time from its start until it asks for its first event.
    pub(crate) fn start(bootstrap: &Path, log: &Path, aws: Aws) -> Result<(Self, Duration)> {
        let network = Network::open()?;
        let mut command = command(bootstrap, log, &network)?;
        let start = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", bootstrap.display()))?;
        let mut sandbox = Self { child, network, lambda: Lambda::default(), aws };
        sandbox.work_until_ready().with_context(|| format!("see {}", log.display()))?;
        Ok((sandbox, start.elapsed()))
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends `event`. Returns the response, and the time from sending the one to receiving the other. Waits until the bootstrap
    /// has finished its work after the response.
    pub(crate) fn invoke(&mut self, event: &str) -> Result<(Duration, Vec<u8>)> {
        let start = self.lambda.invoke(event, &mut self.network)?;
        let (end, response) = loop {
            self.work()?;
            if let Some(response) = self.lambda.response() {
                break response;
            }
        };
        self.work_until_ready()?;
        Ok((end - start, response))
    }

    fn work_until_ready(&mut self) -> Result<()> {
        while !self.lambda.is_ready() {
            self.work()?;
        }
        Ok(())
    }

    /// Waits for requests and answers them.
    fn work(&mut self) -> Result<()> {
        let next = self.aws.send_due(&mut self.network)?;
        let asked = Instant::now();
        let requests = self.network.receive(next.unwrap_or(SILENCE_LIMIT))?;
        if requests.is_empty() && next.is_none() {
            self.require_running()?;
            ensure!(asked.elapsed() < SILENCE_LIMIT, "the bootstrap has sent nothing for {SILENCE_LIMIT:?}");
        }
        for (service, peer, request) in requests {
            match service {
                Service::Lambda => self.lambda.take(peer, request, &mut self.network)?,
                Service::Aws => self.aws.take(peer, &request, &mut self.network)?,
            }
        }
        Ok(())
    }

    /// Nothing complete arrived, perhaps a connection or part of a request: that is an error only if the process has ended.
    fn require_running(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("the bootstrap ended: {status}"),
            None => Ok(()),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // Lambda ends a process without extensions in the same way.
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

/// Sets the environment as Lambda and the template's defaults do.
fn command(bootstrap: &Path, log: &Path, network: &Network) -> Result<Command> {
    let log = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = Command::new(bootstrap);
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", network.address(Service::Lambda)?)
        .env("AWS_ENDPOINT_URL", format!("http://{}", network.address(Service::Aws)?))
        .envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "bench"),
            ("AWS_SECRET_ACCESS_KEY", "bench"),
            ("AWS_SESSION_TOKEN", "bench"),
            ("LINKS_TABLE", "links"),
            ("STATS_TABLE", "stats"),
            ("SESSION_COOKIE", "secure"),
            ("RATE_LIMIT_VIEWER", "off"),
            ("RATE_LIMIT_EDITOR", "off"),
            ("RATE_LIMIT_ADMIN", "off"),
            ("DATA_BUCKET", "data"),
            ("CLICKS_STREAM", "clicks"),
            ("DOMAINS", "go.example.com"),
            ("RUST_LOG", "info"),
            ("CACHE_SECONDS", "5"),
            ("CACHE_MISS_SECONDS", "2"),
            ("CACHE_STALE_SECONDS", "600"),
            ("WARM_UP", "true"),
            ("ARCHIVE_RETENTION_DAYS", "365"),
        ])
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    Ok(command)
}
