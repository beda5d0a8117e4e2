//! Loopback connections that can be cut off abruptly.
//!
//! HTTP servers close connections cleanly. A dropped connection, as it happens in practice, needs a TCP reset, which HTTP
//! cannot send: every accepted stream has a switch for it, which handlers get through connect info.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::lock::Lock;

/// How many free ports are tried until one is free on both loopback addresses.
const FREE_PORT_TRIES: usize = 16;

/// The first byte that comes from a client that speaks TLS.
const TLS_HANDSHAKE: [u8; 1] = [22];

/// Listens on the loopback addresses only.
pub struct LoopbackListener {
    sockets: Sockets,
    tls: Option<TlsAcceptor>,
    /// They run while others are accepted: one client must not keep the others waiting.
    handshakes: JoinSet<io::Result<(LoopbackIo, SocketAddr)>>,
}

/// A connection that is ready for HTTP.
pub type LoopbackIo = Either<LoopbackStream, TlsStream<LoopbackStream>>;

struct Sockets {
    v4: TcpListener,
    v6: Option<TcpListener>,
}

impl LoopbackListener {
    /// Listens on one port, with TLS if there is an acceptor for it.
    ///
    /// # Errors
    /// `AddrInUse` when another program has the port on either address: browsers try `[::1]` first for
    /// `localhost`, so they would talk to that program.
    pub async fn bind(port: u16, tls: Option<TlsAcceptor>) -> io::Result<Self> {
        Ok(Self { sockets: Sockets::bind(port).await?, tls, handshakes: JoinSet::new() })
    }
}

impl Sockets {
    /// Binds 127.0.0.1 and, where there is IPv6, `[::1]` to one port; port 0 picks a free one.
    async fn bind(port: u16) -> io::Result<Self> {
        let mut tries = if port == 0 { FREE_PORT_TRIES } else { 1 };
        loop {
            tries -= 1;
            match Self::bind_both(port).await {
                Err(error) if tries > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
                bound => return bound,
            }
        }
    }

    async fn bind_both(port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = v4.local_addr()?.port();
        let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => None,
        };
        Ok(Self { v4, v6 })
    }

    async fn accept(&self) -> (LoopbackStream, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.accept_either().await {
                // Without it a short frame may wait for the acknowledgement of the one before.
                let _ = stream.set_nodelay(true);
                return (LoopbackStream::new(stream), address);
            }
            // Most likely out of file descriptors: a pause, so as not to spin until one is free.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn accept_either(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let Some(v6) = &self.v6 else {
            return self.v4.accept().await;
        };
        tokio::select! {
            accepted = self.v4.accept() => accepted,
            accepted = v6.accept() => accepted,
        }
    }
}

impl Listener for LoopbackListener {
    type Io = LoopbackIo;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                (stream, address) = self.sockets.accept() => match self.tls.clone() {
                    None => return (Either::Left(stream), address),
                    Some(tls) => {
                        self.handshakes.spawn(async move { Ok((stream.shake_hands(tls).await?, address)) });
                    }
                },
                Some(handshake) = self.handshakes.join_next() => {
                    if let Ok(Ok(ready)) = handshake {
                        return ready;
                    }
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.sockets.v4.local_addr()
    }
}

/// A handler's access to the connection of its request.
#[derive(Clone, Default)]
pub struct Connection(Arc<Switch>);

#[derive(Default)]
struct Switch {
    cut: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Connection {
    /// Ends the connection with a TCP reset, whatever is under way on it.
    pub fn reset(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
        if let Some(waker) = self.0.waker.locked().take() {
            waker.wake();
        }
    }

    fn is_cut(&self, cx: &Context<'_>) -> bool {
        let mut waker = self.0.waker.locked();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        self.0.cut.load(Ordering::SeqCst)
    }
}

impl Connected<IncomingStream<'_, LoopbackListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, LoopbackListener>) -> Self {
        match stream.io() {
            Either::Left(plain) => plain.connection.clone(),
            Either::Right(tls) => tls.get_ref().0.connection.clone(),
        }
    }
}

/// A TCP stream that obeys its [`Connection`].
pub struct LoopbackStream {
    stream: Option<TcpStream>,
    connection: Connection,
}

impl LoopbackStream {
    fn new(stream: TcpStream) -> Self {
        Self { stream: Some(stream), connection: Connection::default() }
    }

    /// Speaks TLS with a client that begins with it, and plain HTTP with the others: tests send requests of their own without
    /// trusting the certificate.
    async fn shake_hands(self, tls: TlsAcceptor) -> io::Result<LoopbackIo> {
        let mut first = [0];
        if let Some(stream) = &self.stream {
            stream.peek(&mut first).await?;
        }
        if first == TLS_HANDSHAKE { Ok(Either::Right(tls.accept(self).await?)) } else { Ok(Either::Left(self)) }
    }

    fn poll_stream<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.connection.is_cut(cx) {
            self.close_abortively();
        }
        match &mut self.stream {
            Some(stream) => poll(Pin::new(stream), cx),
            None => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        }
    }

    fn close_abortively(&mut self) {
        if let Some(stream) = self.stream.take() {
            // Closing a socket that must not linger sends a reset instead of an orderly end.
            let _ = stream.set_zero_linger();
        }
    }
}

impl AsyncRead for LoopbackStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_stream(cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for LoopbackStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_stream(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_stream(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_stream(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_stream(cx, AsyncWrite::poll_shutdown)
    }
}
