//! Conditions: the faults of the network, a proxy or the server that hold for every request.

use std::time::{Duration, SystemTime};

use cvm_simulator::Options;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Api, Stream, eventually, read_path, stream_path};

const HOUR: Duration = Duration::from_secs(3600);

async fn conditions(api: &Api, conditions: Value) {
    let answer = api.put("/simulator/conditions", &conditions).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
}

async fn stop_my_database(api: &Api) {
    api.post("/simulator/cvms/my-database/stop").await;
    eventually(async || (api.state("my-database").await["status"] == "stopped").then_some(())).await;
}

/// Ends the stream, and checks that all of it comes then.
async fn end(api: &Api, opening: impl Future<Output = Stream>) {
    api.post("/simulator/cvms/my-database/faults/timeout").await;
    let mut stream = opening.await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    let events = stream.events().await;
    let statuses: Vec<_> = events.iter().filter_map(|event| event.data["status"].as_str()).collect();
    assert_eq!(statuses, ["running", "stopping", "stopping", "stopped"]);
    assert_eq!(events.last().expect("an end").name, "timeout");
}

#[tokio::test]
async fn a_proxy_that_buffers_all_sends_no_head_before_the_end() {
    let api = Api::start().await;
    conditions(&api, json!({ "streams": { "buffer": "all" } })).await;
    let mut opening = Box::pin(api.watch("my-database", "paused"));
    tokio::select! {
        biased;
        _ = &mut opening => panic!("the head came before the end"),
        () = async {
            eventually(async || (api.log("my-database").await.len() == 1).then_some(())).await;
            stop_my_database(&api).await;
        } => {}
    }
    assert_eq!(api.log("my-database").await[0]["status"], Value::Null);
    end(&api, opening).await;
}

#[tokio::test]
async fn a_proxy_that_buffers_the_body_sends_the_head_at_once() {
    let api = Api::start().await;
    conditions(&api, json!({ "streams": { "buffer": "body" } })).await;
    let mut stream = api.watch("my-database", "paused").await;
    tokio::select! {
        biased;
        piece = stream.piece() => panic!("{piece:?} came before the end"),
        () = stop_my_database(&api) => {}
    }
    end(&api, async { stream }).await;
}

#[tokio::test]
async fn a_client_that_leaves_a_proxy_frees_its_place() {
    for buffer in ["all", "body"] {
        let api = Api::start_with(Options { streams_per_user: Some(1), ..Options::default() }).await;
        conditions(&api, json!({ "streams": { "buffer": buffer } })).await;
        let socket = api.raw(&stream_path("my-database", "stopped")).await;
        eventually(async || (!api.log("my-database").await.is_empty()).then_some(())).await;
        drop(socket);
        assert_eq!(api.ending("my-database").await, "client left", "{buffer}");
        conditions(&api, json!({})).await;
        assert_eq!(api.get(&stream_path("my-database", "running")).await.status, StatusCode::OK);
    }
}

// Virtual time: an hour of silence takes none.
#[tokio::test(start_paused = true)]
async fn a_dead_stream_tells_one_state_while_reads_tell_the_truth() {
    let api = Api::start().await;
    conditions(&api, json!({ "streams": { "dead": "silent" } })).await;
    let mut stream = api.watch("my-database", "stopped").await;
    assert_eq!(stream.event().await.expect("a state").data["status"], "running");
    stop_my_database(&api).await;
    assert!(timeout(HOUR, stream.piece()).await.is_err());
    assert!(api.log("my-database").await[0]["leftAt"].is_null());
}

#[tokio::test(start_paused = true)]
async fn a_dead_stream_may_go_on_with_comments() {
    let api = Api::start().await;
    conditions(&api, json!({ "streams": { "dead": "comments" } })).await;
    let mut stream = api.watch("my-database", "stopped").await;
    stream.event().await.expect("a state");
    stop_my_database(&api).await;
    for _ in 0..100 {
        assert_eq!(stream.block().await.as_deref(), Some(": keep-alive"));
    }
}

#[tokio::test]
async fn streams_can_be_refused_while_reads_are_answered() {
    let api = Api::start().await;
    for status in [429, 403, 404, 503] {
        let head = json!({ "status": status, "headers": { "retry-after": "7" } });
        conditions(&api, json!({ "streams": { "respond": head } })).await;
        let refused = api.get(&stream_path("my-app", "running")).await;
        assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (status, Some("7")));
        assert!(refused.json()["detail"].is_string());
        assert_eq!(api.state("my-app").await["status"], "stopped");
    }
    assert_eq!(api.get("/simulator/counters").await.json()["streams"]["mostOpen"], 0);
}

#[tokio::test]
async fn reads_can_be_refused_while_streams_are_answered() {
    let api = Api::start().await;
    conditions(&api, json!({ "reads": { "respond": { "status": 503 } } })).await;
    assert_eq!(api.get(&read_path("my-database")).await.status, StatusCode::SERVICE_UNAVAILABLE);
    let events = api.watch("my-database", "running").await.events().await;
    assert_eq!(events.last().expect("an end").name, "complete");
}

