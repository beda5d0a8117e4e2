//! The expected run, computed from its script alone. This is the contract's tables written a second time, in a naive way,
//! without futures, timers and streams. It uses nothing of `src/watch.rs` and the modules below it.
//!
//! Of several things at the same moment, the order is: what the server says or answers, then silence, then wake-ups, then
//! the attempt's timeout.

use std::time::Duration;

use cvm_watch::{Code, Endings, EventKind, LATE, LONGEST_DELAY, LONGEST_RETRY_AFTER, WakeUp};
use serde_json::{Value, json};

use crate::script::{Answer, Delay, FailOn, Interruption, Meaning, Message, Read, Refused, Script, Step};
use crate::world::{Entry, Event, Outcome, Question, Trace, Why};

const SECOND: Duration = Duration::from_secs(1);

/// Stands for a payload that the watch makes itself.
pub const MADE: Value = Value::Bool(false);

/// The expected run.
#[derive(Debug)]
pub struct Expected {
    pub trace: Trace,
    /// When each attempt begins, and before which entry of the trace.
    attempts: Vec<(Duration, usize)>,
    /// The states that are told, each with its place in the trace.
    states: Vec<(usize, String)>,
}

impl Expected {
    pub fn attempts(&self) -> usize {
        self.attempts.len()
    }

    pub fn last_state(&self) -> Option<&str> {
        self.states.last().map(|(_, status)| status.as_str())
    }
}

/// How an attempt ended without the target.
enum End {
    Failed(Failed),
    Over(Outcome),
}

/// How an attempt failed, and what the event says that tells so.
struct Failed {
    why: Why,
    payload: Value,
    /// Whether the event is made here.
    is_made: bool,
    /// The wait that the server asks for.
    asked: Duration,
}

fn fails<T>(why: Why) -> Result<T, End> {
    Err(End::Failed(Failed { why, payload: MADE, is_made: true, asked: Duration::ZERO }))
}

fn over<T>(outcome: Outcome) -> Result<T, End> {
    Err(End::Over(outcome))
}

/// What a state means.
#[derive(PartialEq)]
enum Verdict {
    Reached,
    HeldBack,
    Other,
}

/// How an attempt goes on.
enum Way {
    Reached(Value),
    Stream,
    Reads { until_stream: bool },
}

#[expect(clippy::struct_excessive_bools, reason = "it is naive")]
struct Model<'a> {
    script: &'a Script,
    now: Duration,
    deadline: Duration,
    number: u32,
    trace: Trace,
    attempts: Vec<(Duration, usize)>,
    states: Vec<(usize, String)>,
    last_state: Option<Value>,
    brought_state: bool,
    /// `leaveFirst`: the first status, and whether it has been left.
    first: Option<String>,
    is_left: bool,
    is_hinted: bool,
    /// How often `until`, `failOn`, `shouldRetry` and `retryDelay` have been asked.
    asked: [usize; 4],
    is_streaming: bool,
    is_reading: bool,
    opened: usize,
    /// When each read started.
    reads: Vec<Duration>,
    read_at: Option<Duration>,
    refused_at: Option<Duration>,
    /// How many wake-ups are over, and when one has last led to a read.
    wakes: usize,
    woken_at: Option<Duration>,
    dead_streams: u32,
    /// The message of the attempt's last event, if that was about data that cannot be used.
    nonsense: Option<String>,
}

pub fn expected(script: &Script) -> Expected {
    let mut model = Model {
        script,
        now: Duration::ZERO,
        deadline: Duration::ZERO,
        number: 0,
        trace: Vec::new(),
        attempts: Vec::new(),
        states: Vec::new(),
        last_state: None,
        brought_state: false,
        first: None,
        is_left: !script.leave_first,
        is_hinted: false,
        asked: [0; 4],
        is_streaming: false,
        is_reading: false,
        opened: 0,
        reads: Vec::new(),
        read_at: None,
        refused_at: None,
        wakes: 0,
        woken_at: None,
        dead_streams: 0,
        nonsense: None,
    };
    let outcome = model.watch();
    model.note(Entry::Settles(outcome));
    interrupted(script, Expected { trace: model.trace, attempts: model.attempts, states: model.states })
}

