//! One attempt: the stream, and the reads beside it. If they differ, the read is right.

use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::api::{Api, EventStream};
use crate::budget::{StreamPermit, Urgency};
use crate::caller::Caller;
use crate::error::WatchError;
use crate::event::{EventKind, Frame};
use crate::failure::{Failure, Refusal};
use crate::json::Json;
use crate::session::{Said, Session, Woken};
use crate::state::CvmState;
use crate::target::Verdict;
use crate::time::{SILENT_INTERVALS, Silence};

/// How an attempt ended without the target.
pub enum End<J> {
    /// It has failed. Another may follow, after the wait that the server asks for.
    Failed { failure: Failure<J>, retry_after: Option<Duration> },
    /// The watch is over.
    Over(WatchError<J>),
}

impl<J: Json> From<Failure<J>> for End<J> {
    fn from(failure: Failure<J>) -> Self {
        match failure {
            Failure::Foreign(error) => Self::Over(WatchError::Foreign(error)),
            failure => Self::Failed { retry_after: failure.retry_after(), failure },
        }
    }
}

impl<J> From<WatchError<J>> for End<J> {
    fn from(error: WatchError<J>) -> Self {
        Self::Over(error)
    }
}

/// An open stream. The connection is closed before the permit is given back.
pub struct Open<S> {
    stream: S,
    permit: StreamPermit,
}

/// The target is reached.
pub struct Reached<A: Api> {
    /// The state that says so.
    pub state: CvmState<A::Json>,
    /// The stream that told it.
    open: Option<Open<A::Stream>>,
}

impl<A: Api> Reached<A> {
    fn by_read(state: CvmState<A::Json>) -> Self {
        Self { state, open: None }
    }
}

/// How a watch learns of states.
enum Way {
    Stream(StreamPermit),
    /// By reads, until there is a permit for a stream or for the rest of the attempt.
    Reads {
        until_stream: bool,
    },
}

/// The target, or how the attempt goes on.
type Step<A> = Result<ControlFlow<Reached<A>, Way>, End<<A as Api>::Json>>;

/// What comes next while a stream is open.
enum Next<J: Json> {
    Frame(Frame<J::Text>),
    /// The stream is over.
    End(Failure<J>),
    /// A read beside the stream tells the target.
    Reached(CvmState<J>),
    /// A read beside the stream tells what the stream should have told.
    Stale(CvmState<J>),
}

/// How a stream ended, if the attempt has not failed.
enum Heard<J> {
    Target(CvmState<J>),
    TargetByRead(CvmState<J>),
    Complete,
    Refused(Failure<J>),
    Stale(CvmState<J>),
}

/// One attempt.
pub struct Attempt<'s, 'a, A: Api, C> {
    session: &'s mut Session<'a, A, C>,
    dead_streams: u32,
}

impl<'s, 'a, A: Api, C: Caller<A::Json>> Attempt<'s, 'a, A, C> {
    pub fn new(session: &'s mut Session<'a, A, C>) -> Self {
        session.begin_attempt();
        Self { session, dead_streams: 0 }
    }

    /// From the first connection to the target or a failure.
    pub async fn run(&mut self) -> Result<Reached<A>, End<A::Json>> {
        let mut way = self.session.stream_permit().map_or(Way::Reads { until_stream: true }, Way::Stream);
        loop {
            let step = match way {
                Way::Stream(permit) => self.by_stream(permit).await?,
                Way::Reads { until_stream } => self.by_reads(until_stream).await?,
            };
            match step {
                Break(reached) => return Ok(reached),
                Continue(next) => way = next,
            }
        }
    }

    async fn by_stream(&mut self, permit: StreamPermit) -> Step<A> {
        self.session.place = None;
        let mut open = Open { stream: self.session.api.open(), permit };
        let heard = self.listen(&mut open.stream).await?;
        if let Heard::Target(state) = heard {
            return Ok(Break(Reached { state, open: Some(open) }));
        }
        // The connection is closed before anything else happens.
        let Open { stream, permit } = open;
        drop(stream);
        match heard {
            Heard::Target(state) | Heard::TargetByRead(state) => Ok(Break(Reached::by_read(state))),
            Heard::Stale(state) => self.after_silence(&state, permit),
            Heard::Complete => {
                drop(permit);
                self.after_complete().await
            }
            Heard::Refused(refusal) => {
                permit.refused();
                self.after_refusal(&refusal).await
            }
        }
    }

