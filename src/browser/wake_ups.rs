//! What wakes a watch: the page is online again, comes back from the back/forward cache, or becomes visible.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Duration;

use wasm_bindgen::JsValue;
use web_sys::EventTarget;

use crate::api::WakeUp;

use super::clock::now;
use super::listener::Listener;
use super::mailbox::Mailbox;
use super::value::{field, global, text};

/// The wake-ups of one watch, until this is dropped.
#[derive(Default)]
pub struct WakeUps {
    wake_ups: Mailbox<WakeUp>,
    page: Option<Rc<Page>>,
}

impl WakeUps {
    /// Listens. Without a page (on a server) there are no wake-ups.
    pub fn of(page: Option<&EventTarget>) -> Self {
        let wake_ups = Mailbox::default();
        let page = page.map(Page::shared);
        if let Some(page) = &page {
            page.watches.borrow_mut().push(wake_ups.clone());
        }
        Self { wake_ups, page }
    }

    /// The next one. What comes while no future waits is kept.
    pub fn next(&self) -> impl Future<Output = WakeUp> {
        self.wake_ups.next()
    }
}

impl Drop for WakeUps {
    fn drop(&mut self) {
        if let Some(page) = &self.page {
            page.watches.borrow_mut().retain(|watch| !watch.is(&self.wake_ups));
        }
    }
}

thread_local! {
    /// The page, while a watch listens to it.
    static PAGE: RefCell<Weak<Page>> = const { RefCell::new(Weak::new()) };
}

/// A page's listeners: one of each kind for all watches, since a browser searches all of a kind for the one to be removed.
struct Page {
    watches: Rc<RefCell<Vec<Mailbox<WakeUp>>>>,
    _listeners: [Listener; 3],
}

/// What an event of the page says.
type Meaning = Box<dyn FnMut(&JsValue) -> Option<WakeUp>>;

impl Page {
    /// The listeners that there are, or new ones.
    fn shared(page: &EventTarget) -> Rc<Self> {
        PAGE.with_borrow_mut(|known| {
            known.upgrade().unwrap_or_else(|| {
                let page = Rc::new(Self::listen(page));
                *known = Rc::downgrade(&page);
                page
            })
        })
    }

    fn listen(page: &EventTarget) -> Self {
        let watches = Rc::<RefCell<Vec<Mailbox<WakeUp>>>>::default();
        let mut hidden_since = is_hidden().then(now);
        let listener = |kind, mut wake_up: Meaning| {
            let watches = Rc::clone(&watches);
            Listener::new(page, kind, move |event| {
                if let Some(wake_up) = wake_up(&event) {
                    watches.borrow().iter().for_each(|watch| watch.put(wake_up));
                }
            })
        };
        let listeners = [
            listener("online", Box::new(|_| Some(WakeUp::Online))),
            listener("pageshow", Box::new(|event| field(event, "persisted").is_truthy().then_some(WakeUp::Restored))),
            // It is sent to the document, and bubbles.
            listener("visibilitychange", Box::new(move |_| visible_after(&mut hidden_since))),
        ];
        Self { watches, _listeners: listeners }
    }
}

/// Whether there is a page, and it is hidden.
pub fn is_hidden() -> bool {
    text(&global("document"), "visibilityState").as_deref() == Some("hidden")
}

/// How long the page was hidden, if it has become visible.
fn visible_after(hidden_since: &mut Option<Duration>) -> Option<WakeUp> {
    if is_hidden() {
        hidden_since.get_or_insert_with(now);
        return None;
    }
    hidden_since.take().map(|since| WakeUp::Visible(now().saturating_sub(since)))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use wasm_bindgen::JsCast as _;
    use wasm_bindgen_test::wasm_bindgen_test;
    use web_sys::{AbortController, Event};

    use super::*;

    fn page() -> EventTarget {
        AbortController::new().unwrap().signal().unchecked_into()
    }

    fn send(page: &EventTarget, kind: &str) {
        page.dispatch_event(&Event::new(kind).unwrap()).unwrap();
    }

    #[wasm_bindgen_test]
    async fn a_wake_up_that_no_future_awaits_is_kept() {
        let page = page();
        let wake_ups = WakeUps::of(Some(&page));
        assert_eq!(wake_ups.next().now_or_never(), None);
        send(&page, "online");
        let show = Event::new("pageshow").unwrap();
        js_sys::Reflect::set(&show, &"persisted".into(), &JsValue::TRUE).unwrap();
        page.dispatch_event(&show).unwrap();
        assert_eq!(wake_ups.next().await, WakeUp::Online);
        assert_eq!(wake_ups.next().await, WakeUp::Restored);
    }

    #[wasm_bindgen_test]
    async fn an_event_that_is_no_wake_up_is_ignored() {
        let page = page();
        let wake_ups = WakeUps::of(Some(&page));
        for kind in ["pageshow", "visibilitychange", "offline"] {
            send(&page, kind);
        }
        assert_eq!(wake_ups.next().now_or_never(), None);
        assert_eq!(WakeUps::default().next().now_or_never(), None);
    }
}
