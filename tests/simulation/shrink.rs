//! Makes a failing script as short as possible while it still fails.

use std::time::Duration;

use crate::script::{Delay, FailOn, Script};

/// Leaves out parts of the script as long as it still fails.
pub fn shrink(mut script: Script, fails: impl Fn(&Script) -> bool) -> Script {
    while let Some(smaller) = smaller(&script).into_iter().find(|smaller| fails(smaller)) {
        script = smaller;
    }
    script
}

/// Each differs from the script by one thing less.
fn smaller(script: &Script) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut with = |is_there: bool, change: &dyn Fn(&mut Script)| {
        if is_there {
            let mut smaller = script.clone();
            change(&mut smaller);
            scripts.push(smaller);
        }
    };
    with(script.interruption.is_some(), &|script| script.interruption = None);
    with(script.until.is_some(), &|script| script.until = None);
    with(script.should_retry.is_some(), &|script| script.should_retry = None);
    with(matches!(&script.fail_on, FailOn::Asked(_)), &|script| script.fail_on = FailOn::Statuses(vec![]));
    with(script.leave_first, &|script| script.leave_first = false);
    with(script.spent > Duration::ZERO, &|script| script.spent = Duration::ZERO);
    with(script.max_retries != Some(0), &|script| script.max_retries = Some(script.max_retries.unwrap_or(9) / 2));
    let is_fixed = matches!(script.delay, Delay::Fixed(Duration::ZERO));
    with(!is_fixed, &|script| script.delay = Delay::Fixed(Duration::ZERO));
    for place in 0..script.held.len() {
        with(true, &|script| _ = script.held.remove(place));
    }
    for place in 0..script.wakes.len() {
        with(true, &|script| _ = script.wakes.remove(place));
    }
    for place in 0..script.jumps.len() {
        with(true, &|script| _ = script.jumps.remove(place));
    }
    for (place, read) in script.reads.iter().enumerate() {
        with(true, &|script| drop(script.reads.remove(place)));
        with(read.0 > Duration::ZERO, &|script| script.reads[place].0 = Duration::ZERO);
    }
    for (number, stream) in script.streams.iter().enumerate() {
        with(true, &|script| drop(script.streams.remove(number)));
        with(stream.bytes.is_some(), &|script| script.streams[number].bytes = None);
        for (place, step) in stream.steps.iter().enumerate() {
            with(true, &|script| drop(script.streams[number].steps.remove(place)));
            with(step.0 > Duration::ZERO, &|script| script.streams[number].steps[place].0 = Duration::ZERO);
        }
    }
    scripts
}
