//! What to wait for, with which timeouts and retries: checks every field and reports all bad ones.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::cvm_id::CvmId;
use crate::duration::{milliseconds, seconds};
use crate::error::FieldError;
use crate::retry::{Delay, Retry};
use crate::target::{FailOn, Target};
use crate::url::encode;

/// The caller's arguments, field by field.
pub trait Arguments {
    /// The value of a field.
    fn get(&self, field: &str) -> Given;

    /// The value of a field, as an error message shows it: `"5"` with its quotes, `NaN`, `null`, `an array`.
    fn show(&self, field: &str) -> String;

    /// An error that says what a field must be, and what it is.
    fn refuse(&self, field: &'static str, rule: &str) -> FieldError {
        FieldError { field, message: format!("must be {rule}, but is {}", self.show(field)) }
    }
}

/// The kinds of values in a field that the checks tell apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Nothing at all.
    Absent,
    /// `null`.
    Null,
    /// A string.
    Text(String),
    /// A number; any, NaN too.
    Number(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A function.
    Function,
    /// An array.
    List(Vec<Given>),
    /// Something else.
    Other,
}

/// A request that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRequest {
    /// The CVM to watch.
    pub id: CvmId,
    /// Which states end the watch.
    pub target: Target,
    /// How often the server looks at the CVM.
    pub interval: Duration,
    /// How long one attempt may last, connecting included.
    pub timeout: Duration,
    /// What follows a failed attempt.
    pub retry: Retry,
}

impl WatchRequest {
    /// Checks what the caller wrote.
    ///
    /// # Errors
    /// Every bad field, with what it must be and what it is.
    pub fn read(arguments: &impl Arguments) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut check = Check { arguments, errors: &mut errors };
        let id = check.id();
        let target = check.target();
        let interval = check.interval();
        let timeout = check.timeout();
        let retry = Retry {
            max_retries: check.count("maxRetries", None),
            delay: check.delay().unwrap_or(Delay::Fixed(RETRY_DELAY)),
            should_retry: check.function("shouldRetry"),
        };
        match id {
            Some(id) if errors.is_empty() => Ok(Self { id, target, interval, timeout, retry }),
            _ => Err(errors),
        }
    }

    /// Path and query of the event stream, relative to the API's base URL.
    pub fn stream_path(&self) -> String {
        let Self { id, target, interval, timeout, .. } = self;
        let (path, target) = (id.state_path(), encode(target.first()));
        let (interval, timeout) = (seconds(*interval), seconds(*timeout));
        format!("{path}?target={target}&interval={interval}&timeout={timeout}")
    }
}

/// A request for a CVM's present state that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRequest {
    /// The CVM to ask about.
    pub id: CvmId,
    /// How long the answer may take.
    pub timeout: Duration,
}

impl ReadRequest {
    /// Checks what the caller wrote.
    ///
    /// # Errors
    /// Every bad field, with what it must be and what it is.
    pub fn read(arguments: &impl Arguments) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut check = Check { arguments, errors: &mut errors };
        let (id, timeout) = (check.id(), check.timeout());
        match id {
            Some(id) if errors.is_empty() => Ok(Self { id, timeout }),
            _ => Err(errors),
        }
    }
}

/// A request for every state of a CVM that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatesRequest {
    /// The CVM to look at.
    pub id: CvmId,
    /// How often to look.
    pub interval: Duration,
    /// The wait after a read that has failed; `None` for one that grows.
    pub delay: Option<Delay>,
    /// Whether the caller's function `shouldRetry` is asked about refusals that would end the loop.
    pub should_retry: bool,
}

impl StatesRequest {
    /// Checks what the caller wrote.
    ///
    /// # Errors
    /// Every bad field, with what it must be and what it is.
    pub fn read(arguments: &impl Arguments) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut check = Check { arguments, errors: &mut errors };
        let (id, interval) = (check.id(), check.interval());
        let (delay, should_retry) = (check.delay(), check.function("shouldRetry"));
        check.function("onRead");
        match id {
            Some(id) if errors.is_empty() => Ok(Self { id, interval, delay, should_retry }),
            _ => Err(errors),
        }
    }
}

/// The wait after a failed attempt, where nothing else is asked for.
const RETRY_DELAY: Duration = Duration::from_secs(5);

/// How many targets there may be.
const MOST_TARGETS: usize = 16;

/// From 2^53 on every number is whole.
const FRACTIONS_BELOW: f64 = 9_007_199_254_740_992.0;

/// Checks that go on after a bad field. For a bad field they give the default, or another value that is not used.
pub struct Check<'a, A> {
    pub arguments: &'a A,
    pub errors: &'a mut Vec<FieldError>,
}