impl Model<'_> {
    fn watch(&mut self) -> Outcome {
        let mut failures = 0;
        let mut endings = Endings::default();
        loop {
            self.number += 1;
            self.attempts.push((self.now, self.trace.len()));
            let limit = if self.number == 1 {
                self.script.timeout.saturating_sub(self.script.spent)
            } else {
                self.script.timeout
            };
            let late = self.script.wall_clock(self.now) + limit + LATE;
            self.deadline = self.now + limit;
            let ended = self.attempt();
            self.close();
            let failed = match ended {
                Ok(state) => return Outcome::Reached(state),
                Err(End::Over(outcome)) => return outcome,
                Err(End::Failed(failed)) => failed,
            };
            let is_late =
                failed.is_made && matches!(failed.why, Why::TimedOut) && self.script.wall_clock(self.now) >= late;
            failures = if self.brought_state { 1 } else { failures + 1 };
            endings.count(label(&failed.why));
            let next = self.next_delay(&failed, failures, &endings);
            self.tell_failure(&failed, next.as_ref().ok().copied());
            match next {
                Err(outcome) => return outcome,
                Ok(delay) => self.wait(delay, failed.asked.min(LONGEST_RETRY_AFTER), is_late),
            }
        }
    }

    /// How long to wait for the next attempt, or how the watch ends.
    fn next_delay(&mut self, failed: &Failed, failures: u32, endings: &Endings) -> Result<Duration, Outcome> {
        let script = self.script;
        let refused = match failed.why {
            Why::Redirected => true,
            Why::Status(status) if ![408, 425, 429].contains(&status) && status < 500 => match &script.should_retry {
                None => true,
                Some(answers) => !self.ask(2, answers, Answer::No, Question::ShouldRetry(status), "shouldRetry")?,
            },
            _ => false,
        };
        if refused {
            return Err(Outcome::Refused(failed.why.clone()));
        }
        if script.max_retries.is_some_and(|retries| self.number > retries) {
            return Err(Outcome::Exhausted(failed.why.clone(), endings.clone()));
        }
        let delay = match &script.delay {
            Delay::Fixed(delay) => *delay,
            Delay::Asked(given) => {
                self.note(Entry::Asked(Question::Delay(failures)));
                self.asked[3] += 1;
                let given = given.get(self.asked[3] - 1).copied().unwrap_or(Some(Duration::ZERO));
                given.ok_or(Outcome::BadArgument("retryDelay"))?
            }
        };
        Ok(delay.min(LONGEST_DELAY).max(failed.asked.min(LONGEST_RETRY_AFTER)))
    }

    fn wait(&mut self, delay: Duration, at_least: Duration, is_awake: bool) {
        let (start, end) = (self.now, self.now + delay);
        self.deadline = Duration::MAX;
        let mut tick = start;
        let awake = if is_awake { Some(start) } else { self.wake(&mut tick, end, false) };
        self.now = awake.map_or(end, |awake| end.min(awake.max(start + at_least)));
    }

    fn attempt(&mut self) -> Result<Value, End> {
        self.brought_state = false;
        self.nonsense = None;
        self.read_at = None;
        self.dead_streams = 0;
        let mut way = if self.has_stream() { Way::Stream } else { Way::Reads { until_stream: true } };
        loop {
            way = match way {
                Way::Reached(state) => return Ok(state),
                Way::Stream => self.stream()?,
                Way::Reads { until_stream } => self.reads(until_stream)?,
            };
        }
    }

    /// Whether there is a permit for a stream.
    fn has_stream(&self) -> bool {
        let (held, now) = (&self.script.held, self.now);
        let is_refused = self.refused_at.is_some_and(|at| {
            now < at + Duration::from_secs(30) && !held.iter().any(|until| at < *until && *until <= now)
        });
        let open = held.iter().filter(|until| **until > now).count();
        !is_refused && open < self.script.max_streams
    }

    /// A stream, up to its end or what ends it.
    fn stream(&mut self) -> Result<Way, End> {
        let stream = self.script.stream(self.opened).into_owned();
        self.opened += 1;
        self.is_streaming = true;
        self.note(Entry::StreamOpens);
        let mut due = self.now;
        let mut steps = stream.steps.into_iter().map(|(wait, step)| {
            due += wait;
            (due, step)
        });
        let mut next = steps.next();
        let mut complaint: Option<String> = None;
        let (mut quiet, mut tick) = (self.now, self.now);
        let mut spoke: Option<Duration> = None;
        loop {
            // Events of other names are ignored.
            while let Some((_, Step::Say(Message { meaning: Meaning::Nothing, .. }))) = &next {
                next = steps.next();
            }
            let speaks_at = next.as_ref().map_or(Duration::MAX, |(due, _)| *due);
            let silent_at = quiet + self.script.interval * 3;
            let mut is_trusted = false;
            if let Some(awake) = self.wake(&mut tick, speaks_at.min(silent_at), true) {
                self.now = awake;
                is_trusted = spoke.is_some_and(|at| self.wall_clock() < at + self.script.interval);
            } else if speaks_at <= silent_at {
                self.pass(speaks_at)?;
                spoke = Some(self.wall_clock());
                quiet = self.now;
                let Some((_, step)) = next else { unreachable!("it speaks") };
                next = steps.next();
                let message = match step {
                    Step::Say(message) => message,
                    end => return self.end_of_stream(&end, complaint),
                };
                self.hear(&message);
                match &message.meaning {
                    Meaning::State(state) => match self.judge(state)? {
                        Verdict::Reached => {
                            let rest: Vec<_> = next.into_iter().chain(steps).collect();
                            self.hear_out(&rest);
                            return Ok(Way::Reached(state.clone()));
                        }
                        Verdict::HeldBack | Verdict::Other => complaint = None,
                    },
                    Meaning::Error(payload) => complaint = words(payload).or(complaint),
                    Meaning::Complete(_) => {
                        self.close_stream();
                        self.refused_at = None;
                        return self.after_complete();
                    }
                    Meaning::Timeout(payload) => {
                        let payload = payload.clone();
                        let asked = Duration::ZERO;
                        return Err(End::Failed(Failed { why: Why::TimedOut, payload, is_made: false, asked }));
                    }
                    Meaning::Nonsense | Meaning::Nothing => {}
                }
                continue;
            } else {
                self.pass(silent_at)?;
            }
            // A read beside the stream: whatever the stream says before its answer ends it.
            let read = self.read_until(speaks_at, false)?;
            (quiet, tick) = (self.now, self.now);
            let state = match read {
                Some(Ok(state)) => state,
                Some(Err(End::Over(outcome))) => return over(outcome),
                Some(Err(End::Failed(_))) | None => continue,
            };
            if self.is_another(&state) && !is_trusted {
                self.close_stream();
                self.dead_streams += 1;
                return Ok(match self.take(&state)? {
                    Verdict::Reached => Way::Reached(state),
                    _ if self.dead_streams == 1 => Way::Stream,
                    _ => {
                        self.refused_at = None;
                        Way::Reads { until_stream: false }
                    }
                });
            }
            if self.take(&state)? == Verdict::Reached {
                return Ok(Way::Reached(state));
            }
        }
    }

    fn end_of_stream(&mut self, end: &Step, complaint: Option<String>) -> Result<Way, End> {
        let (why, asked) = match end {
            Step::End => (Why::Ended, None),
            Step::Break | Step::Flood | Step::Refuse(Refused::Broken) => (Why::Broken, None),
            Step::CloseForGood => (Why::ClosedForGood, None),
            Step::Refuse(Refused::Status(status, asked)) => (Why::Status(*status), *asked),
            Step::Refuse(Refused::Redirect) => (Why::Redirected, None),
            Step::Refuse(Refused::Html) => (Why::Malformed, None),
            Step::Refuse(Refused::Foreign) => return over(Outcome::Foreign),
            Step::Say(_) => unreachable!("that is no end"),
        };
        if matches!(why, Why::ClosedForGood | Why::Malformed | Why::Status(429)) {
            self.close_stream();
            return self.after_refusal(&why, asked.unwrap_or_default());
        }
        let why = match complaint {
            Some(words) => Why::Reported(words, Box::new(why)),
            None => why,
        };
        let asked = asked.unwrap_or_default();
        Err(End::Failed(Failed { why, payload: MADE, is_made: true, asked }))
    }

    fn after_complete(&mut self) -> Result<Way, End> {
        let state = self.read_now()?;
        match self.take(&state)? {
            Verdict::Reached => Ok(Way::Reached(state)),
            Verdict::HeldBack => Ok(Way::Reads { until_stream: false }),
            Verdict::Other => fails(Why::NotReached(status(&state).into())),
        }
    }

    fn after_refusal(&mut self, refusal: &Why, asked: Duration) -> Result<Way, End> {
        match self.read_now() {
            Ok(state) => {
                self.refused_at = Some(self.now);
                let verdict = self.take(&state)?;
                let reached = verdict == Verdict::Reached;
                Ok(if reached { Way::Reached(state) } else { Way::Reads { until_stream: true } })
            }
            Err(End::Failed(mut failed)) if failed.why != Why::TimedOut => {
                failed.asked = failed.asked.max(asked);
                if *refusal == Why::ClosedForGood && matches!(failed.why, Why::Broken | Why::Malformed) {
                    failed.why = Why::ClosedForGood;
                }
                Err(End::Failed(failed))
            }
            Err(end) => Err(end),
        }
    }

    /// By reads: one every interval.
    fn reads(&mut self, until_stream: bool) -> Result<Way, End> {
        loop {
            let mut tick = self.now;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 200")]
            let permille = 900 + (self.script.random * 200.0) as u32;
            let due = self.read_at.map_or(self.now, |at| self.now.max(at + self.script.interval * permille / 1000));
            let state = if let Some(awake) = self.wake(&mut tick, due, true) {
                self.now = awake;
                self.read_now()?
            } else {
                self.pass(due)?;
                if until_stream && self.has_stream() {
                    return Ok(Way::Stream);
                }
                match self.read_unless_awake(&mut tick)? {
                    Some(read) => read?,
                    None => self.read_now()?,
                }
            };
            if self.take(&state)? == Verdict::Reached {
                return Ok(Way::Reached(state));
            }
        }
    }

    /// A read; `None` if a wake-up comes before its answer.
    fn read_unless_awake(&mut self, tick: &mut Duration) -> Result<Option<Result<Value, End>>, End> {
        let starts = self.read_starts_at();
        if let Some(awake) = self.wake(tick, starts, true) {
            self.now = awake;
            return Ok(None);
        }
        self.pass(starts)?;
        let (answers, answer) = self.begin_read();
        let awake = self.wake(tick, answers, true);
        self.end_read(answers, answer, awake)
    }

    fn read_now(&mut self) -> Result<Value, End> {
        self.read_until(Duration::MAX, true)?.expect("nothing comes between")
    }

    /// A read; `None` if something else happens before its answer.
    fn read_until(&mut self, end: Duration, wins_ties: bool) -> Result<Option<Result<Value, End>>, End> {
        let is_before = |time: Duration| if wins_ties { time <= end } else { time < end };
        let starts = self.read_starts_at();
        if !is_before(starts) && starts > self.now {
            self.pass(end)?;
            return Ok(None);
        }
        self.pass(starts)?;
        let (answers, answer) = self.begin_read();
        let interrupted = (!is_before(answers)).then_some(end);
        self.end_read(answers, answer, interrupted)
    }

    /// At most ten reads start in any second.
    fn read_starts_at(&self) -> Duration {
        let tenth = self.reads.len().checked_sub(10).map(|place| self.reads[place] + Duration::from_millis(1001));
        tenth.unwrap_or_default().max(self.now)
    }

    fn begin_read(&mut self) -> (Duration, Result<Value, End>) {
        let (after, read) = self.script.read(self.reads.len());
        self.reads.push(self.now);
        self.read_at = Some(self.now);
        self.is_reading = true;
        self.note(Entry::ReadBegins);
        let refused = |refused| match refused {
            Refused::Status(status, asked) => Err(End::Failed(Failed {
                why: Why::Status(status),
                payload: MADE,
                is_made: true,
                asked: asked.unwrap_or_default(),
            })),
            Refused::Redirect => fails(Why::Redirected),
            Refused::Foreign => over(Outcome::Foreign),
            Refused::Broken | Refused::Html => fails(Why::Broken),
        };
        let answer = match read {
            _ if after > SECOND * 10 => fails(Why::Broken),
            Read::Never => fails(Why::Broken),
            Read::State(state) => Ok(state),
            Read::Shapeless(_) => fails(Why::Malformed),
            Read::Refuse(how) => refused(how),
        };
        let after = if matches!(self.script.read(self.reads.len() - 1).1, Read::Never) { SECOND * 10 } else { after };
        (self.now + after.min(SECOND * 10), answer)
    }

    fn end_read(
        &mut self,
        answers: Duration,
        answer: Result<Value, End>,
        interrupted: Option<Duration>,
    ) -> Result<Option<Result<Value, End>>, End> {
        self.pass(interrupted.unwrap_or(answers))?;
        self.is_reading = false;
        self.note(Entry::ReadEnds);
        Ok(if interrupted.is_some() { None } else { Some(answer) })
    }

    /// The next wake-up that counts, if there is one before `end`. `tick` is when the timer was set that notices sleep. One
    /// that makes the watch read comes at most once an interval.
    fn wake(&mut self, tick: &mut Duration, end: Duration, reads: bool) -> Option<Duration> {
        let interval = self.script.interval;
        loop {
            let by_page = self.script.wakes.get(self.wakes).map(|(at, _)| self.now.max(*at));
            let by_timer = self.late_tick(tick, by_page.unwrap_or(Duration::MAX).min(end));
            let at = by_page.into_iter().chain(by_timer).min()?;
            if at >= end || at > self.deadline {
                return None;
            }
            if by_page == Some(at) {
                let wake = self.script.wakes[self.wakes].1;
                self.wakes += 1;
                if matches!(wake, WakeUp::Visible(hidden) if hidden < interval * 3) {
                    continue;
                }
            }
            *tick = at;
            if !reads || self.woken_at.is_none_or(|last| at >= last + interval) {
                if reads {
                    self.woken_at = Some(at);
                }
                return Some(at);
            }
        }
    }

    /// When the timer that fires every interval fires late, if it does so before `end`. `tick` is moved on with it.
    fn late_tick(&self, tick: &mut Duration, end: Duration) -> Option<Duration> {
        loop {
            // Where the clock does not jump, no timer is late.
            let jump = self.script.jumps.iter().map(|(at, _)| *at).filter(|at| at > tick).min()?;
            let interval = self.script.interval;
            while *tick + interval < jump && *tick + interval < end {
                *tick += interval;
            }
            let fires = *tick + interval;
            if fires >= end {
                return None;
            }
            let late = self.script.wall_clock(*tick) + interval + LATE;
            if self.script.wall_clock(fires) >= late {
                return Some(fires);
            }
            *tick = fires;
        }
    }

    /// The target is reached: a second more for `complete`.
    fn hear_out(&mut self, steps: &[(Duration, Step)]) {
        self.deadline = self.now + SECOND;
        for (due, step) in steps {
            let Ok(()) = self.pass(*due) else { return };
            let Step::Say(message) = step else { return };
            if matches!(message.meaning, Meaning::Nothing) {
                continue;
            }
            self.hear(message);
            match &message.meaning {
                Meaning::Timeout(payload) => return self.tell(EventKind::Timeout, payload, None),
                Meaning::Complete(_) => return,
                _ => {}
            }
        }
        let _ = self.pass(Duration::MAX);
    }

    /// What the callback is told of a message. (Of a `timeout` only as the end of the attempt.)
    fn hear(&mut self, message: &Message) {
        match &message.meaning {
            Meaning::State(state) => self.tell_state(state),
            Meaning::Complete(payload) => self.tell(EventKind::Complete, payload, None),
            Meaning::Error(payload) => self.tell(EventKind::Error, payload, None),
            Meaning::Nonsense => {
                let json = serde_json::from_str::<Value>(&message.data);
                let reason = json.map_or_else(|error| format!("{}: {error}", message.name), |_| "no state".into());
                if self.nonsense.as_ref() != Some(&reason) {
                    self.tell(EventKind::Error, &MADE, Some(Code::Malformed));
                    self.nonsense = Some(reason);
                }
            }
            Meaning::Timeout(_) | Meaning::Nothing => {}
        }
    }

    /// Whether a state is another than the last told.
    fn is_another(&self, state: &Value) -> bool {
        let Some(last) = &self.last_state else { return true };
        let differs = |field: &str| {
            let (Some(one), Some(two)) = (state.get(field), last.get(field)) else { return false };
            one != two && !(is_nothing(one) && is_nothing(two))
        };
        ["status", "boot_progress", "boot_error", "shutdown_progress", "in_progress"].into_iter().any(differs)
    }

    /// What a read has told.
    fn take(&mut self, state: &Value) -> Result<Verdict, End> {
        if self.is_another(state) {
            self.tell_state(state);
        }
        self.judge(state)
    }

    fn judge(&mut self, state: &Value) -> Result<Verdict, End> {
        let script = self.script;
        self.brought_state = true;
        let status = status(state);
        let is_target = script.targets.contains(&status);
        let is_near = |target: &&str| target.trim().to_lowercase() == status.trim().to_lowercase();
        if !is_target && !self.is_hinted && script.targets.iter().any(is_near) {
            self.is_hinted = true;
            self.note(Entry::Hint);
        }
        if !self.is_left {
            let first = self.first.get_or_insert_with(|| status.into());
            self.is_left = first != status;
        }
        let nearly = if is_target { Verdict::HeldBack } else { Verdict::Other };
        if !self.is_left {
            return Ok(nearly);
        }
        let has_failed = match &script.fail_on {
            FailOn::Statuses(statuses) => statuses.contains(&status),
            FailOn::Asked(answers) => {
                let question = Question::FailOn(state.clone());
                self.ask(1, answers, Answer::No, question, "failOn").map_err(End::Over)?
            }
        };
        if has_failed {
            return over(Outcome::CvmFailed(state.clone()));
        }
        if !is_target {
            return Ok(nearly);
        }
        let agrees = match &script.until {
            None => true,
            Some(answers) => {
                let question = Question::Until(state.clone());
                self.ask(0, answers, Answer::Yes, question, "until").map_err(End::Over)?
            }
        };
        Ok(if agrees { Verdict::Reached } else { nearly })
    }

    fn ask(
        &mut self,
        function: usize,
        answers: &[Answer],
        last: Answer,
        question: Question,
        name: &'static str,
    ) -> Result<bool, Outcome> {
        self.note(Entry::Asked(question));
        self.asked[function] += 1;
        match answers.get(self.asked[function] - 1).unwrap_or(&last) {
            Answer::Yes => Ok(true),
            Answer::No => Ok(false),
            Answer::Throw => Err(Outcome::BadArgument(name)),
        }
    }

    /// Time passes, up to the attempt's deadline. What comes at that very moment still counts.
    fn pass(&mut self, then: Duration) -> Result<(), End> {
        self.now = then.min(self.deadline).max(self.now);
        if then > self.deadline { fails(Why::TimedOut) } else { Ok(()) }
    }

    fn wall_clock(&self) -> Duration {
        self.script.wall_clock(self.now)
    }

    /// Whatever is open is closed.
    fn close(&mut self) {
        if self.is_reading {
            self.is_reading = false;
            self.note(Entry::ReadEnds);
        }
        if self.is_streaming {
            self.close_stream();
            self.refused_at = None;
        }
    }

    fn close_stream(&mut self) {
        self.is_streaming = false;
        self.note(Entry::StreamCloses);
    }

    fn tell_state(&mut self, state: &Value) {
        self.states.push((self.trace.len(), status(state).into()));
        self.last_state = Some(state.clone());
        self.tell(EventKind::State, state, None);
    }

    fn tell(&mut self, kind: EventKind, payload: &Value, code: Option<Code>) {
        self.tell_all(kind, payload, code, None, None);
    }

    fn tell_failure(&mut self, failed: &Failed, retry_in: Option<Duration>) {
        let why = match &failed.why {
            Why::Reported(_, end) => end,
            why => why,
        };
        let (kind, code, http_status) = match why {
            Why::TimedOut => (EventKind::Timeout, Code::Timeout, None),
            Why::Ended => (EventKind::Error, Code::Ended, None),
            Why::Broken => (EventKind::Error, Code::Broken, None),
            Why::Malformed => (EventKind::Error, Code::Malformed, None),
            Why::ClosedForGood => (EventKind::Error, Code::Refused, None),
            Why::NotReached(_) => (EventKind::Error, Code::NotReached, None),
            Why::Status(status) => (EventKind::Error, Code::Status, Some(*status)),
            Why::Redirected => (EventKind::Error, Code::Status, Some(307)),
            Why::Reported(..) => unreachable!("it ends otherwise"),
        };
        self.tell_all(kind, &failed.payload, Some(code).filter(|_| failed.is_made), http_status, retry_in);
    }

    fn tell_all(
        &mut self,
        kind: EventKind,
        payload: &Value,
        code: Option<Code>,
        http_status: Option<u16>,
        retry_in: Option<Duration>,
    ) {
        self.nonsense = None;
        let last = self.last_state.as_ref().filter(|_| kind != EventKind::State);
        let filled = |field| {
            let own = payload.get(field).filter(|value| !is_nothing(value));
            let last = last.and_then(|last| last.get(field)).filter(|value| !is_nothing(value));
            last.filter(|_| own.is_none()).cloned()
        };
        let (status, boot_progress) = (filled("status"), filled("boot_progress"));
        let (attempt, payload) = (self.number, payload.clone());
        self.note(Entry::Event(Event { kind, attempt, retry_in, payload, code, http_status, status, boot_progress }));
    }

    fn note(&mut self, entry: Entry) {
        self.trace.push((self.now, entry));
    }
}

