//! A stream that accepts requests and answers late or never, over real connections.

use std::sync::Mutex;
use std::time::Duration;

use aws_types::SdkConfig;
use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use waypost_domain::redirect::deliver_clicks::{DeliverClicksPorts, Delivered, deliver_clicks};
use waypost_domain::redirect::pending_event::PendingEvent;
use waypost_domain::testing::clicks::MemorySalts;
use waypost_domain::testing::system::SeededRandom;

use super::tests::clicks;
use super::*;
use crate::connector::Connections;
use crate::replay::config;
use crate::s3::spill::S3Spill;

/// Kinesis and S3 at one address. Kinesis waits before it takes a record.
struct Server {
    wait: Duration,
    /// The bodies of all objects, in the order of their arrival.
    objects: Mutex<String>,
}

impl Server {
    /// Serves until the test ends. Returns the server and its URL.
    async fn start(wait: Duration) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(Self { wait, objects: Mutex::default() });
        let serving = server.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serving.clone().serve(stream));
            }
        });
        (server, url)
    }

    /// Answers the requests of a connection until the client closes it.
    async fn serve(self: Arc<Self>, mut stream: TcpStream) -> std::io::Result<()> {
        let mut received = String::new();
        loop {
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await? {
                0 => return Ok(()),
                length => received += &String::from_utf8_lossy(&piece[..length]),
            }
            let Some((head, body)) = received.split_once("\r\n\r\n") else { continue };
            let head = head.to_lowercase();
            let length: usize = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            if body.len() < length {
                continue;
            }
            let answer = if head.contains("kinesis_20131202") {
                tokio::time::sleep(self.wait).await;
                r#"{"FailedRecordCount":0,"Records":[{"SequenceNumber":"1","ShardId":"s"}]}"#
            } else {
                self.objects.lock().unwrap().push_str(body);
                ""
            };
            received.clear();
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{answer}", answer.len());
            stream.write_all(answer.as_bytes()).await?;
        }
    }
}

fn ports(config: &SdkConfig) -> DeliverClicksPorts {
    let connector = Connections::default().connector();
    DeliverClicksPorts {
        visitors: Default::default(),
        salts: Arc::<MemorySalts>::default(),
        random: Arc::new(SeededRandom::new(1)),
        stream: Arc::new(KinesisClicks::new(config.clone(), connector.clone(), "clicks")),
        spill: Arc::new(S3Spill::new(config.clone(), connector, "data")),
        breaker: Default::default(),
    }
}

#[tokio::test]
async fn every_click_of_a_slow_stream_is_in_the_spill() {
    for wait in [Duration::from_secs(4), Duration::from_secs(3600)] {
        let (server, url) = Server::start(wait).await;
        let ports = ports(&config("us-east-1", Some(&url)));
        let deliver = |event| deliver_clicks(&ports, vec![PendingEvent { event, address: None }]);
        let all = clicks(8);
        let (at_once, later) = all.split_at(4);
        let mut delivered = join_all(at_once.iter().cloned().map(deliver)).await;
        // The breaker sends these straight to the spill. If it tried the stream, they would take seven seconds.
        let calls = async {
            for click in later {
                delivered.push(deliver(click.clone()).await);
            }
        };
        tokio::time::timeout(Duration::from_secs(5), calls).await.expect("the stream is left alone");
        assert_eq!(delivered, [Delivered { spilled: 1, ..Delivered::default() }; 8]);
        let objects = server.objects.lock().unwrap();
        let mut kept: Vec<StreamEvent> = objects.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        kept.sort_by(|a, b| a.id().cmp(b.id()));
        let mut sent = all.clone();
        sent.sort_by(|a, b| a.id().cmp(b.id()));
        assert_eq!(kept, sent);
    }
}