    /// Listens to a stream, and reads the state when the stream is silent for too long.
    async fn listen(&mut self, stream: &mut A::Stream) -> Result<Heard<A::Json>, End<A::Json>> {
        let mut complaint = None;
        let mut spoke_at = None;
        let mut silence = Silence::new(self.session.api, self.session.request.interval * SILENT_INTERVALS);
        let mut woken = self.session.woken();
        loop {
            let frame = match self.next(stream, spoke_at, &mut silence, &mut woken).await? {
                Next::Frame(frame) => frame,
                Next::Reached(state) => return Ok(Heard::TargetByRead(state)),
                Next::Stale(state) => return Ok(Heard::Stale(state)),
                Next::End(refusal) if refuses_streams(&refusal) => return Ok(Heard::Refused(refusal)),
                Next::End(end) => return Err(after_complaint(end, complaint).into()),
            };
            silence.end();
            spoke_at = Some(self.session.api.wall_clock());
            match self.session.hear(frame) {
                Some(Said::State(state)) => match self.session.judge(&state)? {
                    Verdict::Reached => return Ok(Heard::Target(state)),
                    // The stream ended because of the error that it reported.
                    Verdict::HeldBack | Verdict::Other => complaint = None,
                },
                Some(Said::Error(words)) => complaint = words.or(complaint),
                Some(Said::Timeout(payload)) => return Err(Failure::TimedOut { payload, by_server: true }.into()),
                Some(Said::Complete) => return Ok(Heard::Complete),
                None => {}
            }
        }
    }

    /// The stream's next frame. After three intervals of silence, and on a wake-up, a read checks whether the stream works.
    async fn next(
        &mut self,
        stream: &mut A::Stream,
        spoke_at: Option<Duration>,
        silence: &mut Silence<'a, A>,
        woken: &mut Woken<'a>,
    ) -> Result<Next<A::Json>, End<A::Json>> {
        let (api, interval) = (self.session.api, self.session.request.interval);
        let mut frame = pin!(stream.next());
        loop {
            let is_trusted = match select(frame.as_mut(), select(pin!(silence.too_long()), woken.as_mut())).await {
                Either::Left((frame, _)) => return Ok(frame.map_or_else(Next::End, Next::Frame)),
                Either::Right((Either::Left(_), _)) => false,
                Either::Right((Either::Right(_), _)) => spoke_at.is_some_and(|at| api.wall_clock() < at + interval),
            };
            *woken = self.session.woken();
            // What the stream says meanwhile is newer than the read.
            let read = match select(frame.as_mut(), pin!(self.session.read(Urgency::Decisive))).await {
                Either::Left((frame, _)) => return Ok(frame.map_or_else(Next::End, Next::Frame)),
                Either::Right((read, _)) => read,
            };
            silence.end();
            let state = match read {
                Ok(state) => state,
                Err(Failure::Foreign(error)) => return Err(Failure::Foreign(error).into()),
                Err(_) => continue,
            };
            if self.session.is_another(&state) && !is_trusted {
                return Ok(Next::Stale(state));
            }
            if self.session.take(&state)? == Verdict::Reached {
                return Ok(Next::Reached(state));
            }
        }
    }

    /// The stream is dead. A new one replaces it; if that is dead too, a proxy buffers it, and the attempt goes on by reads.
    fn after_silence(&mut self, state: &CvmState<A::Json>, permit: StreamPermit) -> Step<A> {
        self.dead_streams += 1;
        match self.session.take(state)? {
            Verdict::Reached => Ok(Break(Reached::by_read(state.clone()))),
            _ if self.dead_streams == 1 => Ok(Continue(Way::Stream(permit))),
            _ => Ok(Continue(Way::Reads { until_stream: false })),
        }
    }

    /// The server says that the target is reached, but has told no state that says so: a read decides.
    async fn after_complete(&mut self) -> Step<A> {
        let state = self.session.read(Urgency::Decisive).await?;
        match self.session.take(&state)? {
            Verdict::Reached => Ok(Break(Reached::by_read(state))),
            // A new stream would send `complete` at once, too.
            Verdict::HeldBack => Ok(Continue(Way::Reads { until_stream: false })),
            Verdict::Other => Err(Failure::NotReached { status: state.status().into() }.into()),
        }
    }

