//! What a request may hold: all checks, all bad fields reported at once.
#![cfg(not(target_arch = "wasm32"))]

mod world;

use std::time::Duration;

use cvm_watch::{Delay, FailOn, FieldError, ReadRequest, WatchRequest};
use serde_json::{Value, json};
use world::{FUNCTION, JsonArguments, number};

fn read(fields: Value) -> Result<WatchRequest, Vec<FieldError>> {
    WatchRequest::read(&JsonArguments(fields))
}

/// The good request with one field changed.
fn with(field: &str, value: Value) -> Result<WatchRequest, Vec<FieldError>> {
    let mut fields = json!({ "id": "my-app", "target": "running" });
    fields[field] = value;
    read(fields)
}

fn bad_fields(result: Result<WatchRequest, Vec<FieldError>>) -> Vec<&'static str> {
    result.err().unwrap_or_default().into_iter().map(|error| error.field).collect()
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let request = read(json!({ "id": "my-app", "target": "running" })).unwrap();
    assert_eq!((request.interval, request.timeout), (Duration::from_secs(5), Duration::from_secs(300)));
    assert_eq!((request.retry.max_retries, request.retry.delay), (None, Delay::Fixed(Duration::from_secs(5))));
}

#[test]
fn the_ranges_of_numbers_include_both_ends() {
    for (field, good, bad) in [
        ("interval", ["5", "7.5", "30"], ["4.999", "30.001", "-5"]),
        ("timeout", ["10", "10.5", "600"], ["9.999", "600.001", "0"]),
        ("retryDelay", ["0", "0.5", "2147483647"], ["-1", "2147483648", "1e300"]),
        ("maxRetries", ["0", "1", "9007199254740993"], ["-1", "0.5", "1e-9"]),
    ] {
        for text in good {
            with(field, number(text)).unwrap_or_else(|errors| panic!("{field} {text}: {errors:?}"));
        }
        for text in bad.into_iter().chain(["NaN", "-inf"]) {
            assert_eq!(bad_fields(with(field, number(text))), [field], "{text}");
        }
        for value in [json!("5"), json!(null), json!(true), json!({}), json!([])] {
            assert_eq!(bad_fields(with(field, value.clone())), [field], "{value}");
        }
    }
    for field in ["interval", "timeout", "retryDelay"] {
        assert_eq!(bad_fields(with(field, number("inf"))), [field]);
    }
}

#[test]
fn max_retries_may_be_infinity() {
    assert_eq!(with("maxRetries", number("inf")).unwrap().retry.max_retries, None);
    assert_eq!(with("maxRetries", json!(3)).unwrap().retry.max_retries, Some(3));
}

#[test]
fn a_target_is_a_string_that_is_not_empty() {
    for target in [json!(""), json!(null), json!(7), json!({}), json!(true)] {
        assert_eq!(bad_fields(with("target", target)), ["target"]);
    }
    assert_eq!(bad_fields(read(json!({ "id": "my-app" }))), ["target"]);
}

#[test]
fn a_target_may_be_an_array_of_one_to_sixteen_different_ones() {
    let statuses = |count: usize| (0..count).map(|number| json!(format!("s{number}"))).collect::<Vec<_>>();
    for count in [1, 2, 16] {
        let request = with("target", json!(statuses(count))).unwrap();
        assert_eq!(request.target.statuses.len(), count);
        assert_eq!(request.target.first(), "s0");
    }
    for bad in [json!(statuses(0)), json!(statuses(17)), json!(["a", "b", "a"]), json!(["a", ""]), json!(["a", 7])] {
        assert_eq!(bad_fields(with("target", bad.clone())), ["target"], "{bad}");
    }
}

#[test]
fn fail_on_is_a_status_an_array_of_statuses_or_a_function() {
    let fail_on = |value| with("failOn", value).unwrap().target.fail_on;
    assert_eq!(read(json!({ "id": "a", "target": "b" })).unwrap().target.fail_on, FailOn::Statuses(vec![]));
    assert_eq!(fail_on(json!("error")), FailOn::Statuses(vec!["error".into()]));
    assert_eq!(fail_on(json!(["error", "exited"])), FailOn::Statuses(vec!["error".into(), "exited".into()]));
    assert_eq!(fail_on(json!(FUNCTION)), FailOn::Asked);
    for bad in [json!(""), json!(null), json!(7), json!([""]), json!(["error", null]), json!({}), json!(true)] {
        assert_eq!(bad_fields(with("failOn", bad.clone())), ["failOn"], "{bad}");
    }
}

