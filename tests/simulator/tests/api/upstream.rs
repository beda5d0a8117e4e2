//! Forwarding to an API, which a second simulator plays.

use cvm_simulator::{Options, Upstream};
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::client::{Api, eventually, read_path, stream_path};

const KEY: &str = "phak_not-to-be-seen";

async fn proxy_of(url: &str) -> Api {
    let upstream = Upstream::new(url, Some(KEY.into())).expect("an upstream");
    Api::start_with(Options { upstream: Some(upstream), ..Options::default() }).await
}

async fn pair() -> (Api, Api) {
    let api = Api::start().await;
    let proxy = proxy_of(&api.url()).await;
    (api, proxy)
}

#[tokio::test]
async fn a_watch_goes_through_to_its_end() {
    let (_api, proxy) = pair().await;
    let events = proxy.watch("my-app", "running").await.events().await;
    assert_eq!(events.last().expect("an end").name, "complete");
    assert_eq!(proxy.state("my-app").await["status"], "running");
}

#[tokio::test]
async fn bytes_arrive_before_the_end() {
    let (api, proxy) = pair().await;
    api.script_streams("x", json!([[{ "send": "one" }, "hold"]])).await;
    let mut stream = proxy.watch("x", "running").await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.piece().await.expect("a piece").as_deref(), Some("one"));
}

#[tokio::test]
async fn the_key_is_added_and_of_the_clients_headers_only_accept_goes_through() {
    let (api, proxy) = pair().await;
    let headers =
        [("accept", "text/event-stream"), ("cookie", "session=a"), ("x-api-key", "mine"), ("user-agent", "me")];
    proxy.request(Method::GET, &format!("{}&interval=5", stream_path("my-database", "running")), &headers, "").await;
    let log = api.log("my-database").await;
    assert_eq!(log[0]["path"], format!("{}&interval=5", stream_path("my-database", "running")));
    let mut sent = log[0]["headers"].clone();
    assert!(sent["user-agent"].as_str().is_some_and(|agent| agent.starts_with("cvm-simulator/")));
    sent.as_object_mut().expect("an object").remove("user-agent");
    let host = format!("localhost:{}", api.port);
    assert_eq!(sent, json!({ "accept": "text/event-stream", "host": host, "x-api-key": KEY }));
}

#[tokio::test]
async fn status_content_type_and_retry_after_are_passed_on_and_nothing_else() {
    let (api, proxy) = pair().await;
    let headers =
        json!({ "retry-after": "7", "content-type": "application/problem+json", "set-cookie": "a=b", "x-secret": "c" });
    api.script_streams("x", json!([[{ "respond": { "status": 429, "headers": headers } }, { "send": "{}" }]])).await;
    let answer = proxy.get(&stream_path("x", "running")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::TOO_MANY_REQUESTS, "{}"));
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.header("set-cookie").is_none() && answer.header("x-secret").is_none());
}

