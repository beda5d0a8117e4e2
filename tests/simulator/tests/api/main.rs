//! The simulated API over real connections.

mod a_boot;
mod client;
mod command_line;
mod cors;
mod event_stream;
mod faults;
mod files;
mod limit;
mod request_log;
mod scripts;
mod upstream;
