//! The simulated API as a program.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use cvm_simulator::options::{self, Command, HELP, KEY_VARIABLE};
use cvm_simulator::{Options, Simulator};

fn main() -> ExitCode {
    let options = match options::parse(env::args_os().skip(1), env::var_os(KEY_VARIABLE)) {
        Ok(Command::Serve(options)) => *options,
        Ok(Command::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("cvm-simulator: {error} (--help lists the options)");
            return ExitCode::from(2);
        }
    };
    let port = options.port;
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cvm-simulator: {}", explain(&error, port));
            ExitCode::FAILURE
        }
    }
}

/// Serves until a signal comes. Open streams are cut off with the runtime.
#[tokio::main]
async fn run(options: Options) -> io::Result<()> {
    let stopped = stop_signal()?;
    let simulator = Simulator::bind(options).await?;
    announce(&simulator.url())?;
    tokio::select! {
        served = simulator.serve() => served,
        () = stopped => Ok(()),
    }
}

fn announce(url: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {url}")?;
    stdout.flush()
}

fn explain(error: &io::Error, port: u16) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} is in use: stop the program that has it, or choose another port with --port")
        }
        _ => format!("cannot serve on port {port}: {error}"),
    }
}

/// Completes at SIGINT or SIGTERM; the handlers are in place when this returns.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Completes at Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
