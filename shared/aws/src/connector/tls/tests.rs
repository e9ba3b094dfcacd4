use super::*;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate authority that signs certificates of servers.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// Configures a server of the name `host`.
    fn server(&self, host: &str) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap()
    }
}

static FIRST: LazyLock<Authority> = LazyLock::new(|| Authority::new("first"));
static OTHER: LazyLock<Authority> = LazyLock::new(|| Authority::new("other"));

/// Tells whether a client connects to `server`. The client trusts `FIRST`, then the roots that `load_others` gives.
async fn talk(server: ServerConfig, load_others: fn() -> RootCertStore) -> bool {
    let provider = Arc::new(ring::default_provider());
    let first = verifier(FIRST.roots(), &provider).unwrap();
    let verifier = Verifier { first, others: OnceLock::new(), load_others, provider: provider.clone() };
    let connector = TlsConnector::from(Arc::new(client_config(provider, verifier).unwrap()));
    let (near, far) = duplex(16 * 1024);
    let serve = async {
        let mut stream = TlsAcceptor::from(Arc::new(server)).accept(far).await?;
        stream.write_all(b"hello").await?;
        stream.shutdown().await
    };
    let ask = async {
        let mut stream = connector.connect("aws.example.com".try_into().unwrap(), near).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        std::io::Result::Ok(text)
    };
    let (_, heard) = tokio::join!(serve, ask);
    heard.is_ok_and(|text| text == "hello")
}

fn none() -> RootCertStore {
    panic!("the system's certificates are not asked for")
}

#[tokio::test]
async fn a_server_under_the_first_roots_needs_no_others() {
    assert!(talk(FIRST.server("aws.example.com"), none).await);
}

#[tokio::test]
async fn an_unknown_issuer_is_looked_up_among_the_systems_roots() {
    assert!(talk(OTHER.server("aws.example.com"), || OTHER.roots()).await);
    assert!(!talk(OTHER.server("aws.example.com"), || FIRST.roots()).await);
    assert!(!talk(OTHER.server("aws.example.com"), RootCertStore::empty).await);
}

#[tokio::test]
async fn another_servers_certificate_is_refused() {
    assert!(!talk(FIRST.server("example.com"), none).await);
    assert!(!talk(OTHER.server("example.com"), || OTHER.roots()).await);
}

#[test]
fn the_systems_roots_are_read_once() {
    static READ: AtomicUsize = AtomicUsize::new(0);
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        first: verifier(FIRST.roots(), &provider).unwrap(),
        others: OnceLock::new(),
        load_others: || {
            READ.fetch_add(1, Ordering::Relaxed);
            OTHER.roots()
        },
        provider,
    };
    assert!(verifier.others().is_ok() && verifier.others().is_ok());
    assert_eq!(READ.load(Ordering::Relaxed), 1);
}

#[test]
fn amazons_roots_can_be_read() {
    assert_eq!(amazon_roots().unwrap().len(), 5);
    assert!(config().is_ok());
}
