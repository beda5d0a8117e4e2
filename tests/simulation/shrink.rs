//! A failing script made smaller, as long as it still fails: what is left is what matters.

use std::time::Duration;

use crate::script::{Delay, Head, Script};

/// The smallest script that still fails and that leaving things out leads to.
pub fn shrink(mut script: Script, fails: impl Fn(&Script) -> bool) -> Script {
    while let Some(smaller) = smaller(&script).into_iter().find(|smaller| fails(smaller)) {
        script = smaller;
    }
    script
}

/// Each differs from the script by one thing less.
fn smaller(script: &Script) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut with = |change: &dyn Fn(&mut Script)| {
        let mut smaller = script.clone();
        change(&mut smaller);
        scripts.push(smaller);
    };
    if script.interruption.is_some() {
        with(&|script| script.interruption = None);
    }
    if script.max_retries != Some(0) {
        with(&|script| script.max_retries = Some(script.max_retries.unwrap_or(9) / 2));
    }
    if !matches!(script.delay, Delay::Fixed(Duration::ZERO)) {
        with(&|script| script.delay = Delay::Fixed(Duration::ZERO));
    }
    for (number, attempt) in script.attempts.iter().enumerate() {
        with(&|script| drop(script.attempts.remove(number)));
        if attempt.bytes.is_some() {
            with(&|script| script.attempts[number].bytes = None);
        }
        if attempt.head.0 > Duration::ZERO {
            with(&|script| script.attempts[number].head.0 = Duration::ZERO);
        }
        if !matches!(attempt.head.1, Head::Open) {
            with(&|script| script.attempts[number].head.1 = Head::Open);
        }
        if attempt.read.0 > Duration::ZERO {
            with(&|script| script.attempts[number].read.0 = Duration::ZERO);
        }
        for (place, step) in attempt.steps.iter().enumerate() {
            with(&|script| drop(script.attempts[number].steps.remove(place)));
            if step.0 > Duration::ZERO {
                with(&|script| script.attempts[number].steps[place].0 = Duration::ZERO);
            }
        }
    }
    scripts
}
