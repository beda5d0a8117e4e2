//! The program: its options, its one line, and its end.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use crate::client::{Api, stream_path};

const KEY: &str = "phak_not-to-be-seen";

fn simulator(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cvm-simulator"));
    command.args(arguments).env_remove("PHALA_CLOUD_API_KEY").kill_on_drop(true);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn output(arguments: &[&str]) -> Output {
    simulator(arguments).output().await.expect("the program runs")
}

/// Starts the program and waits for its line.
async fn started(mut command: Command) -> (Child, Api) {
    let mut child = command.spawn().expect("the program starts");
    let stdout = child.stdout.as_mut().expect("its output");
    let mut line = Vec::new();
    // Byte by byte, so that what follows the line stays to be read.
    while line.last() != Some(&b'\n') {
        line.push(stdout.read_u8().await.expect("a line"));
    }
    let line = String::from_utf8(line).expect("text");
    let port = line.trim_end().strip_prefix("listening on http://localhost:").expect("the line");
    let api = Api { port: port.parse().expect("a port") };
    (child, api)
}

#[tokio::test]
async fn help_lists_every_option_with_its_default() {
    let output = output(&["--help"]).await;
    let help = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success());
    let options = ["--port", "--upstream", "--www", "--pkg", "--boot-step", "--streams-per-user", "--keep-alive"];
    for option in options.into_iter().chain(["--fleet", "--tls"]) {
        let line = help.split_once(option).unwrap_or_else(|| panic!("{option} is missing")).1;
        assert!(line.split("\n  --").next().is_some_and(|about| about.contains("(default: ")), "{option}");
    }
}

#[tokio::test]
async fn a_bad_option_is_named_and_exits_with_2() {
    for (arguments, named) in [
        (&["--prot", "1"][..], "--prot"),
        (&["--port", "65536"], "--port takes a whole number from 0 to 65535, not 65536"),
        (&["--boot-step", "1.5"], "--boot-step"),
        (&["--keep-alive", "0"], "--keep-alive"),
        (&["--streams-per-user", "0"], "--streams-per-user"),
        (&["--fleet", "1001"], "--fleet takes a whole number from 0 to 1000, not 1001"),
        (&["--tls", "--upstream", "http://localhost:1"], "--tls"),
        (&["--port"], "--port"),
        (&["extra"], "extra"),
        (&["--upstream", "http://localhost:1"], "PHALA_CLOUD_API_KEY"),
    ] {
        let output = output(arguments).await;
        let message = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(named) && message.lines().count() == 1, "{message}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let (_first, api) = started(simulator(&["--port", "0"])).await;
    let output = output(&["--port", &api.port.to_string()]).await;
    let message = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    assert!(message.contains(&api.port.to_string()) && message.contains("--port"), "{message}");
    assert_eq!(message.lines().count(), 1);
}

#[tokio::test]
async fn options_reach_the_server_and_the_last_of_a_kind_counts() {
    let arguments = ["--port", "0", "--fleet", "2", "--streams-per-user", "5", "--streams-per-user", "3"];
    let (_child, api) = started(simulator(&arguments)).await;
    let info = api.get("/simulator/info").await.json();
    assert_eq!(info["streamsPerUser"], 3);
    assert!(info["cvms"].as_array().is_some_and(|cvms| cvms.iter().any(|cvm| cvm == "fleet-002")));
}

#[tokio::test]
async fn with_tls_the_line_tells_https() {
    let mut child = simulator(&["--port", "0", "--tls"]).spawn().expect("the program starts");
    let mut start = [0; 30];
    child.stdout.as_mut().expect("its output").read_exact(&mut start).await.expect("a line");
    assert_eq!(&start, b"listening on https://localhost");
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_ends_it_cleanly_even_with_open_streams() {
    for signal in ["-INT", "-TERM"] {
        let (mut child, api) = started(simulator(&["--port", "0"])).await;
        let mut stream = api.watch("my-database", "stopped").await;
        stream.event().await.expect("a state");
        let id = child.id().expect("it runs").to_string();
        Command::new("kill").args([signal, &id]).status().await.expect("a signal");
        let status = tokio::time::timeout(Duration::from_secs(10), child.wait()).await.expect("a prompt end");
        assert!(status.expect("a status").success());
        let mut rest = String::new();
        child.stdout.take().expect("its output").read_to_string(&mut rest).await.expect("text");
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn the_key_shows_nowhere() {
    let upstream = Api::start().await;
    let mut command = simulator(&["--port", "0", "--upstream", &upstream.url()]);
    command.env("PHALA_CLOUD_API_KEY", KEY);
    let (mut child, proxy) = started(command).await;
    let mut seen = String::new();
    for path in [
        stream_path("my-app", "stopped"),
        stream_path("nobody", "running"),
        "/simulator/info".to_owned(),
        "/simulator/requests".to_owned(),
        "/".to_owned(),
    ] {
        let answer = proxy.get(&path).await;
        seen.push_str(&answer.body);
        answer.headers.values().for_each(|value| seen.push_str(&String::from_utf8_lossy(value.as_bytes())));
    }
    assert_eq!(upstream.log("my-app").await[0]["headers"]["x-api-key"], KEY);
    child.start_kill().expect("an end");
    child.stdout.take().expect("its output").read_to_string(&mut seen).await.expect("text");
    child.stderr.take().expect("its messages").read_to_string(&mut seen).await.expect("text");
    assert!(!seen.contains(KEY));
}
