//! The simulated API over real connections.

mod a_boot;
mod actions;
mod client;
mod command_line;
mod conditions;
mod cors;
mod counters;
mod event_stream;
mod faults;
mod files;
mod fleet;
mod limit;
mod request_log;
mod scripts;
mod tls;
mod upstream;
