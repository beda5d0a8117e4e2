//! Wait for a confidential VM (CVM) on Phala Cloud to reach a state.
//!
//! The crate is compiled to WebAssembly and used from JavaScript: `client.watchCvmState({ id, target })` opens an event
//! stream, survives timeouts and broken connections, and gives a promise. README.md tells about that side.
//!
//! The crate's core does not depend on a browser. [`watch()`] is a future over an [`Api`], which provides streams, reads,
//! time and wake-ups. To cancel a watch, drop it; everything that it holds is closed by its own `Drop`.
//!
//! A request is checked as a whole, and every bad field is reported:
//!
//! ```
//! use std::collections::HashMap;
//! use cvm_watch::{Arguments, Given, WatchRequest};
//!
//! struct Fields(HashMap<&'static str, &'static str>);
//!
//! impl Arguments for Fields {
//!     fn get(&self, field: &str) -> Given {
//!         self.0.get(field).map_or(Given::Absent, |text| Given::Text((*text).into()))
//!     }
//!     fn show(&self, field: &str) -> String {
//!         format!("{:?}", self.0.get(field))
//!     }
//! }
//!
//! let fields = Fields(HashMap::from([("id", "my-app"), ("target", "running")]));
//! let request = WatchRequest::read(&fields)?;
//! assert_eq!(request.stream_path(), "cvms/my-app/state?target=running&interval=5&timeout=300");
//!
//! let errors = WatchRequest::read(&Fields(HashMap::from([("interval", "often")]))).unwrap_err();
//! let bad: Vec<_> = errors.iter().map(|error| error.field).collect();
//! assert_eq!(bad, ["id", "target", "interval"]);
//! # Ok::<(), Vec<cvm_watch::FieldError>>(())
//! ```

mod api;
mod attempt;
#[cfg(target_arch = "wasm32")]
mod browser;
mod budget;
mod caller;
mod cvm_id;
mod duration;
mod error;
mod event;
mod failure;
mod json;
#[cfg(any(target_arch = "wasm32", test))]
mod mime;
mod read;
mod request;
mod retry;
mod session;
mod sse;
mod state;
mod states;
mod target;
mod text;
mod time;
mod url;
mod watch;

pub use api::{Api, EventStream, WakeUp};
pub use budget::{Budget, READS_A_SECOND, REFUSAL_LASTS, UNANSWERED_READS};
pub use caller::{Caller, Progress};
pub use cvm_id::CvmId;
pub use error::{Endings, FieldError, WatchError};
pub use event::{Code, EventKind, Frame, MadePayload, WatchEvent};
pub use failure::{Failure, Refusal};
pub use json::Json;
pub use read::{READ_WITHIN, read};
pub use request::{Arguments, Given, ReadRequest, StatesRequest, WatchRequest};
pub use retry::{Delay, LONGEST_DELAY, LONGEST_RETRY_AFTER, Retry};
pub use sse::{FrameTooLarge, LARGEST_FRAME, SseDecoder, SseItem};
pub use state::CvmState;
pub use states::States;
pub use target::{FailOn, Target};
pub use time::{LATE, SILENT_INTERVALS};
pub use watch::{COMPLETE_WITHIN, watch};
