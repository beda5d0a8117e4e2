//! Two futures, of which the first to be done counts.
//!
//! Not the one of futures-util: its panics are told with the standard library's formatting, which would be a tenth of the
//! module.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

/// Which of two futures was done first, and what it gave.
pub enum First<T, U> {
    /// The first one; also if both are done.
    Left(T),
    /// The second one.
    Right(U),
}

/// Waits for one of two futures. Both are dropped then, with what they hold.
pub async fn race<T, U>(left: impl Future<Output = T>, right: impl Future<Output = U>) -> First<T, U> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    poll_fn(|context| match left.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(First::Left(value)),
        Poll::Pending => right.as_mut().poll(context).map(First::Right),
    })
    .await
}