impl<A: Arguments> Check<'_, A> {
    pub fn refuse(&mut self, field: &'static str, rule: &str) {
        self.errors.push(self.arguments.refuse(field, rule));
    }

    /// The first field that names a CVM. The others must only be strings, so that a CVM with its fields is a request.
    fn id(&mut self) -> Option<CvmId> {
        let mut id = None;
        let mut is_given = false;
        let before = self.errors.len();
        for field in CvmId::FIELDS {
            match self.arguments.get(field) {
                Given::Absent | Given::Null => {}
                Given::Text(text) if text.is_empty() || is_given => {}
                Given::Text(text) => {
                    is_given = true;
                    match CvmId::new(field, &text) {
                        Ok(first) => id = Some(first),
                        Err(rule) => self.refuse(field, rule),
                    }
                }
                _ => self.refuse(field, "a string"),
            }
        }
        if id.is_none() && self.errors.len() == before {
            let message =
                "must be a string that is not empty, or else uuid, app_id, instance_id or name must be".into();
            self.errors.push(FieldError { field: "id", message });
        }
        id
    }

    fn target(&mut self) -> Target {
        let statuses = match self.arguments.get("target") {
            Given::Text(status) => statuses(&[Given::Text(status)]),
            Given::List(list) if (1..=MOST_TARGETS).contains(&list.len()) => statuses(&list),
            _ => None,
        };
        let statuses = statuses.filter(|statuses| all_differ(statuses)).unwrap_or_else(|| {
            self.refuse("target", "a status to wait for, such as \"running\", or an array of 1 to 16 different ones");
            Vec::new()
        });
        let until = self.function("until");
        let fail_on = self.fail_on(&statuses);
        let leave_first = self.flag("leaveFirst");
        Target { statuses, until, fail_on, leave_first }
    }

    fn fail_on(&mut self, targets: &[String]) -> FailOn {
        let failures = match self.arguments.get("failOn") {
            Given::Absent => Some(Vec::new()),
            Given::Function => return FailOn::Asked,
            Given::Text(status) => statuses(&[Given::Text(status)]),
            Given::List(list) => statuses(&list),
            _ => None,
        };
        match failures {
            Some(failures) if !failures.iter().any(|status| targets.contains(status)) => FailOn::Statuses(failures),
            _ => {
                self.refuse("failOn", "a status, an array of statuses, none of them a target, or a function");
                FailOn::Statuses(Vec::new())
            }
        }
    }

    /// True or false; false by default.
    pub fn flag(&mut self, field: &'static str) -> bool {
        match self.arguments.get(field) {
            Given::Flag(flag) => flag,
            Given::Absent => false,
            _ => {
                self.refuse(field, "true or false");
                false
            }
        }
    }

    /// Whether a function is given.
    pub fn function(&mut self, field: &'static str) -> bool {
        match self.arguments.get(field) {
            Given::Absent => false,
            Given::Function => true,
            _ => {
                self.refuse(field, "a function");
                false
            }
        }
    }

    fn interval(&mut self) -> Duration {
        milliseconds(self.number("interval", 5.0..=30.0, 5.0, "a number of seconds from 5 to 30") * 1000.0)
    }

    fn timeout(&mut self) -> Duration {
        milliseconds(self.number("timeout", 10.0..=600.0, 300.0, "a number of seconds from 10 to 600") * 1000.0)
    }

    fn number(&mut self, field: &'static str, allowed: RangeInclusive<f64>, default: f64, rule: &str) -> f64 {
        match self.arguments.get(field) {
            Given::Absent => default,
            Given::Number(number) if allowed.contains(&number) => number,
            _ => {
                self.refuse(field, rule);
                default
            }
        }
    }

    fn delay(&mut self) -> Option<Delay> {
        match self.arguments.get("retryDelay") {
            Given::Absent => None,
            Given::Function => Some(Delay::Asked),
            Given::Number(number) if Delay::MILLISECONDS.contains(&number) => Some(Delay::Fixed(milliseconds(number))),
            _ => {
                self.refuse(
                    "retryDelay",
                    "a number of milliseconds from 0 to 2147483647, or a function that gives one",
                );
                None
            }
        }
    }

    /// A whole number; `None` for no limit.
    pub fn count(&mut self, field: &'static str, default: Option<u32>) -> Option<u32> {
        let rule = "an integer from 0, or Infinity";
        let number = self.number(field, 0.0..=f64::INFINITY, default.map_or(f64::INFINITY, f64::from), rule);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is as it should be")]
        let whole = number as u64;
        #[expect(clippy::cast_precision_loss, clippy::float_cmp, reason = "both are exact up to there")]
        if number < FRACTIONS_BELOW && whole as f64 != number {
            self.refuse(field, rule);
        }
        // More than a `u32` holds has the same effect as no limit.
        u32::try_from(whole).ok()
    }
}

/// The statuses in a list, if it holds nothing else.
fn statuses(list: &[Given]) -> Option<Vec<String>> {
    list.iter()
        .map(|given| match given {
            Given::Text(status) if !status.is_empty() => Some(status.clone()),
            _ => None,
        })
        .collect()
}

fn all_differ(statuses: &[String]) -> bool {
    statuses.iter().enumerate().all(|(place, status)| !statuses[..place].contains(status))
}
