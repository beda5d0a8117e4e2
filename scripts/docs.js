// `npm run docs`: writes the API reference (typedoc) and the core's documentation (cargo doc), and serves both.

import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { npmPackages, setUpBuild } from "./setup.js";
import { isMain, root, run, step } from "./shell.js";

const reference = join(root, "scripts/reference");

/** The declarations of each entry point of the package. */
function declarations() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const types = Object.values(exports).flatMap(({ types }) => types ?? []);
  return [...new Set(types)].map((path) => path.replace("./pkg/", "../../src/js/"));
}

/** Writes the API reference. A warning is an error: a link that leads nowhere, something exported without a word. */
export async function writeReference() {
  await npmPackages(reference);
  const entries = declarations().flatMap((path) => ["--entryPoints", path]);
  run(process.execPath, ["node_modules/typedoc/bin/typedoc", ...entries], { cwd: reference });
}

/** Writes the documentation of the crate. */
export function writeCrate() {
  const packages = ["--workspace", "--exclude", "cvm-bindgen", "--no-deps"];
  run("cargo", ["doc", "--quiet", "--locked", ...packages], { env: { RUSTDOCFLAGS: "--deny warnings" } });
}

const types = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml" };

/** Serves what is in `target`, where both have been written. */
function serve() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = join(root, "target", decodeURIComponent(pathname.endsWith("/") ? `${pathname}index.html` : pathname));
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return response.writeHead(404).end("not found");
    response.writeHead(200, { "content-type": `${types[extname(path)] ?? "application/octet-stream"}; charset=utf-8` });
    createReadStream(path).pipe(response);
  });
  server.listen(8788, "localhost", () => {
    console.log("\nthe API reference is at http://localhost:8788/reference/ (Ctrl+C ends it)");
    console.log("the documentation of the core is at http://localhost:8788/doc/cvm_watch/");
  });
}

if (isMain(import.meta.url)) {
  await setUpBuild();
  await step("writing the API reference", writeReference);
  await step("writing the documentation of the core", writeCrate);
  serve();
}