    /// The server has refused the stream, but it may still answer reads.
    async fn after_refusal(&mut self, refusal: &Failure<A::Json>) -> Step<A> {
        let state = match self.session.read(Urgency::Decisive).await {
            Ok(state) => state,
            Err(failure) => return Err(refused_twice(refusal, failure)),
        };
        self.session.api.budget().refuse_streams(self.session.api.now());
        Ok(match self.session.take(&state)? {
            Verdict::Reached => Break(Reached::by_read(state)),
            Verdict::HeldBack | Verdict::Other => Continue(Way::Reads { until_stream: true }),
        })
    }

    /// Reads once every interval.
    async fn by_reads(&mut self, until_stream: bool) -> Step<A> {
        let _reading = until_stream.then(|| self.session.wait_for_stream());
        loop {
            match self.next_read(until_stream).await? {
                Either::Left(permit) => return Ok(Continue(Way::Stream(permit))),
                Either::Right(state) => {
                    if self.session.take(&state)? == Verdict::Reached {
                        return Ok(Break(Reached::by_read(state)));
                    }
                }
            }
        }
    }

    /// The next read, when it is due or a wake-up comes; or a permit for a stream instead.
    async fn next_read(
        &mut self,
        until_stream: bool,
    ) -> Result<Either<StreamPermit, CvmState<A::Json>>, Failure<A::Json>> {
        let session = &*self.session;
        let routine = async {
            let wait = session.until_next_read();
            if !wait.is_zero() {
                session.api.sleep(wait).await;
            }
            match until_stream.then(|| session.stream_permit()).flatten() {
                Some(permit) => Ok(Either::Left(permit)),
                None => session.read(session.routine()).await.map(Either::Right),
            }
        };
        let undisturbed = match select(pin!(routine), session.woken()).await {
            Either::Left((next, _)) => Some(next),
            // A pending read is dropped: the machine may have slept since it began, and then no answer comes.
            Either::Right(..) => None,
        };
        match undisturbed {
            Some(next) => next,
            None => session.read(Urgency::Decisive).await.map(Either::Right),
        }
    }
}

/// Passes on the events that follow the state with the target, up to `complete`. However the stream ends, the target is
/// reached.
pub async fn hear_out<A: Api, C: Caller<A::Json>>(session: &mut Session<'_, A, C>, reached: &mut Reached<A>) {
    let Some(Open { stream, .. }) = &mut reached.open else { return };
    while let Ok(frame) = stream.next().await {
        match session.hear(frame) {
            Some(Said::Timeout(payload)) => return session.tell(session.progress.event(EventKind::Timeout, &payload)),
            Some(Said::Complete) => return,
            Some(Said::State(_) | Said::Error(_)) | None => {}
        }
    }
}

/// Whether the server refuses event streams, but may still answer reads.
fn refuses_streams<J>(failure: &Failure<J>) -> bool {
    matches!(
        failure,
        Failure::ClosedForGood { .. } | Failure::Malformed(_) | Failure::Status(Refusal { status: 429, .. })
    )
}

/// If the server has sent an `error` event before the stream ends, that is the reason.
fn after_complaint<J>(end: Failure<J>, complaint: Option<String>) -> Failure<J> {
    match complaint {
        Some(words) => Failure::Reported { words, end: Box::new(end) },
        None => end,
    }
}

/// The server has refused the stream, and the read has failed too. The read's failure is the reason, if it has one.
fn refused_twice<J: Json>(refusal: &Failure<J>, read: Failure<J>) -> End<J> {
    let retry_after = refusal.retry_after().max(read.retry_after());
    let tells_nothing = !matches!(read, Failure::Status(_) | Failure::Redirected { .. } | Failure::Foreign(_));
    let failure = match refusal {
        Failure::ClosedForGood { .. } if tells_nothing => Failure::ClosedForGood { read: read.message() },
        _ => read,
    };
    match failure.into() {
        End::Failed { failure, .. } => End::Failed { failure, retry_after },
        over @ End::Over(_) => over,
    }
}