#[tokio::test]
async fn a_client_that_leaves_closes_the_upstream_at_once() {
    let (api, proxy) = pair().await;
    api.script_streams("silent", json!([[{ "respond": {} }, "hold"]])).await;
    drop(proxy.watch("silent", "running").await);
    assert_eq!(api.ending("silent").await, "client left");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_closes_the_upstream_at_once() {
    let (api, proxy) = pair().await;
    api.script_streams("mute", json!([["hold"]])).await;
    let socket = proxy.raw(&stream_path("mute", "running")).await;
    eventually(async || (!api.log("mute").await.is_empty()).then_some(())).await;
    drop(socket);
    assert_eq!(api.ending("mute").await, "client left");
}

#[tokio::test]
async fn a_stream_that_breaks_upstream_breaks_for_the_client() {
    let (api, proxy) = pair().await;
    api.script_streams("x", json!([[{ "send": "one" }, "reset"]])).await;
    let mut stream = proxy.watch("x", "running").await;
    assert!(stream.read_to_end().await.is_err());
}

#[tokio::test]
async fn an_upstream_that_fails_is_a_bad_gateway_that_says_why() {
    let (api, proxy) = pair().await;
    api.script_streams("x", json!([["reset"]])).await;
    let reset = proxy.get(&stream_path("x", "running")).await;
    let nobody = proxy_of("http://127.0.0.1:1/api/v1").await.get(&stream_path("x", "running")).await;
    for (answer, why) in [(reset, "reset"), (nobody, "refused")] {
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        let detail = answer.json()["detail"].as_str().expect("a text").to_lowercase();
        assert!(detail.contains(why), "{detail}");
        assert!(!answer.body.contains(KEY));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (api, proxy) = pair().await;
    let location = format!("{}/cvms/elsewhere/state", api.url());
    api.script_streams("x", json!([[{ "respond": { "status": 307, "headers": { "location": location } } }]])).await;
    let answer = proxy.get(&stream_path("x", "running")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_GATEWAY, None));
    assert!(answer.body.contains("redirect"));
    assert!(api.log("elsewhere").await.is_empty());
}

#[tokio::test]
async fn only_the_state_path_is_forwarded_and_nothing_is_simulated() {
    let (api, proxy) = pair().await;
    for (method, path) in [
        (Method::GET, "/api/v1/cvms"),
        (Method::GET, "/api/v1/cvms/my-app"),
        (Method::GET, "/api/v1/simulator/requests"),
        (Method::GET, "/simulator/requests"),
        (Method::PUT, "/simulator/cvms/my-app/script"),
        (Method::POST, "/simulator/cvms/my-app/start"),
        (Method::POST, "/simulator/cvms/my-app/faults/drop"),
        (Method::PUT, "/simulator/limits"),
    ] {
        let answer = proxy.request(method, path, &[], "").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.json()["detail"].is_string());
    }
    for id in ["..", ".", "%2e%2e", "a%2Fb", "..%2f..", "a%3Fb", "a%00b"] {
        let answer = proxy.get(&read_path(id)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id}");
    }
    assert_eq!(proxy.request(Method::POST, &read_path("my-app"), &[], "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let info = proxy.get("/simulator/info").await;
    assert_eq!(info.json()["mode"], "upstream");
    assert!(!info.body.contains(KEY));
    assert_eq!(api.get("/simulator/requests").await.json(), json!([]));
}

/// Linux gives each machine all of 127/8, which shows what a server listens on even where there is no network.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_listens_on_the_loopback_addresses_only() {
    let (_api, proxy) = pair().await;
    let open = async |host: &str| tokio::net::TcpStream::connect((host, proxy.port)).await.is_ok();
    assert!(open("127.0.0.1").await);
    assert!(!open("127.0.0.2").await);
}

#[tokio::test]
async fn a_foreign_host_is_refused_everywhere() {
    let (api, proxy) = pair().await;
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "[::2]", ""] {
        for path in [read_path("my-app"), "/".to_owned(), "/simulator/info".to_owned()] {
            let answer = proxy.request(Method::GET, &path, &[("host", host)], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{host} {path}");
            assert!(answer.json()["detail"].is_string());
        }
    }
    for host in ["localhost", "127.0.0.1:1234", "[::1]:80"] {
        let answer = proxy.request(Method::GET, &read_path("my-app"), &[("host", host)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{host}");
    }
    assert_eq!(api.log("my-app").await.len(), 3);
}

#[tokio::test]
async fn a_foreign_origin_is_refused_and_gets_no_cors() {
    let (api, proxy) = pair().await;
    let foreign = ["https://evil.example", "null", "http://localhost:1", "http://localhost", "https://localhost"];
    for origin in foreign {
        let answer = proxy.request(Method::GET, &read_path("my-app"), &[("origin", origin)], "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert!(answer.header("access-control-allow-origin").is_none());
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let origin = format!("http://{host}:{}", proxy.port);
        let answer = proxy.request(Method::GET, &read_path("my-app"), &[("origin", &origin)], "").await;
        assert_eq!(answer.status, StatusCode::OK, "{origin}");
    }
    assert_eq!(api.log("my-app").await.len(), 3);
}

#[tokio::test]
async fn other_sites_cannot_embed_the_api_but_may_link_to_the_pages() {
    let (api, proxy) = pair().await;
    let site = |site: &'static str| [("sec-fetch-site", site)];
    for foreign in ["cross-site", "same-site"] {
        let answer = proxy.request(Method::GET, &read_path("my-app"), &site(foreign), "").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(proxy.request(Method::GET, "/simulator/blank", &site(foreign), "").await.status, StatusCode::OK);
    }
    assert!(api.log("my-app").await.is_empty());
    for own in ["same-origin", "none"] {
        let answer = proxy.request(Method::GET, &read_path("my-app"), &site(own), "").await;
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[test]
fn a_url_or_key_that_cannot_be_used_is_refused_without_showing_the_key() {
    let key = || Some(KEY.into());
    for url in ["", "/api/v1", "ftp://a.example", "http://user:secret@a.example", "http://a.example/?q=1"] {
        let error = Upstream::new(url, key()).expect_err(url);
        assert!(error.contains("--upstream") && !error.contains("secret") && !error.contains(KEY), "{error}");
    }
    for unusable in [None, Some("".into()), Some(format!("{KEY}\n").into())] {
        let error = Upstream::new("http://a.example", unusable).expect_err("no key");
        assert!(error.contains("PHALA_CLOUD_API_KEY") && !error.contains(KEY), "{error}");
    }
    let upstream = Upstream::new("http://a.example", key()).expect("an upstream");
    assert!(!format!("{upstream:?}").contains(KEY));
}
