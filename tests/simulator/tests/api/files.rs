//! The console page and the package.

use std::fs;
use std::path::PathBuf;

use cvm_simulator::Options;
use hyper::StatusCode;

use crate::client::Api;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cvm-simulator-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.0.join(name), content).expect("a file");
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn the_page_and_the_package_are_served_with_their_types_and_asked_for_anew() {
    let www = Folder::new("www")
        .file("index.html", "<!doctype html>")
        .file("style.css", "")
        .file("icon.svg", "<svg/>")
        .file("icon.png", "");
    let pkg = Folder::new("pkg").file("index.js", "").file("cvm.wasm", "\0asm");
    let options = Options { www: www.0.clone(), pkg: pkg.0.clone(), ..Options::default() };
    let api = Api::start_with(options).await;
    for (path, content_type) in [
        ("/", "text/html"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/icon.png", "image/png"),
        ("/pkg/index.js", "text/javascript"),
        ("/pkg/cvm.wasm", "application/wasm"),
    ] {
        let answer = api.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, Some(content_type)), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{path}");
    }
    assert_eq!(api.get("/").await.body, "<!doctype html>");
}

#[tokio::test]
async fn a_missing_package_is_not_found_and_stops_nothing() {
    let options = Options { pkg: "no/such/folder".into(), ..Options::default() };
    let api = Api::start_with(options).await;
    assert_eq!(api.get("/pkg/index.js").await.status, StatusCode::NOT_FOUND);
    assert_eq!(api.get("/simulator/info").await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_path_leads_out_of_the_folders() {
    let www = Folder::new("inner").file("index.html", "");
    let api = Api::start_with(Options { www: www.0.clone(), ..Options::default() }).await;
    for path in ["/../Cargo.toml", "/%2e%2e/%2e%2e/etc/passwd", "/pkg/../../Cargo.toml"] {
        assert_eq!(api.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_blank_page_needs_no_icon() {
    let api = Api::start().await;
    let blank = api.get("/simulator/blank").await;
    assert!(blank.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(blank.body.contains(r#"<link rel="icon" href="data:,">"#));
}

#[tokio::test]
async fn info_tells_the_mode_and_the_cvms() {
    let api = Api::start().await;
    let info = api.get("/simulator/info").await.json();
    assert_eq!((&info["mode"], &info["bootStepMs"]), (&"simulated".into(), &5.into()));
    assert_eq!(info["cvms"], serde_json::json!(["my-app", "my-database", "broken-app"]));
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn unknown_paths_of_the_api_answer_in_json() {
    let api = Api::start().await;
    for path in ["/api/v1/cvms", "/simulator/nothing"] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert!(answer.json()["detail"].is_string());
    }
}
