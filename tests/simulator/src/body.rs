//! Response bodies written by ordinary async code.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;

use crate::lock::Lock;

/// Where a body's writer puts its chunks.
pub struct Writer(Chunks);

type Chunks = Arc<Mutex<VecDeque<Bytes>>>;

impl Writer {
    /// Sends one chunk, as a write of its own, and returns once it has been written.
    pub async fn send(&self, chunk: impl Into<Bytes>) {
        self.0.locked().push_back(chunk.into());
        // Nothing needs waking: the body takes a chunk, then polls its writer again.
        poll_fn(|_| if self.0.locked().is_empty() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// A body written by `write`. It ends when the future does. Dropping the body drops the future: this is how a
/// writer learns that its client has left.
pub fn written_by<F>(write: impl FnOnce(Writer) -> F) -> Body
where
    F: Future<Output = ()> + Send + 'static,
{
    let chunks = Chunks::default();
    let writing = Box::pin(write(Writer(Arc::clone(&chunks))));
    // The head is flushed before the writer does anything: it may cut the connection as its first step.
    Body::new(WrittenBody { writing: Some(writing), chunks, flushing: true })
}

struct WrittenBody {
    writing: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    chunks: Chunks,
    flushing: bool,
}

impl hyper::body::Body for WrittenBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if mem::take(&mut self.flushing) {
            // hyper gathers chunks for as long as there are any; a pause makes it write what it has.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(writing) = &mut self.writing
            && writing.as_mut().poll(cx).is_ready()
        {
            self.writing = None;
        }
        let chunk = self.chunks.locked().pop_front();
        if chunk.is_none() && self.writing.is_some() {
            return Poll::Pending;
        }
        self.flushing = chunk.is_some();
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
