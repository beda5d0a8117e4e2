//! Which calls share a budget of streams and reads.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use wasm_bindgen::JsValue;
use web_sys::Url;

use crate::budget::Budget;

use super::base_url::origin;
use super::value::{global, text};

thread_local! {
    /// The page's budget for each origin.
    static OF_PAGE: RefCell<Vec<(String, Rc<Budget>)>> = const { RefCell::new(Vec::new()) };
    /// Where there is no page: each client's budget for its origin, known by the client's configuration.
    static OF_CLIENTS: RefCell<Vec<(JsValue, Weak<Budget>)>> = const { RefCell::new(Vec::new()) };
}

/// The budget that a call towards this base URL draws on.
///
/// A page shares one, since it shares the browser's connections and the API's limit for its user. A server has one for each
/// client: its clients are those of many users. A client's budget is kept as long as a call of it goes on.
pub fn budget(base_url: &str, client: &JsValue) -> Rc<Budget> {
    if is_page() {
        let origin = Url::new(base_url).map(|url| origin(&url)).unwrap_or_default();
        return OF_PAGE.with_borrow_mut(|all| {
            let known = all.iter().find(|(known, _)| *known == origin).map(|(_, budget)| Rc::clone(budget));
            known.unwrap_or_else(|| {
                let budget = Rc::<Budget>::default();
                all.push((origin, Rc::clone(&budget)));
                budget
            })
        });
    }
    OF_CLIENTS.with_borrow_mut(|all| {
        all.retain(|(_, budget)| budget.strong_count() > 0);
        let known = all.iter().find(|(known, _)| known == client).and_then(|(_, budget)| budget.upgrade());
        known.unwrap_or_else(|| {
            let budget = Rc::default();
            all.push((client.clone(), Rc::downgrade(&budget)));
            budget
        })
    })
}

/// Whether this is a page or one of its workers: only they have an address.
fn is_page() -> bool {
    text(&global("location"), "href").is_some()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_page_has_one_for_each_origin() {
        let budget = |url: &str| Rc::as_ptr(&budget(url, &JsValue::UNDEFINED));
        assert_eq!(budget("http://example.com/api/v1"), budget("http://example.com"));
        assert_ne!(budget("http://example.com/api/v1"), budget("http://example.com:8080/api/v1"));
    }
}
