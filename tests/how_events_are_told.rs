//! What `onEvent` gets, of "The wire" in the contract: the last state on every event, codes, no words twice.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use cvm_watch::{Code, EventKind, Failure};
use serde_json::{Value, json};
use world::Step::{Answer, AnswerHtml, Break, CloseForGood, End, Redirect, Say, Silence, Wait};
use world::{Event, Read, Step, TestJson, World, complete, request, state};

fn say(name: &'static str, payload: &Value) -> Step {
    Say(name, payload.to_string())
}

/// The events of a watch of one attempt.
async fn events(steps: Vec<Step>, reads: Vec<Read>) -> Vec<Event> {
    let world = World::new([steps]).with_reads(reads);
    let _ = world.watch(&request(json!({ "timeout": 10 }))).await;
    world.told().into_iter().map(|(_, event)| event).collect()
}

#[tokio::test(start_paused = true)]
async fn events_carry_the_last_states_status_and_boot_progress_where_the_payload_lacks_them() {
    for (payload, status, boot_progress) in [
        (json!({ "error": "x" }), Some("starting"), Some("booting")),
        (json!({ "status": null, "boot_progress": "" }), Some("starting"), Some("booting")),
        (json!({ "status": "odd" }), None, Some("booting")),
        (json!({ "boot_progress": "done" }), Some("starting"), None),
        (json!({ "status": 7, "boot_progress": false }), None, None),
        (json!("boot failed"), Some("starting"), Some("booting")),
        (json!(null), Some("starting"), Some("booting")),
    ] {
        for kind in ["error", "complete", "timeout"] {
            let told = events(vec![state("starting"), say(kind, &payload), End], vec![]).await;
            let event = &told[1];
            assert_eq!((event.kind, &event.payload), (kind, &payload), "data stays the payload as it came");
            assert_eq!(event.status, status.map(Value::from), "{payload}");
            assert_eq!(event.boot_progress, boot_progress.map(Value::from), "{payload}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_that_are_made_here_carry_them_as_well() {
    for end in [End, Break, Silence, Answer(503), Say("state", "{".into())] {
        let told = events(vec![state("starting"), end], vec![]).await;
        assert_eq!(
            (told[1].status.clone(), told[1].boot_progress.clone()),
            (Some(json!("starting")), Some(json!("booting")))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_carries_nothing_of_the_state_before_it() {
    let told = events(vec![state("starting"), say("state", &json!({ "status": "stopping" })), End], vec![]).await;
    assert_eq!((told[1].status.clone(), told[1].boot_progress.clone()), (None, None));
    assert_eq!(told[2].boot_progress, None, "the last state has none");
}

#[tokio::test(start_paused = true)]
async fn without_a_state_there_is_nothing_to_carry() {
    let told = events(vec![say("error", &json!({})), End], vec![]).await;
    assert!(told.iter().all(|event| event.status.is_none() && event.boot_progress.is_none()));
}

#[tokio::test(start_paused = true)]
async fn the_last_state_is_carried_over_to_the_next_attempt() {
    let world = World::new([vec![state("starting"), End], vec![End]]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap_err();
    assert_eq!(world.told()[2].1.status, Some(json!("starting")));
}

#[tokio::test(start_paused = true)]
async fn events_that_are_made_here_have_a_code() {
    for (steps, reads, code, http_status) in [
        (vec![Silence], vec![], "timeout", None),
        (vec![End], vec![], "ended", None),
        (vec![Break], vec![], "broken", None),
        (vec![CloseForGood], vec![], "refused", None),
        (vec![Answer(503)], vec![], "status", Some(503)),
        (vec![Answer(404)], vec![], "status", Some(404)),
        (vec![Redirect], vec![], "status", Some(307)),
        (vec![AnswerHtml], vec![Read::Raw(json!(7))], "malformed", None),
        (vec![complete("running")], vec![Read::Status("stopped")], "not_reached", None),
        (vec![complete("running")], vec![Read::Raw(json!({}))], "malformed", None),
    ] {
        let told = events(steps, reads).await;
        let last = told.last().unwrap();
        assert_eq!((last.code, last.http_status), (Some(code), http_status));
    }
}

#[tokio::test(start_paused = true)]
async fn data_that_cannot_be_used_has_the_code_malformed() {
    for nonsense in ["{", r#"{"status":7}"#] {
        let told = events(vec![Say("state", nonsense.into()), End], vec![]).await;
        assert_eq!((told[0].kind, told[0].code), ("error", Some("malformed")));
    }
}

#[tokio::test(start_paused = true)]
async fn the_servers_own_events_have_no_code() {
    for kind in ["state", "complete", "timeout", "error"] {
        let told = events(vec![say(kind, &json!({ "status": "running" })), End], vec![]).await;
        assert_eq!((told[0].kind, told[0].code, told[0].http_status), (kind, None, None));
    }
}

#[tokio::test(start_paused = true)]
async fn the_failure_that_becomes_a_cause_has_a_code_even_if_the_server_told_it() {
    let server_timeout = Failure::TimedOut { payload: TestJson(json!({})), by_server: true };
    assert_eq!(server_timeout.code(), Some(Code::Timeout));
    assert_eq!(server_timeout.event().2, None);
    let reported = Failure::Reported { words: "no space".into(), end: Box::new(Failure::<TestJson>::Ended) };
    assert_eq!((reported.code(), reported.message().as_str()), (Some(Code::Ended), "no space"));
    let (kind, payload, code) = reported.event();
    assert_eq!((kind, code), (EventKind::Error, Some(Code::Ended)));
    assert_eq!(payload.0["error"], json!("the event stream ended before the target was reached"));
}

#[tokio::test(start_paused = true)]
async fn within_an_attempt_no_event_that_is_made_here_repeats_the_words_of_the_one_before() {
    let nonsense = || Say("state", "{".into());
    let other = || Say("state", "[]".into());
    for (steps, kinds) in [
        (vec![nonsense(), nonsense(), nonsense(), End], vec!["error", "error"]),
        (vec![nonsense(), other(), nonsense(), End], vec!["error", "error", "error", "error"]),
        (vec![nonsense(), state("starting"), nonsense(), End], vec!["error", "state", "error", "error"]),
    ] {
        let told = events(steps, vec![]).await;
        assert_eq!(told.iter().map(|event| event.kind).collect::<Vec<_>>(), kinds);
        let words: Vec<_> = told.iter().map(|event| event.payload["error"].clone()).collect();
        assert!(words.windows(2).all(|two| two[0] != two[1]), "{words:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_attempt_may_repeat_the_words() {
    let world = World::new([vec![Say("state", "{".into()), End], vec![Say("state", "{".into()), End]]);
    world.watch(&request(json!({ "maxRetries": 1 }))).await.unwrap_err();
    assert_eq!(world.kinds(), ["error"; 4]);
}

#[tokio::test(start_paused = true)]
async fn the_servers_events_are_told_as_often_as_they_come() {
    let error = || say("error", &json!({ "error": "flaky" }));
    let told = events(vec![error(), Wait(1.0), error(), End], vec![]).await;
    assert_eq!(told.len(), 3);
}
