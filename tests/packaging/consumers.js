// The consumers of the package, and how an app of each is run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../scripts/shell.js";
import { readme } from "../documents/blocks.js";
import { startWorkerd } from "../runtimes/workerd-server.js";
import { env } from "./app.js";
import { visit } from "./page.js";
import { LIMIT, startFileServer, startTool } from "./server.js";

const runtimes = join(root, "tests", "runtimes");
const runtime = (name) => join(runtimes, "node_modules", ".bin", name);
const preload = join(import.meta.dirname, "preload.js");

/** The version of a tool that the app has installed. */
const installed = (tool) => (app) => versionOf(app.folder, tool);
const pinned = (tool) => () => versionOf(runtimes, tool);
const chromium = async (_, { driver }) => (await driver.getCapabilities()).getBrowserVersion();

function versionOf(folder, tool) {
  return JSON.parse(readFileSync(join(folder, "node_modules", tool, "package.json"), "utf8")).version;
}

/** The scripts that build an app with each entry of the package. */
const builds = (main, url = main) => ({ "cvm-watch": { build: main }, "cvm-watch/url": { build: url } });
const unbuilt = builds();
const inlined = { "cvm-watch": {} };

export const consumers = {
  vite: {
    title: "Vite",
    version: installed("vite"),
    parts: ["views", "vite"],
    entries: builds("build"),
    uses: {
      "built page": files("dist"),
      "built page with React": viewsOn(files("dist", "react.html")),
      "built page with Vue": viewsOn(files("dist", "vue.html")),
      "page on the dev server": pageOf("", "vite"),
      "page with React on the dev server": viewsOn(pageOf("react.html", "vite")),
      "page with Vue on the dev server": viewsOn(pageOf("vue.html", "vite")),
    },
  },
  webpack: {
    title: "webpack",
    version: installed("webpack"),
    parts: ["views", "webpack"],
    entries: builds("build"),
    uses: {
      "built page": files("."),
      "built page with React": viewsOn(files(".", "react.html")),
      "built page with Vue": viewsOn(files(".", "vue.html")),
    },
  },
  rollup: {
    title: "Rollup",
    version: installed("rollup"),
    entries: builds("build", "build:url"),
    uses: { "built page": files(".") },
  },
  esbuild: {
    title: "esbuild",
    version: installed("esbuild"),
    entries: builds("build", "build:url"),
    uses: { "built page": files(".") },
  },
  parcel: {
    title: "Parcel",
    version: installed("parcel"),
    entries: builds("build"),
    uses: { "built page": files("dist") },
  },
  next: {
    title: "Next (Turbopack)",
    version: installed("next"),
    parts: ["views", "next"],
    entries: builds("build"),
    uses: {
      "page, rendered on the server first": renderedPageOf("next", "start"),
      "page with hooks, rendered on the server first": viewsOn(renderedViewsOf("next", "start")),
      "page, the calls made on the server": callingPageOf("next", "start"),
      "static page, which awaits a watch": awaitingPageOf("next", "start"),
      "edge route": edgeRouteOf("next", "start"),
    },
  },
  static: { title: "import map", version: chromium, entries: builds("build"), uses: { page: files(".") } },
  script: {
    title: "script from another origin",
    version: chromium,
    entries: {
      "cvm-watch": { specifier: "../node_modules/cvm-watch/pkg/index.js" },
      "cvm-watch/url": { specifier: "../node_modules/cvm-watch/pkg/url.js" },
    },
    uses: { page: filesOfAnotherOrigin() },
  },
  node: {
    title: "Node",
    version: () => process.versions.node,
    entries: unbuilt,
    uses: {
      import: program(process.execPath, "--import", preload, "src/program.js"),
      require: program(process.execPath, "--import", preload, "src/required.cjs"),
    },
  },
  deno: {
    title: "Deno",
    version: pinned("deno"),
    entries: unbuilt,
    uses: { import: program(runtime("deno"), "run", "--allow-net", "--preload", preload, "src/program.js") },
  },
  bun: {
    title: "Bun",
    version: pinned("bun"),
    entries: unbuilt,
    uses: { import: program(runtime("bun"), "--preload", preload, "src/program.js") },
  },
  workerd: {
    title: "workerd",
    version: pinned("workerd"),
    entries: builds("build"),
    uses: { worker: worker("workerd.capnp") },
  },
  vitest: {
    title: "Vitest",
    version: installed("vitest"),
    parts: ["unit", "vitest"],
    entries: inlined,
    uses: vitestIn("node", "jsdom", "happy-dom"),
  },
  "vitest-3": {
    title: "Vitest, the oldest",
    version: installed("vitest"),
    parts: ["unit", "vitest", "vitest-3"],
    entries: inlined,
    uses: vitestIn("node", "jsdom", "happy-dom"),
  },
  jest: {
    title: "Jest",
    version: installed("jest"),
    parts: ["unit", "jest"],
    entries: inlined,
    uses: jestIn("node", "jest-fixed-jsdom"),
  },
  "jest-29": {
    title: "Jest, the oldest",
    version: installed("jest"),
    parts: ["unit", "jest", "jest-29"],
    entries: inlined,
    uses: jestIn("node", "jest-fixed-jsdom"),
  },
  msw: {
    title: "MSW",
    version: installed("msw"),
    entries: inlined,
    uses: vitestIn("node", "jsdom"),
  },
  "vite-library": {
    title: "Vite, a library",
    version: installed("vite"),
    entries: builds("build"),
    uses: {
      "page whose policy has data:": libraryUnder("data:"),
      "page whose policy has not": libraryUnder(""),
    },
  },
  polyfill: {
    title: "event-source-polyfill",
    version: installed("event-source-polyfill"),
    entries: { "cvm-watch": { build: "build" } },
    uses: { page: files(".") },
  },
  "ssr-workerd": {
    title: "Vite, a worker without Cloudflare's plugin",
    version: installed("vite"),
    parts: ["workerd", "ssr-workerd"],
    entries: builds("build"),
    uses: { worker: worker("workerd.capnp") },
  },
  cloudflare: {
    title: "@cloudflare/vite-plugin",
    version: installed("@cloudflare/vite-plugin"),
    entries: builds("build"),
    uses: { "worker on the dev server": workerOf("vite"), "built worker": workerOf("vite", "preview") },
  },
  undici: {
    title: "undici with a dispatcher",
    version: installed("undici"),
    entries: inlined,
    uses: {
      "in the configuration": program(process.execPath, "--import", preload, "program.js", "config"),
      "as the global fetch": program(process.execPath, "--import", preload, "program.js", "global"),
    },
  },
};

