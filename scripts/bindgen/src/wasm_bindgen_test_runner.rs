//! wasm-bindgen's test runner, which wasm-pack has cargo run for each test module.

use std::env;

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(env::args_os())
}
