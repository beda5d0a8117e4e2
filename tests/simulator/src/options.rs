//! The command line.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

use crate::upstream::Upstream;

/// The variable that holds the key for the upstream API.
pub const KEY_VARIABLE: &str = "PHALA_CLOUD_API_KEY";

/// The largest fleet: more than any page shows, and a limit for mistyped numbers.
pub const LARGEST_FLEET: u64 = 1000;

const WWW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../www");
const PKG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../pkg");

/// What `--help` prints.
pub const HELP: &str = "\
A simulated Phala Cloud API for cvm-watch: serves the console page, the package, and CVMs that boot.

Usage: cvm-simulator [OPTIONS]

Options:
  --port PORT           port on the loopback addresses; 0 picks a free one (default: 8787)
  --upstream URL        forward state requests to this API, such as https://cloud-api.phala.com/api/v1,
                        with the key in PHALA_CLOUD_API_KEY, instead of simulating CVMs (default: off)
  --www DIR             folder served at / (default: the project's www)
  --pkg DIR             folder served at /pkg/; it may be missing (default: the project's pkg)
  --boot-step MS        duration of one step of booting or stopping, milliseconds (default: 1000)
  --streams-per-user N  event streams that a user may have open at a time, at least 1 (default: no limit)
  --keep-alive MS       pause between keep-alive comments, milliseconds, at least 1 (default: 15000)
  --fleet N             further CVMs, called fleet-001 and so on, stopped, at most 1000 (default: 0)
  --tls                 serve HTTP/2 and HTTP/1.1 over TLS with a self-signed certificate, and plain HTTP/1.1 to
                        clients without TLS (default: off)
  --help                print this and exit
";

/// How the simulator is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on the loopback addresses; 0 picks a free one.
    pub port: u16,
    /// The API that requests are forwarded to, if none is simulated.
    pub upstream: Option<Upstream>,
    /// The folder served at `/`.
    pub www: PathBuf,
    /// The folder served at `/pkg/`.
    pub pkg: PathBuf,
    /// How long a step of booting or stopping takes.
    pub boot_step: Duration,
    /// How many event streams a user may have at a time.
    pub streams_per_user: Option<usize>,
    /// The pause between keep-alive comments.
    pub keep_alive: Duration,
    /// How many CVMs there are besides the usual ones.
    pub fleet: u64,
    /// Whether to serve HTTP/2 and HTTP/1.1 over TLS, with a self-signed certificate.
    pub tls: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8787,
            upstream: None,
            www: WWW.into(),
            pkg: PKG.into(),
            boot_step: Duration::from_secs(1),
            streams_per_user: None,
            keep_alive: Duration::from_secs(15),
            fleet: 0,
            tls: false,
        }
    }
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Command {
    /// To serve.
    Serve(Box<Options>),
    /// To explain the options.
    Help,
}

/// Why a command line is invalid.
#[derive(Debug)]
pub struct OptionsError(String);

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for OptionsError {}

impl From<lexopt::Error> for OptionsError {
    fn from(error: lexopt::Error) -> Self {
        Self(error.to_string())
    }
}

/// Reads the arguments after the program's name; `key` is the value of [`KEY_VARIABLE`].
///
/// # Errors
/// A message that names the argument and what is wrong with it. It never holds the key.
pub fn parse(arguments: impl IntoIterator<Item = OsString>, key: Option<OsString>) -> Result<Command, OptionsError> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options::default();
    let mut upstream = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            Arg::Long("port") => options.port = number(&mut parser, "--port", 0, u16::MAX.into())?,
            Arg::Long("upstream") => upstream = Some(parser.value()?.string()?),
            Arg::Long("www") => options.www = parser.value()?.into(),
            Arg::Long("pkg") => options.pkg = parser.value()?.into(),
            Arg::Long("boot-step") => options.boot_step = milliseconds(&mut parser, "--boot-step", 0)?,
            Arg::Long("keep-alive") => options.keep_alive = milliseconds(&mut parser, "--keep-alive", 1)?,
            Arg::Long("fleet") => options.fleet = number(&mut parser, "--fleet", 0, LARGEST_FLEET)?,
            Arg::Long("tls") => options.tls = true,
            Arg::Long("streams-per-user") => {
                options.streams_per_user = Some(number(&mut parser, "--streams-per-user", 1, u32::MAX.into())?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if options.tls && upstream.is_some() {
        return Err(OptionsError("--tls is for the simulated API: it does not go with --upstream".to_owned()));
    }
    options.upstream = upstream.map(|url| Upstream::new(&url, key)).transpose().map_err(OptionsError)?;
    Ok(Command::Serve(Box::new(options)))
}

fn milliseconds(parser: &mut Parser, option: &str, least: u64) -> Result<Duration, OptionsError> {
    // A day is more than any test waits, and far from where sums of times overflow.
    number(parser, option, least, 86_400_000).map(Duration::from_millis)
}

fn number<N: TryFrom<u64>>(parser: &mut Parser, option: &str, least: u64, most: u64) -> Result<N, OptionsError> {
    let value = parser.value()?;
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|number| (least..=most).contains(number));
    number.and_then(|number| N::try_from(number).ok()).ok_or_else(|| {
        OptionsError(format!("{option} takes a whole number from {least} to {most}, not {}", value.display()))
    })
}
