//! Writes wasm-bindgen's glue for a module: `cvm-bindgen cvm_watch.wasm target/bindgen`.

use std::env;

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        bail!("give the module and the folder for what is made of it");
    };
    Bindgen::new()
        .input_path(module)
        .out_name("glue")
        .web(true)?
        .typescript(false)
        // The package hands the glue its module: it loads nothing by itself.
        .omit_default_module_path(true)
        .generate(folder)
}