#[tokio::test]
async fn a_stream_can_have_another_content_type_or_none_or_several() {
    let api = Api::start().await;
    for (content_type, sent) in [
        (json!("text/html"), vec!["text/html"]),
        (json!(null), vec![]),
        (json!(["text/event-stream", "text/event-stream"]), vec!["text/event-stream", "text/event-stream"]),
        (json!("text/event-stream, text/event-stream"), vec!["text/event-stream, text/event-stream"]),
    ] {
        let head = json!({ "headers": { "content-type": content_type } });
        conditions(&api, json!({ "streams": { "respond": head } })).await;
        let mut stream = api.watch("my-database", "running").await;
        let received: Vec<_> =
            stream.headers.get_all("content-type").iter().map(|value| value.to_str().expect("text")).collect();
        assert_eq!((stream.status, received), (StatusCode::OK, sent));
        assert_eq!(stream.events().await.last().expect("an end").name, "complete");
        assert_eq!(api.get(&read_path("my-database")).await.header("content-type"), Some("application/json"));
    }
}

#[tokio::test]
async fn answers_can_be_slow() {
    let api = Api::start().await;
    for delay in [5, 150] {
        conditions(&api, json!({ "delayMs": delay })).await;
        for path in [read_path("my-database"), stream_path("my-database", "running"), read_path("nobody")] {
            let asked = Instant::now();
            api.get(&path).await;
            assert!(asked.elapsed() >= Duration::from_millis(delay), "{path}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_during_the_delay_is_noticed() {
    let api = Api::start().await;
    conditions(&api, json!({ "delayMs": 3_600_000 })).await;
    let socket = api.raw(&read_path("my-database")).await;
    eventually(async || (!api.log("my-database").await.is_empty()).then_some(())).await;
    drop(socket);
    assert_eq!(api.ending("my-database").await, "client left");
}

fn time(answer: &Answer, header: &str) -> SystemTime {
    httpdate::parse_http_date(answer.header(header).expect("a header")).expect("a date")
}

/// Whether two times are the same but for the time that the test takes.
fn close(one: SystemTime, other: SystemTime) -> bool {
    let apart = one.duration_since(other).or_else(|_| other.duration_since(one)).expect("a duration");
    apart < Duration::from_secs(60)
}

#[tokio::test]
async fn a_servers_clock_can_be_wrong() {
    let api = Api::start().await;
    for (offset, now) in [(3_600_000, SystemTime::now() + HOUR), (-3_600_000, SystemTime::now() - HOUR)] {
        conditions(&api, json!({ "clockOffsetMs": offset })).await;
        for path in [read_path("my-database"), stream_path("my-database", "running")] {
            let answer = api.get(&path).await;
            assert!(close(time(&answer, "date"), now), "{answer:?}", answer = answer.headers);
            assert_eq!(answer.headers.get_all("date").iter().count(), 1);
        }
        api.post("/simulator/cvms/my-database/faults/unavailable").await;
        assert_eq!(api.get(&read_path("my-database")).await.header("retry-after"), Some("1"));
        api.get(&stream_path("my-database", "running")).await;
    }
}

#[tokio::test]
async fn retry_after_can_be_a_date_by_the_servers_clock() {
    let api = Api::start().await;
    conditions(&api, json!({ "clockOffsetMs": -3_600_000, "retryAfterAsDate": true })).await;
    api.put("/simulator/limits", &json!({ "streamsPerUser": 1 })).await;
    let _open = api.watch("my-database", "stopped").await;
    let refused = api.get(&stream_path("my-database", "stopped")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(time(&refused, "retry-after"), time(&refused, "date") + Duration::from_secs(1));
    assert!(close(time(&refused, "date"), SystemTime::now() - HOUR));
}

#[tokio::test]
async fn conditions_of_a_script_can_be_by_date_too() {
    let api = Api::start().await;
    conditions(&api, json!({ "retryAfterAsDate": true })).await;
    api.script_streams("x", json!([[{ "respond": { "status": 503, "headers": { "retry-after": "90" } } }]])).await;
    let refused = api.get(&stream_path("x", "running")).await;
    assert_eq!(time(&refused, "retry-after"), time(&refused, "date") + Duration::from_secs(90));
}

#[tokio::test]
async fn a_cvm_can_have_conditions_of_its_own_by_any_of_its_names() {
    let api = Api::start().await;
    let refuse = |status: u16| json!({ "reads": { "respond": { "status": status } } });
    let status = async |id: &str| api.get(&read_path(id)).await.status.as_u16();
    let id = api.state("my-app").await["id"].as_str().expect("an id").to_owned();
    conditions(&api, refuse(500)).await;
    api.put(&format!("/simulator/cvms/{id}/conditions"), &refuse(502)).await;
    assert_eq!((status("my-app").await, status(&id).await, status("my-database").await), (502, 502, 500));
    api.request(Method::DELETE, &format!("/simulator/cvms/{id}/conditions"), &[], "").await;
    assert_eq!(status("my-app").await, 500);
    api.put("/simulator/cvms/my-app/conditions", &json!({})).await;
    assert_eq!((status("my-app").await, status("my-database").await), (200, 500));
    api.request(Method::DELETE, "/simulator/conditions", &[], "").await;
    assert_eq!(status("my-database").await, 200);
}

#[tokio::test]
async fn conditions_that_make_no_sense_are_refused_by_name() {
    let api = Api::start().await;
    for (wrong, named) in [
        (json!({ "delay": 1 }), "delay"),
        (json!({ "delayMs": 86_400_001 }), "delayMs"),
        (json!({ "clockOffsetMs": 1_000_000_000_000_000_i64 }), "clockOffsetMs"),
        (json!({ "streams": { "dead": "loud" } }), "loud"),
        (json!({ "streams": { "buffer": "some" } }), "some"),
        (json!({ "reads": { "respond": { "status": 99 } } }), "99"),
    ] {
        for path in ["/simulator/conditions", "/simulator/cvms/x/conditions"] {
            let answer = api.put(path, &wrong).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains(named), "{}", answer.body);
        }
    }
}
