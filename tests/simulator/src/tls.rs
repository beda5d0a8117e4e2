//! TLS with a certificate that the simulator signs itself. Browsers speak HTTP/2 over TLS only.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// What the certificate is for, and what clients may speak, best first.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A new certificate, and the server's side of TLS with it.
pub struct Tls {
    /// What clients have to trust.
    pub certificate: CertificateDer<'static>,
    /// Does the handshakes.
    pub acceptor: TlsAcceptor,
}

impl Tls {
    /// Signs a certificate for the loopback addresses.
    ///
    /// # Errors
    /// When there is no randomness to make a key from.
    pub fn new() -> io::Result<Self> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
        let certificate = cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], key.into())
            .map_err(io::Error::other)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}
