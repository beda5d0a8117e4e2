//! The counters of streams and reads.

use std::time::Duration;

use cvm_simulator::Options;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Api, eventually, read_path, stream_path};

async fn counters(api: &Api, kind: &str) -> Value {
    api.get("/simulator/counters").await.json()[kind].clone()
}

async fn reset(api: &Api) {
    let answer = api.request(Method::DELETE, "/simulator/counters", &[], "").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn streams_are_counted_while_they_are_open() {
    let api = Api::start_with(Options { streams_per_user: Some(2), ..Options::default() }).await;
    let one = api.watch("my-database", "stopped").await;
    let other = api.watch("my-app", "paused").await;
    assert_eq!(api.watch("my-app", "paused").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(counters(&api, "streams").await, json!({ "open": 2, "mostOpen": 2, "refused": 1 }));
    drop(one);
    eventually(async || (counters(&api, "streams").await["open"] == json!(1)).then_some(())).await;
    assert_eq!(counters(&api, "streams").await["mostOpen"], 2);
    reset(&api).await;
    assert_eq!(counters(&api, "streams").await, json!({ "open": 1, "mostOpen": 1, "refused": 0 }));
    drop(other);
    eventually(async || (counters(&api, "streams").await["open"] == json!(0)).then_some(())).await;
}

#[tokio::test]
async fn a_stream_that_is_cut_is_open_no_more() {
    let api = Api::start().await;
    let _cut = api.watch("my-database", "stopped").await;
    api.post("/simulator/cvms/my-database/faults/drop").await;
    assert_eq!(counters(&api, "streams").await["open"], 0);
}

#[tokio::test]
async fn reads_are_counted_while_they_are_unanswered_and_whatever_the_log_forgets() {
    let api = Api::start().await;
    api.put("/simulator/cvms/x/script", &json!({ "reads": [["hold"], ["hold"]] })).await;
    let sockets = [api.raw(&read_path("x")).await, api.raw(&read_path("x")).await];
    eventually(async || (counters(&api, "reads").await["open"] == json!(2)).then_some(())).await;
    api.request(Method::DELETE, "/simulator/requests", &[], "").await;
    drop(sockets);
    eventually(async || (counters(&api, "reads").await["open"] == json!(0)).then_some(())).await;
    assert_eq!(counters(&api, "reads").await["mostOpen"], 2);
    api.get(&stream_path("my-database", "running")).await;
    reset(&api).await;
    assert_eq!(counters(&api, "reads").await["mostOpen"], 0);
}

// Virtual time stands still unless somebody sleeps.
#[tokio::test(start_paused = true)]
async fn the_most_reads_in_any_second_are_counted() {
    let api = Api::start().await;
    let read = async |times: usize| {
        for _ in 0..times {
            api.get(&read_path("my-database")).await;
        }
    };
    let rate = async || {
        let counters = counters(&api, "reads").await;
        [counters["inLastSecond"].clone(), counters["mostInASecond"].clone()]
    };
    read(3).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    read(4).await;
    assert_eq!(rate().await, [7, 7]);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(rate().await, [4, 7]);
    read(1).await;
    assert_eq!(rate().await, [5, 7]);
    reset(&api).await;
    assert_eq!(rate().await, [5, 5]);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(rate().await, [0, 5]);
}
