// The package's files: what lies in `src/js`, with wasm-bindgen's glue and the WebAssembly module, made into one file an entry.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { encode } from "./encode.js";
import { root } from "./shell.js";

/** The files that are imported, which differ in how they come by the WebAssembly module. */
const ENTRIES = [
  { outfile: "index.js", source: "source-inlined.js" },
  { outfile: "url.js", source: "source-url.js" },
  { outfile: "workerd.js", source: "source-module.js", external: "./cvm_watch.wasm" },
  // Next's bundlers take this for a module to compile, where the edge runtime is what they build for.
  { outfile: "edge-light.js", source: "source-module.js", external: "./cvm_watch.wasm?module" },
];

/** The glue's functions that `src/js` calls. (No property of JavaScript's own has such a name: see `glueFactory`.) */
const EXPORTS = ["getCvmState", "nextCvmState", "watchCvmState"];

/** The globals that the glue gets from `src/js`, which so sees all that the module starts. */
const GLOBALS = ["setTimeout", "clearTimeout", "queueMicrotask", "EventSource", "AbortController"];

/** Bundles every entry into `outdir`, with the glue and the module that are in the folder `bound`. */
export async function bundleEntries(bound, outdir) {
  // Set-up may only just have installed it.
  const { build: esbuild } = await import("esbuild");
  const glue = await glueFactory(esbuild, bound);
  const module = readFileSync(join(bound, "cvm_watch.wasm"));
  const inlined = `export const size = ${module.length}, text = ${JSON.stringify(encode(module))};`;
  const bundle = ({ outfile, source, external }) =>
    esbuild({
      ...settings,
      entryPoints: ["src/js/index.js"],
      outfile: join(outdir, outfile),
      legalComments: "none",
      plugins: [
        redirect(/^cvm-watch:source$/, () => ({ path: join(root, "src/js", source) })),
        external
          ? redirect(/^cvm-watch:wasm$/, () => ({ path: external, external: true }))
          : virtual(/^cvm-watch:wasm$/, () => inlined),
        virtual(/^cvm-watch:glue$/, () => glue),
      ],
    });
  await Promise.all(ENTRIES.map(bundle));
}

const settings = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
  // Without short names wasm-bindgen lists a module of ours once for each of its functions: the same each time.
  logOverride: { "duplicate-object-key": "silent" },
};

/**
 * wasm-bindgen's glue is a module, which serves one instance of WebAssembly. Within a function it serves another in each call,
 * is not evaluated before, and has the globals that the caller gives:
 *
 *     makeGlue({ "./errors.js": errors, … }, { setTimeout, … }) → { init, watchCvmState, … }
 *
 * The first are the modules of `src/js` that Rust names: the same ones that the package exports, not wasm-bindgen's copies.
 *
 * wasm-opt has given the module's imports and exports short names. esbuild gives the glue's properties the same.
 */
async function glueFactory(esbuild, bound) {
  const names = shortNames(bound);
  const given = ["init", ...EXPORTS].map((name) => `["${name}", ${name}]`);
  const result = await esbuild({
    ...settings,
    stdin: {
      // Not an object: its properties would be renamed, too.
      contents: `import init, { ${EXPORTS} } from "./glue.js"; glue = [${given}];`,
      resolveDir: bound,
    },
    write: false,
    // It is given a module that is compiled: nothing in it need fetch one.
    minifySyntax: true,
    define: { Response: "undefined" },
    mangleProps: new RegExp(`^(?:${Object.keys(names).join("|")})$`),
    mangleQuoted: true,
    mangleCache: names,
    banner: { js: `export function makeGlue(modules, { ${GLOBALS.join(", ")} }) {\nlet glue;` },
    footer: { js: "return Object.fromEntries(glue);\n}" },
    plugins: [
      virtual(/\/snippets\/[^/]+\/src\/js\//, async (path) => {
        const exports = await exportsOf(esbuild, join(root, "src/js", basename(path)));
        return `export const { ${exports} } = modules["./${basename(path)}"];`;
      }),
    ],
  });
  return result.outputFiles[0].text;
}

/** The names that wasm-opt gives the module's imports and exports; none if it has not been run. */
function shortNames(bound) {
  const file = join(bound, "names.json");
  if (!existsSync(file)) return {};
  const { imports, exports } = JSON.parse(readFileSync(file, "utf8"));
  const modules = imports.map(([module]) => [module, "a"]);
  return Object.fromEntries([...modules, ...imports.map(([, name, short]) => [name, short]), ...exports]);
}

async function exportsOf(esbuild, file) {
  const { metafile } = await esbuild({ ...settings, entryPoints: [file], write: false, metafile: true });
  return Object.values(metafile.outputs)[0].exports;
}

/** For esbuild: what an import is resolved to. */
const redirect = (filter, resolve) => ({
  name: `redirect ${filter}`,
  setup: ({ onResolve }) => onResolve({ filter }, resolve),
});

/** For esbuild: an import that is no file. */
const virtual = (filter, contents) => ({
  name: `virtual ${filter}`,
  setup({ onResolve, onLoad }) {
    const namespace = `virtual ${filter}`;
    onResolve({ filter }, ({ path }) => ({ path, namespace }));
    onLoad({ filter: /./, namespace }, async ({ path }) => ({ contents: await contents(path) }));
  },
});