/** A page among a folder's files, on a plain server. */
function files(folder, page = "") {
  return (app, { browser, query }) =>
    served(startFileServer(join(app.folder, folder)), ({ origin }) => visit(browser, `${origin}/${page}?${query}`));
}

/** A page that uses `cvm-watch/react` or `cvm-watch/vue`. */
function viewsOn(use) {
  const expected = { reached: "running, heard complete", refused: "ValidationError, a WatchError", now: "running" };
  return async (app, server) => ({ ...(await use(app, server)), expected });
}

/** A page whose script comes from another origin. */
function filesOfAnotherOrigin() {
  return (app, { browser, query }) =>
    served(startFileServer(app.folder), ({ origin }) => {
      app.replace("index.html", "https://cdn.example", origin.replace("localhost", "127.0.0.1"));
      return visit(browser, `${origin}/?${query}`);
    });
}

/**
 * A page whose Content Security Policy lets it connect to itself, to the API, and to what else is given. A library of Vite's
 * holds its assets as data: URLs, which `cvm-watch/url` then has to fetch.
 */
function libraryUnder(more) {
  return (app, { browser, baseURL, query }) =>
    served(startFileServer(app.folder), async ({ origin }) => {
      app.replace("index.html", /connect-src [^"]*/g, `connect-src 'self' ${new URL(baseURL).origin} ${more}`);
      const visiting = visit(browser, `${origin}/?${query}`);
      if (more !== "" || app.entry !== "cvm-watch/url") return visiting;
      await assert.rejects(visiting, /WatchError: the WebAssembly module could not be loaded: Failed to fetch/);
    });
}

/** A page on the tool's own server. */
function pageOf(page, ...command) {
  return (app, { browser, query }) =>
    served(startTool(app, {}, ...command), ({ origin }) => visit(browser, `${origin}/${page}?${query}`));
}

/** The same, and the page shows something before its scripts run. */
function renderedPageOf(...command) {
  return (app, { browser, query }) =>
    served(startTool(app, {}, ...command), async ({ origin }) => {
      assert.match(await shownByServer(`${origin}/`), /rendered on the server/);
      return visit(browser, `${origin}/?${query}`);
    });
}

/**
 * A page with hooks. The server renders how they begin, and makes no request. Then the page takes that over: where it differs,
 * React logs an error.
 */
function renderedViewsOf(...command) {
  return (app, { browser, simulator, query }) =>
    served(startTool(app, {}, ...command), async ({ origin }) => {
      const before = (await simulator.requests()).length;
      const url = `${origin}/views?${query}`;
      assert.equal(await shownByServer(url), "watching watching watching ");
      const visited = await visit(browser, url);
      assert.deepEqual(visited.log, []);
      const agents = (await simulator.requests()).slice(before).map(({ headers }) => headers["user-agent"]);
      for (const agent of agents) assert.match(agent, /Chrome/);
      return visited;
    });
}

/** A page that comes with what the server's own calls have come to. It cannot tell how many instances that took. */
function callingPageOf(...command) {
  return (app, { query }) =>
    served(startTool(app, {}, ...command), async ({ origin }) => ({
      outcome: JSON.parse(await shownByServer(`${origin}/server?${query}`)),
      instances: null,
    }));
}

/** A page that says nowhere that it is dynamic: it must have become so, as one that calls `fetch` has. */
function awaitingPageOf(...command) {
  return (app, { baseURL }) =>
    served(startTool(app, { API_URL: baseURL }, ...command), async ({ origin }) => {
      const { routes } = JSON.parse(readFileSync(join(app.folder, ".next/prerender-manifest.json"), "utf8"));
      const isStatic = (route) => route in routes;
      assert.deepEqual(["/", "/plain", "/awaited"].map(isStatic), [true, false, false]);
      return { outcome: JSON.parse(await shownByServer(`${origin}/awaited`)), instances: null };
    });
}

/** A route on Next's edge runtime; a watch of its ends when the request does. */
function edgeRouteOf(...command) {
  return (app, { baseURL, query, simulator }) =>
    served(startTool(app, {}, ...command), async ({ origin }) => {
      const answer = await fetch(`${origin}/edge?${query}`, { signal: AbortSignal.timeout(LIMIT) });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      const id = await simulator.script({ streams: [["hold"]] });
      const controller = new AbortController();
      const asked = fetch(`${origin}/edge?${new URLSearchParams({ baseURL, id })}`, { signal: controller.signal });
      asked.catch(() => {});
      await simulator.until(id, ({ length }) => length > 0);
      controller.abort();
      await simulator.closed(id);
      return { outcome: JSON.parse(text), instances: null };
    });
}

async function shownByServer(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT) });
  const page = await answer.text();
  const [, text] = page.match(/<pre id="outcome">(.*?)<\/pre>/) ?? assert.fail(page);
  return text.replaceAll("&quot;", '"');
}