#[test]
fn a_fail_on_status_that_is_also_a_target_is_a_bad_field() {
    for bad in [json!("running"), json!(["error", "running"])] {
        assert_eq!(bad_fields(with("failOn", bad)), ["failOn"]);
    }
    let both = json!({ "id": "my-app", "target": ["running", "stopped"], "failOn": "stopped" });
    assert_eq!(bad_fields(read(both)), ["failOn"]);
}

#[test]
fn until_and_should_retry_are_functions_and_leave_first_is_a_flag() {
    let request = with("until", json!(FUNCTION)).unwrap();
    assert!(request.target.until && !request.target.leave_first && !request.retry.should_retry);
    assert!(with("shouldRetry", json!(FUNCTION)).unwrap().retry.should_retry);
    assert!(with("leaveFirst", json!(true)).unwrap().target.leave_first);
    assert!(!with("leaveFirst", json!(false)).unwrap().target.leave_first);
    for field in ["until", "shouldRetry", "leaveFirst"] {
        for bad in [json!("yes"), json!(null), json!(1), json!([FUNCTION]), json!({})] {
            assert_eq!(bad_fields(with(field, bad.clone())), [field], "{bad}");
        }
    }
    assert_eq!(bad_fields(with("until", json!(true))), ["until"]);
    assert_eq!(bad_fields(with("leaveFirst", json!(FUNCTION))), ["leaveFirst"]);
}

#[test]
fn all_bad_fields_are_reported_at_once() {
    let bad = json!({
        "id": 7, "uuid": "x", "app_id": {}, "name": "4chan", "target": "", "interval": 4, "timeout": "60",
        "maxRetries": 1.5, "retryDelay": -1, "until": 1, "failOn": 1, "leaveFirst": 1, "shouldRetry": 1,
    });
    let expected = [
        "id",
        "uuid",
        "app_id",
        "target",
        "until",
        "failOn",
        "leaveFirst",
        "interval",
        "timeout",
        "maxRetries",
        "retryDelay",
        "shouldRetry",
    ];
    assert_eq!(bad_fields(read(bad)), expected);
    assert_eq!(bad_fields(read(json!({}))), ["id", "target"]);
}

#[test]
fn messages_say_what_is_allowed_and_what_was_given() {
    let errors = read(json!({ "target": "running", "interval": "5", "timeout": 3, "uuid": "1-2" })).unwrap_err();
    let messages: Vec<_> = errors.iter().map(|error| error.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "must be a version 4 UUID, each hyphen optional, but is \"1-2\"",
            "must be a number of seconds from 5 to 30, but is \"5\"",
            "must be a number of seconds from 10 to 600, but is 3",
        ]
    );
}

#[test]
fn the_first_identifier_that_is_given_counts_and_the_others_must_be_strings() {
    let request = read(json!({ "id": "", "uuid": null, "app_id": "b", "instance_id": "c", "target": "running" }));
    assert_eq!(request.unwrap().id.as_ref(), "b");
    let cvm = json!({ "id": "a", "uuid": "no UUID", "name": "-", "instance_id": null, "target": "running" });
    assert_eq!(read(cvm).unwrap().id.as_ref(), "a");
    assert_eq!(bad_fields(read(json!({ "id": "a", "name": 7, "target": "running" }))), ["name"]);
    assert_eq!(bad_fields(read(json!({ "uuid": "x", "name": "my-app", "target": "running" }))), ["uuid"]);
    assert_eq!(bad_fields(read(json!({ "id": "", "name": "", "target": "running" }))), ["id"]);
}

#[test]
fn the_stream_path_holds_the_query_percent_encoded() {
    let fields = json!({ "id": "my-app", "target": "a b&c=d#é+", "interval": 7.5, "timeout": 600 });
    assert_eq!(
        read(fields).unwrap().stream_path(),
        "cvms/my-app/state?target=a%20b%26c%3Dd%23%C3%A9%2B&interval=7.5&timeout=600"
    );
}

#[test]
fn retry_delay_may_be_a_function() {
    assert_eq!(with("retryDelay", json!(FUNCTION)).unwrap().retry.delay, Delay::Asked);
    assert_eq!(bad_fields(with("timeout", json!(FUNCTION))), ["timeout"]);
}

#[test]
fn a_read_takes_an_identifier_and_a_timeout() {
    let read = |fields| ReadRequest::read(&JsonArguments(fields));
    let request = read(json!({ "app_id": "x", "target": 7 })).unwrap();
    assert_eq!((request.id.as_ref(), request.timeout), ("x", Duration::from_secs(300)));
    let errors = read(json!({ "timeout": 601 })).unwrap_err();
    assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), ["id", "timeout"]);
}
