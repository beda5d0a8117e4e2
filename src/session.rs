//! The part that the attempts of one watch share: telling the caller, judging states, and making reads.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use crate::api::Api;
use crate::budget::{Place, Reading, StreamPermit, Urgency};
use crate::caller::{Caller, Progress};
use crate::error::WatchError;
use crate::event::{Code, EventKind, Frame, MadePayload, WatchEvent};
use crate::failure::Failure;
use crate::json::Json;
use crate::read::read_in_turn;
use crate::request::WatchRequest;
use crate::state::CvmState;
use crate::target::{Judge, Verdict};
use crate::time::woken;

/// A wake-up to come.
pub type Woken<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// One watch.
pub struct Session<'a, A: Api, C> {
    pub api: &'a A,
    pub request: &'a WatchRequest,
    pub progress: &'a mut Progress<A::Json>,
    pub caller: &'a mut C,
    /// The watch's place among those that wait for a stream.
    pub place: Option<Place>,
    /// Whether this attempt has brought a state.
    pub has_brought_state: bool,
    judge: Judge<'a>,
    /// The payload of the last event.
    told: Option<A::Json>,
    /// When this attempt's last read began.
    read_at: Cell<Option<Duration>>,
    /// When a wake-up has last made the watch read.
    woken_at: Rc<Cell<Option<Duration>>>,
}

/// A frame, parsed.
pub enum Said<J> {
    /// A state.
    State(CvmState<J>),
    /// That the target is reached.
    Complete,
    /// That the server has waited as long as it was asked to. (Not told yet: it ends the attempt, and is told with the
    /// delay that follows.)
    Timeout(J),
    /// That something went wrong on the server, with its message if there is one.
    Error(Option<String>),
}

impl<'a, A: Api, C: Caller<A::Json>> Session<'a, A, C> {
    pub fn new(api: &'a A, request: &'a WatchRequest, progress: &'a mut Progress<A::Json>, caller: &'a mut C) -> Self {
        Self {
            api,
            request,
            progress,
            caller,
            place: None,
            has_brought_state: false,
            judge: Judge::new(&request.target),
            told: None,
            read_at: Cell::default(),
            woken_at: Rc::default(),
        }
    }

    /// The next attempt begins.
    pub fn begin_attempt(&mut self) {
        self.progress.attempts = self.progress.attempts.saturating_add(1);
        self.has_brought_state = false;
        self.read_at.set(None);
    }

    /// Tells the caller.
    pub fn tell(&mut self, event: WatchEvent<'_, A::Json>) {
        self.told = Some(event.payload.clone());
        self.caller.on_event(event);
    }

    /// Tells the caller a state. It is the last one now.
    fn tell_state(&mut self, state: &CvmState<A::Json>) {
        self.progress.last_state = Some(state.clone());
        self.tell(self.progress.event(EventKind::State, state.json()));
    }

    /// Tells the caller about malformed data, unless the event before said the same.
    fn tell_nonsense(&mut self, reason: &str) {
        let words = self.told.as_ref().and_then(Json::words);
        if words.as_deref() != Some(reason) {
            let payload = A::Json::of(&MadePayload { error: reason, ..MadePayload::default() });
            self.tell(WatchEvent { code: Some(Code::Malformed), ..self.progress.event(EventKind::Error, &payload) });
        }
    }

    /// Parses a frame, and tells the caller. `None` if it is malformed.
    pub fn hear(&mut self, frame: Frame<<A::Json as Json>::Text>) -> Option<Said<A::Json>> {
        self.understand(frame).map_err(|reason| self.tell_nonsense(&reason)).ok()
    }

    fn understand(&mut self, frame: Frame<<A::Json as Json>::Text>) -> Result<Said<A::Json>, String> {
        let kind = frame.kind;
        let payload: A::Json = frame.payload()?;
        Ok(match kind {
            EventKind::State => {
                let state = CvmState::from_json(payload)
                    .ok_or("the server sent a `state` event without a `status` that is a string")?;
                self.tell_state(&state);
                Said::State(state)
            }
            EventKind::Complete => {
                self.tell(self.progress.event(kind, &payload));
                Said::Complete
            }
            EventKind::Error => {
                self.tell(self.progress.event(kind, &payload));
                Said::Error(payload.words())
            }
            EventKind::Timeout => Said::Timeout(payload),
        })
    }

    /// Judges a state.
    pub fn judge(&mut self, state: &CvmState<A::Json>) -> Result<Verdict, WatchError<A::Json>> {
        self.has_brought_state = true;
        self.judge.judge(state, self.caller)
    }

    /// Whether a state is another than the last told.
    pub fn is_another(&self, state: &CvmState<A::Json>) -> bool {
        self.progress.last_state.as_ref().is_none_or(|last| state.differs_from(last))
    }

    /// Tells the caller a read's state if it is another than the last told, and judges it.
    pub fn take(&mut self, state: &CvmState<A::Json>) -> Result<Verdict, WatchError<A::Json>> {
        if self.is_another(state) {
            self.tell_state(state);
        }
        self.judge(state)
    }

    /// Reads the CVM's state, when the budget permits it.
    pub async fn read(&self, urgency: Urgency) -> Result<CvmState<A::Json>, Failure<A::Json>> {
        let (began, answer) = read_in_turn(self.api, urgency).await;
        self.read_at.set(Some(began));
        answer
    }

    /// How long to wait for the next read of every interval: not at all before an attempt's first. The jitter keeps many
    /// watches that began together from reading together.
    pub fn until_next_read(&self) -> Duration {
        let Some(last) = self.read_at.get() else { return Duration::ZERO };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 200")]
        let jitter = (self.api.random() * 200.0) as u32;
        let next = last + self.request.interval * (900 + jitter) / 1000;
        next.saturating_sub(self.api.now())
    }

    /// How urgent the next read of every interval is.
    pub fn routine(&self) -> Urgency {
        Urgency::Routine { since: self.read_at.get().unwrap_or_else(|| self.api.now()) }
    }

    /// The next wake-up that makes the watch read at once: at most one every interval. (It borrows nothing of the session.)
    pub fn woken(&self) -> Woken<'a> {
        let (api, interval, woken_at) = (self.api, self.request.interval, Rc::clone(&self.woken_at));
        Box::pin(async move {
            loop {
                woken(api, interval).await;
                let now = api.now();
                if woken_at.get().is_none_or(|last| now >= last + interval) {
                    return woken_at.set(Some(now));
                }
            }
        })
    }

    /// The watch reads from now on, and waits for a stream.
    pub fn wait_for_stream(&mut self) -> Reading {
        let api = self.api;
        self.place.get_or_insert_with(|| api.budget().place(api.max_streams())).reading()
    }

    /// A permit for a stream, if there is one.
    pub fn stream_permit(&self) -> Option<StreamPermit> {
        self.api.budget().stream(self.api.max_streams(), self.place.as_ref(), self.api.now())
    }
}