/** A program that prints the outcome as one line of JSON, and then the number of instances. */
function program(command, ...args) {
  return async (app, { baseURL }) => {
    const { stdout } = await promisify(execFile)(command, [...args, baseURL], { cwd: app.folder, timeout: LIMIT });
    const [outcome, instances] = stdout.trim().split("\n").map(JSON.parse);
    return { outcome, instances };
  };
}

/** The app's tests and README's, in each of these environments. */
function vitestIn(...environments) {
  const inOne = (name) => async (app, server) => {
    writeFileSync(join(app.folder, "readme.test.js"), readme("In tests")[0]);
    return tests("vitest", "run", "--environment", name)(app, server);
  };
  return Object.fromEntries(environments.map((name) => [name, inOne(name)]));
}

/** The same; and in Jest's own jsdom, which lacks what is needed, a call tells so. */
function jestIn(...environments) {
  const missing = tests("jest", "--env", "jsdom", "--testMatch", "**/missing.js");
  const uses = environments.map((name) => [name, tests("jest", "--env", name)]);
  return { ...Object.fromEntries(uses), jsdom: missing };
}

/** Tests that the app has: they must pass. What its code came to stands in a file, if it came to something. */
function tests(tool, ...args) {
  return async (app, { baseURL }) => {
    const file = join(app.folder, "outcome.json");
    rmSync(file, { force: true });
    // Jest takes ES modules with this option alone.
    const options = { env: { ...env, API_URL: baseURL, NODE_OPTIONS: "--experimental-vm-modules" } };
    const path = join(app.folder, "node_modules", ".bin", tool);
    try {
      await promisify(execFile)(path, args, { cwd: app.folder, timeout: LIMIT, ...options });
    } catch (error) {
      throw new Error(`${error.message}\n${error.stdout}`);
    }
    if (args.includes("--testMatch")) return undefined;
    return { outcome: JSON.parse(readFileSync(file, "utf8")), instances: null };
  };
}

function worker(config) {
  return (app, { query }) =>
    served(startWorkerd(join(app.folder, config)), async ({ origin }) => {
      const answer = await fetch(`${origin}/?${query}`, { signal: AbortSignal.timeout(LIMIT) });
      return { outcome: await answer.json(), instances: Number(answer.headers.get("wasm-instances")) };
    });
}

/** A worker on the tool's own server. It cannot tell how many instances that took. */
function workerOf(...command) {
  return (app, { query }) =>
    served(startTool(app, {}, ...command), async ({ origin }) => {
      const answer = await fetch(`${origin}/?${query}`, { signal: AbortSignal.timeout(LIMIT) });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      return { outcome: JSON.parse(text), instances: null };
    });
}

/** Does something while a server runs. */
async function served(starting, action) {
  const server = await starting;
  try {
    return await action(server);
  } finally {
    server.stop();
  }
}
