//! A future that JavaScript drives, and what it waits for.
//!
//! There is no waker and no queue of jobs: a task is polled whenever something that it waits for calls back, in that very
//! call. So an event is heard, and an abort settles the promise, in the task of the page that brought it.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

use super::call::Call;

#[wasm_bindgen]
extern "C" {
    /// A function of JavaScript's that does not throw.
    pub type Callback;
    #[wasm_bindgen(method)]
    pub fn call(this: &Callback, this_arg: &JsValue, argument: &JsValue);
}

/// What a promise resolves with, or what it rejects with.
pub type Outcome = Result<JsValue, JsValue>;

/// A future on its way, and the promise that waits for it. It lives until it is done: it holds its sources, and they hold
/// it.
pub struct Task {
    /// Not there while it runs, and when it is done.
    future: Cell<Option<Pin<Box<dyn Future<Output = Outcome>>>>>,
    is_called: Cell<bool>,
    pub call: Call,
    resolve: Callback,
    reject: Callback,
}

impl Task {
    /// A task without a future yet: that is made with the task, which its sources take.
    pub fn new(call: Call, resolve: Callback, reject: Callback) -> Rc<Self> {
        Rc::new(Self { future: Cell::default(), is_called: Cell::default(), call, resolve, reject })
    }

    /// Starts the future.
    pub fn start(&self, future: impl Future<Output = Outcome> + 'static) {
        self.future.set(Some(Box::pin(future)));
        self.run();
    }

    /// Polls the future. A source may call back meanwhile (the page aborts in `onEvent`): then it is polled once more.
    fn run(&self) {
        self.is_called.set(true);
        let Some(mut future) = self.future.take() else { return };
        while self.is_called.take() {
            if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                // Whatever it still holds is closed before the promise settles.
                drop(future);
                return match outcome {
                    Ok(value) => self.resolve.call(&JsValue::UNDEFINED, &value),
                    Err(error) => self.reject.call(&JsValue::UNDEFINED, &error),
                };
            }
        }
        self.future.set(Some(future));
    }
}

/// What a source tells: what kind of news, and the news.
pub type News = (u32, JsValue);

/// Something in JavaScript that calls back, one of `src/js/sources.js` for example. It stops when it is dropped.
pub struct Source {
    stop: Callback,
    inbox: Rc<Cell<Inbox>>,
    _tell: Closure<dyn Fn(u32, JsValue)>,
}

/// News that nobody has heard yet. It is rarely more than one piece: each is heard in the call that brings it, unless that
/// comes from within another.
#[derive(Default)]
struct Inbox {
    news: Vec<Option<News>>,
    /// How many of them have been.
    heard: usize,
}

impl Inbox {
    fn take(&mut self) -> Option<News> {
        let next = self.news.get_mut(self.heard)?.take();
        self.heard += 1;
        if self.heard == self.news.len() {
            // Its memory is for the next.
            self.news.clear();
            self.heard = 0;
        }
        next
    }
}

impl Source {
    /// Starts one: `begin` is given the function to call back, and gives the one that stops it.
    pub fn start(task: &Rc<Task>, begin: impl FnOnce(&JsValue) -> Callback) -> Self {
        let inbox = Rc::<Cell<Inbox>>::default();
        let tell = {
            let (task, inbox) = (Rc::clone(task), Rc::clone(&inbox));
            Closure::<dyn Fn(u32, JsValue)>::new(move |kind, value| {
                let mut all = inbox.take();
                all.news.push(Some((kind, value)));
                inbox.set(all);
                task.run();
            })
        };
        let stop = begin(tell.as_ref());
        Self { stop, inbox, _tell: tell }
    }

    /// Waits for the only news there is.
    pub fn done(self) -> impl Future<Output = ()> {
        poll_fn(move |_| self.poll().map(|_| ()))
    }

    /// The next news, if it is there.
    pub fn poll(&self) -> Poll<News> {
        let mut inbox = self.inbox.take();
        let next = inbox.take();
        self.inbox.set(inbox);
        next.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.call(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
    }
}
