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
    resolve: Callback,
    reject: Callback,
}

impl Task {
    /// A task without a future yet: that is made with the task, which its sources take.
    pub fn new(resolve: Callback, reject: Callback) -> Rc<Self> {
        Rc::new(Self { future: Cell::default(), is_called: Cell::default(), resolve, reject })
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
    inbox: Rc<Inbox>,
    _tell: Closure<dyn Fn(u32, JsValue)>,
}

/// News that nobody has heard yet. It is rarely more than one piece: each is heard in the call that brings it, unless that
/// comes from within another.
#[derive(Default)]
struct Inbox(Cell<Vec<News>>);

impl Inbox {
    fn put(&self, news: News) {
        let mut all = self.0.take();
        all.push(news);
        self.0.set(all);
    }

    fn take(&self) -> Option<News> {
        let mut all = self.0.take();
        let first = if all.is_empty() { None } else { Some(all.remove(0)) };
        self.0.set(all);
        first
    }
}

impl Source {
    /// Starts one: `begin` is given the function to call back, and gives the one that stops it.
    pub fn start(task: &Rc<Task>, begin: impl FnOnce(&JsValue) -> Callback) -> Self {
        let inbox = Rc::<Inbox>::default();
        let tell = {
            let (task, inbox) = (Rc::clone(task), Rc::clone(&inbox));
            Closure::<dyn Fn(u32, JsValue)>::new(move |kind, value| {
                inbox.put((kind, value));
                task.run();
            })
        };
        let stop = begin(tell.as_ref());
        Self { stop, inbox, _tell: tell }
    }

    /// The next news.
    pub async fn next(&self) -> News {
        poll_fn(|_| self.inbox.take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// The one piece of news of a source that promises something.
    ///
    /// # Errors
    /// What was thrown.
    pub async fn settled(&self) -> Result<JsValue, JsValue> {
        match self.next().await {
            (0, value) => Ok(value),
            (_, error) => Err(error),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop.call(&JsValue::UNDEFINED, &JsValue::UNDEFINED);
    }
}

#[cfg(test)]
pub mod tests {
    use alloc::string::String;
    use core::time::Duration;

    use js_sys::Promise;
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::super::endpoint::wait;
    use super::super::signal::{AbortSignal, aborted};
    use super::*;
    use crate::race::race;

    /// Runs a future in a task; it gives what it has seen, in words.
    pub async fn run<F: Future<Output = String> + 'static>(make: impl FnOnce(Rc<Task>) -> F) -> String {
        let mut make = Some(make);
        let promise = Promise::new(&mut |resolve, reject| {
            let task = Task::new(resolve.unchecked_into(), reject.unchecked_into());
            let future = (make.take().unwrap())(Rc::clone(&task));
            task.start(async move { Ok(future.await.into()) });
        });
        JsFuture::from(promise).await.unwrap().as_string().unwrap()
    }

    #[wasm_bindgen_test]
    async fn a_timer_wakes_its_task_and_the_shorter_one_wins() {
        let seen = run(async |task: Rc<Task>| {
            wait(&task, Duration::ZERO).await;
            let (short, long) = (wait(&task, Duration::from_millis(1)), wait(&task, Duration::from_secs(600)));
            match race(long, short).await {
                crate::race::First::Left(()) => "long",
                crate::race::First::Right(()) => "short",
            }
            .into()
        });
        assert_eq!(seen.await, "short");
    }

    #[wasm_bindgen_test]
    async fn a_signal_wakes_its_task_even_from_within() {
        let controller = web_sys::AbortController::new().unwrap();
        let signal: AbortSignal = JsValue::from(controller.signal()).unchecked_into();
        let seen = run(async move |task: Rc<Task>| {
            let abort = async {
                controller.abort();
                core::future::pending::<()>().await;
            };
            race(aborted(&task, Some(&signal)), abort).await;
            // It is done at once, when it has aborted before.
            aborted(&task, Some(&signal)).await;
            "aborted".into()
        });
        assert_eq!(seen.await, "aborted");
    }
}
