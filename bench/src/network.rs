//! Connects one bootstrap with its two services, Lambda and AWS. One thread serves all connections, so that an answer costs no
//! hand-over between threads.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::http::Request;

/// Which of the two services a connection leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Runtime API and Extensions API.
    Lambda,
    /// DynamoDB, Kinesis and S3.
    Aws,
}

/// A connection, for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(usize);

struct Connection {
    service: Service,
    stream: TcpStream,
    received: Vec<u8>,
}

/// The connections.
pub(crate) struct Network {
    listeners: [(Service, TcpListener); 2],
    /// A closed connection leaves its place empty: a [`Peer`] must never lead to another connection.
    connections: Vec<Option<Connection>>,
}

impl Network {
    /// Listens on two ports of the loopback interface.
    pub(crate) fn open() -> Result<Self> {
        Ok(Self { listeners: [(Service::Lambda, listener()?), (Service::Aws, listener()?)], connections: Vec::new() })
    }

    /// The host and port of `service`.
    pub(crate) fn address(&self, service: Service) -> Result<String> {
        let listener = self.listeners.iter().find(|(of, _)| *of == service).context("there are two services")?;
        Ok(listener.1.local_addr()?.to_string())
    }

    /// Waits until bytes arrive, `timeout` at most. Returns the complete requests.
    pub(crate) fn receive(&mut self, timeout: Duration) -> Result<Vec<(Service, Peer, Request)>> {
        let (new, ready) = self.wait(timeout)?;
        for index in new {
            self.accept(index)?;
        }
        let mut requests = Vec::new();
        for index in ready {
            self.read(index, &mut requests).with_context(|| format!("connection {index}"))?;
        }
        Ok(requests)
    }

    /// Sends a whole answer. Waits for room: the bootstrap reads the answers to its requests.
    pub(crate) fn send(&mut self, to: Peer, answer: &[u8]) -> Result<()> {
        let connection = self.connections[to.0].as_mut().context("the bootstrap hung up before it was answered")?;
        let mut left = answer;
        while !left.is_empty() {
            match connection.stream.write(left) {
                Ok(length) => left = left.get(length..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(&connection.stream, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Sends an answer to a peer that may have given up waiting for it.
    pub(crate) fn send_late(&mut self, to: Peer, answer: &[u8]) -> Result<()> {
        if self.connections[to.0].is_none() {
            return Ok(());
        }
        let sent = self.send(to, answer);
        let hung_up = |error: &anyhow::Error| {
            let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            matches!(kind, Some(ErrorKind::BrokenPipe | ErrorKind::ConnectionReset))
        };
        if sent.as_ref().is_err_and(hung_up) {
            self.connections[to.0] = None;
            return Ok(());
        }
        sent
    }

    /// Returns the listeners and the connections that are ready to be read.
    fn wait(&self, timeout: Duration) -> Result<(Vec<usize>, Vec<usize>)> {
        let open: Vec<_> =
            self.connections.iter().enumerate().filter_map(|(at, slot)| Some((at, slot.as_ref()?))).collect();
        let listeners = self.listeners.iter().map(|(_, listener)| PollFd::new(listener, PollFlags::IN));
        let mut watched: Vec<_> =
            listeners.chain(open.iter().map(|(_, open)| PollFd::new(&open.stream, PollFlags::IN))).collect();
        poll(&mut watched, Some(&Timespec::try_from(timeout)?))?;
        let is_ready: Vec<bool> = watched.iter().map(|fd| !fd.revents().is_empty()).collect();
        let (listeners, connections) = is_ready.split_at(self.listeners.len());
        let new = listeners.iter().enumerate().filter(|(_, is_ready)| **is_ready).map(|(index, _)| index).collect();
        let ready =
            open.iter().zip(connections).filter(|(_, is_ready)| **is_ready).map(|((index, _), _)| *index).collect();
        Ok((new, ready))
    }

    fn accept(&mut self, index: usize) -> Result<()> {
        let (service, listener) = &self.listeners[index];
        let (stream, _) = listener.accept()?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        self.connections.push(Some(Connection { service: *service, stream, received: Vec::new() }));
        Ok(())
    }

    fn read(&mut self, index: usize, requests: &mut Vec<(Service, Peer, Request)>) -> Result<()> {
        let Some(connection) = &mut self.connections[index] else { return Ok(()) };
        let mut piece = [0_u8; 16 * 1024];
        match connection.stream.read(&mut piece) {
            Ok(0) => self.connections[index] = None,
            Ok(length) => {
                connection.received.extend_from_slice(&piece[..length]);
                while let Some(request) = Request::take(&mut connection.received)? {
                    requests.push((connection.service, Peer(index), request));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.connections[index] = None,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn listener() -> Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen on 127.0.0.1")?;
    Ok(listener)
}