fn status(state: &Value) -> &str {
    state["status"].as_str().expect("it is a state")
}

fn is_nothing(value: &Value) -> bool {
    *value == Value::Null || *value == json!("")
}

fn words(payload: &Value) -> Option<String> {
    let said = [Some(payload), payload.get("message"), payload.get("error")];
    let mut texts = said.into_iter().flatten().filter_map(Value::as_str);
    texts.find(|text| !text.is_empty()).map(Into::into)
}

fn label(why: &Why) -> String {
    match why {
        Why::TimedOut => "timed out".into(),
        Why::Ended => "ended".into(),
        Why::Broken => "broken".into(),
        Why::Malformed => "malformed".into(),
        Why::ClosedForGood => "refused".into(),
        Why::Reported(_, end) => label(end),
        Why::NotReached(_) => "not reached".into(),
        Why::Status(status) => status.to_string(),
        Why::Redirected => "307".into(),
    }
}

/// The same run, interrupted: nothing follows, and all that is open is closed.
fn interrupted(script: &Script, whole: Expected) -> Expected {
    let is_event = |entry: &Entry| matches!(entry, Entry::Event(_));
    let nth_event = |nth| {
        let events = whole.trace.iter().enumerate().filter(|(_, (_, entry))| is_event(entry));
        events.map(|(place, (time, _))| (*time, place)).nth(nth)
    };
    let Some(interruption) = script.interruption else { return whole };
    let (time, place) = match interruption {
        Interruption::At(time) => (time, usize::MAX),
        Interruption::InCallback(nth) | Interruption::Throw(nth) => {
            let Some(event) = nth_event(nth) else { return whole };
            event
        }
    };
    let (outcome, happens): (_, &dyn Fn(Duration, usize) -> bool) = match interruption {
        // Other things that are due at that very moment do not happen any more.
        Interruption::At(_) => (Outcome::Aborted, &|then, _| then < time),
        // The watch's turn is finished first, but the callback hears nothing.
        Interruption::InCallback(_) => (Outcome::Aborted, &|then, _| then <= time),
        Interruption::Throw(_) => (Outcome::Thrown, &|_, then| then <= place),
    };
    let Expected { mut attempts, mut states, .. } = whole;
    attempts.retain(|(began, place)| happens(*began, *place));
    states.retain(|(place, _)| happens(whole.trace[*place].0, *place));
    let kept = whole
        .trace
        .into_iter()
        .enumerate()
        .filter(|(place_, (then, entry))| happens(*then, *place_) && !(is_event(entry) && *place_ > place));
    let mut trace: Trace = kept.map(|(_, entry)| entry).collect();
    if matches!(trace.last(), Some((_, Entry::Settles(_)))) {
        return Expected { trace, attempts, states };
    }
    for (begin, end) in [(Entry::ReadBegins, Entry::ReadEnds), (Entry::StreamOpens, Entry::StreamCloses)] {
        let count = |wanted: &Entry| trace.iter().filter(|(_, entry)| entry == wanted).count();
        if count(&begin) > count(&end) {
            trace.push((time, end));
        }
    }
    trace.push((time, Entry::Settles(outcome)));
    Expected { trace, attempts, states }
}
