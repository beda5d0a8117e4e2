// wasm-bindgen's glue, made to fit.

import { fail } from "./shell.js";

/** What wasm-opt calls the one module that is imported from. */
const MODULE = "a";

/**
 * wasm-bindgen's glue is a module, and so serves one instance, once. As a function it serves another in each call. Loading
 * is left out, and the instance's exports come from outside: see `src/js/instance.js`.
 *
 * `imports` and `exports` are the names that wasm-opt has made short: `[module, old, new]` and `[old, new]`.
 */
export function fitGlue(glue, { imports, exports }) {
  const short = new Map(exports);
  const steps = [
    [/^export (?=function )/gm, ""],
    [/^(?!import )/m, "export function makeGlue() {\n"],
    [/wasm = instance\.exports;/, "wasm = instance;"],
    [
      /^async function __wbg_load.*/ms,
      "return { imports: __wbg_get_imports(), use: __wbg_finalize_init, getCvmState, watchCvmState };\n}",
    ],
    [/"\.\/glue_bg\.js"/, JSON.stringify(MODULE)],
    // Closures that Rust has forgotten: ours never are.
    [/^const CLOSURE_DTORS = .*?;\n\n/ms, ""],
    [/^ *CLOSURE_DTORS\..*\n/gm, ""],
    // For strings without `realloc`, and for browsers of before 2021.
    [/^ {4}if \(realloc === undefined\) \{.*?^ {4}\}\n/ms, ""],
    [/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{.*?^\}\n/ms, ""],
    // Said shorter.
    [/(?<=if \()cachedDataViewMemory0 === null .*(?=\) \{)/, "cachedDataViewMemory0?.buffer !== wasm.memory.buffer"],
    ...imports.map(([, old, name]) => [new RegExp(`\\b${old}(?=: )`), JSON.stringify(name)]),
    [/(?<=\bwasm\.)\w+/g, (name) => short.get(name)],
    // Likewise.
    [/: function(?=\()/g, ""],
    [/const ret = (.*);\n *return ret;/g, (_, value) => `return ${value};`],
    [/const ret = (.*);\n *return addHeapObject\(ret\);/g, (_, value) => `return addHeapObject(${value});`],
  ];
  return steps.reduce((text, [old, replacement]) => {
    if (text.search(old) < 0) fail(`wasm-bindgen's glue is not what it was: there is no ${old} in it`);
    return text.replace(old, replacement instanceof Function ? replacement : () => replacement);
  }, glue);
}
