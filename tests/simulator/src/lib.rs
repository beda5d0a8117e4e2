//! A simulated Phala Cloud API: CVMs that boot, stop and fail, and answers scripted byte by byte.
//!
//! It serves the tests and the console page of cvm-watch.
//!
//! ```no_run
//! use cvm_simulator::{Options, Simulator};
//!
//! # async fn example() -> std::io::Result<()> {
//! let simulator = Simulator::bind(Options { port: 0, ..Options::default() }).await?;
//! println!("listening on {}", simulator.url());
//! simulator.serve().await
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod action;
mod answer;
mod body;
mod buffer;
mod conditions;
mod connection;
mod control;
mod cors;
mod counters;
mod cvm;
mod fault;
mod fleet;
mod head;
mod identity;
mod live;
mod lock;
mod log;
pub mod options;
mod own_pages;
mod player;
mod router;
mod script;
mod settings;
mod sse;
mod state_route;
mod terms;
mod tls;
mod upstream;
mod watch;
mod world;

use std::io;

use axum::Router;
use axum::serve::Listener as _;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::connection::{Connection, LoopbackListener};
pub use crate::options::Options;
use crate::tls::Tls;
pub use crate::upstream::Upstream;

/// A simulator that has its port and does not serve yet.
pub struct Simulator {
    listener: LoopbackListener,
    router: Router,
    port: u16,
    certificate: Option<CertificateDer<'static>>,
}

impl Simulator {
    /// Takes a port on the loopback addresses. Connections queue up until [`Simulator::serve`].
    ///
    /// # Errors
    /// When the port cannot be had; `AddrInUse` if another program has it.
    pub async fn bind(options: Options) -> io::Result<Self> {
        let (certificate, acceptor) = match options.tls.then(Tls::new).transpose()? {
            Some(Tls { certificate, acceptor }) => (Some(certificate), Some(acceptor)),
            None => (None, None),
        };
        let listener = LoopbackListener::bind(options.port, acceptor).await?;
        let port = listener.local_addr()?.port();
        Ok(Self { listener, router: router::router(options, port), port, certificate })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// The port that it has.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The certificate that its clients have to trust, with [`Options::tls`].
    #[must_use]
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.certificate.as_ref()
    }

    /// Serves for ever; dropping the future ends it.
    ///
    /// # Errors
    /// None are known: after a failure to accept a connection it waits, and tries again.
    pub async fn serve(self) -> io::Result<()> {
        axum::serve(self.listener, self.router.into_make_service_with_connect_info::<Connection>()).await
    }
}
