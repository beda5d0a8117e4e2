//! A queue from event listeners to a future.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// Keeps what is put in, in order. A clone is the same mailbox. One future at a time waits for it.
pub struct Mailbox<T>(Rc<RefCell<Inner<T>>>);

struct Inner<T> {
    items: VecDeque<T>,
    waker: Option<Waker>,
}

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(Inner { items: VecDeque::new(), waker: None })))
    }
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Mailbox<T> {
    pub fn put(&self, item: T) {
        let mut inner = self.0.borrow_mut();
        inner.items.push_back(item);
        if let Some(waker) = inner.waker.take() {
            waker.wake();
        }
    }

    /// Whether this is the same mailbox.
    pub fn is(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Waits for the next item.
    pub fn next(&self) -> impl Future<Output = T> {
        poll_fn(|context| {
            let mut inner = self.0.borrow_mut();
            if let Some(item) = inner.items.pop_front() {
                return Poll::Ready(item);
            }
            inner.waker = Some(context.waker().clone());
            Poll::Pending
        })
    }
}
