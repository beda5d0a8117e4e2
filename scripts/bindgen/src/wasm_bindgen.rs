//! wasm-bindgen's command line tool: wasm-pack looks for it, asks for its version, and expects the test runner beside it.

use std::env;

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(env::args_os())
}
