// `cvm-watch/url` in a page, from servers that know the type of WebAssembly and from some that do not.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { root } from "./installed.js";

let browser;
let server;
/** How the server answers a request for the module. */
let answer;
/** The module's requests so far. */
let requests;
/** What ends each answer that has stalled. */
let stalled;

before(async () => {
  const module = readFileSync(join(root, "pkg/cvm_watch.wasm"));
  const entry = readFileSync(join(root, "pkg/url.js"));
  server = createServer(({ url }, response) => {
    if (url.endsWith(".js")) return response.setHeader("content-type", "text/javascript").end(entry);
    if (!url.endsWith(".wasm")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
    requests.push(url);
    const { status = 200, type = "application/wasm", body = module, stall } = answer;
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
    if (!stall) return response.end(body);
    response.write(body.subarray(0, 1000));
    stalled.push(() => response.end(body.subarray(1000)));
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  browser = await startBrowser();
});
after(async () => {
  await browser?.stop();
  server.close();
});

/** A new page with the package, whose module is answered like this. */
async function open(given) {
  answer = given;
  requests = [];
  stalled = [];
  await browser.driver.get(`http://localhost:${server.address().port}/`);
  await browser.run(async () => {
    globalThis.api = await import(new URL("/assets/url.js", location));
    /** Begins a call that reaches nothing: what it is rejected with says how far it came. */
    globalThis.begin = (request) =>
      api
        .createClient({ baseURL: "/api", transport: "fetch" })
        .watchCvmState({ id: "my-app", target: "running", ...request })
        .catch(({ name, message, attempts, cause }) => ({ name, message, attempts, cause: String(cause) }));
  });
}

/** Waits for the server to have been asked so often. */
async function asked(times) {
  while (requests.length < times) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Two calls at once, in a new page: what each was rejected with, and how often a module was compiled while it arrived. */
async function load(given) {
  await open(given);
  return browser.run(async () => {
    let streamed = 0;
    const { compileStreaming } = WebAssembly;
    WebAssembly.compileStreaming = (...args) => {
      streamed += 1;
      return compileStreaming(...args);
    };
    globalThis.attempt = async () => {
      const error = await api
        .createClient()
        .watchCvmState({})
        .catch((error) => error);
      // Only the module can find that the request is bad.
      return { loaded: error instanceof api.ValidationError, name: error.name, message: error.message };
    };
    const outcomes = await Promise.all([attempt(), attempt()]);
    return { outcomes, streamed };
  });
}

test("it fetches the module that lies beside it, once, and compiles it while it arrives", async () => {
  const { outcomes, streamed } = await load({});
  assert.deepEqual(
    outcomes.map(({ loaded }) => loaded),
    [true, true],
  );
  assert.equal(streamed, 1);
  assert.deepEqual(requests, ["/assets/cvm_watch.wasm"]);
});

for (const type of ["application/octet-stream", "application/wasm; charset=utf-8", "text/plain"]) {
  test(`it takes a module of the type ${type} as well`, async () => {
    const { outcomes, streamed } = await load({ type });
    assert.deepEqual(
      outcomes.map(({ loaded }) => loaded),
      [true, true],
    );
    assert.equal(streamed, 0);
    assert.equal(requests.length, 1);
  });
}

for (const [what, given, told] of [
  [
    "a module that is not there",
    { status: 404, type: "text/html", body: "nothing" },
    /cvm_watch\.wasm was answered with status 404 /,
  ],
  [
    "a page in the module's place",
    { type: "text/html", body: "<!doctype html>" },
    /cvm_watch\.wasm was .* type text\/html$/,
  ],
]) {
  test(`${what} rejects, and the next call tries again`, async () => {
    const { outcomes } = await load(given);
    for (const { name, message } of outcomes) {
      assert.equal(name, "WatchError");
      assert.match(message, told);
    }
    answer = {};
    const { loaded } = await browser.run(() => attempt());
    assert.ok(loaded);
    assert.equal(requests.length, 2);
  });
}

test("while the module stalls, an abort rejects in the same task, and a later call fetches anew", async () => {
  await open({ stall: true });
  await browser.run(() => {
    globalThis.controller = new AbortController();
    globalThis.first = begin({ signal: controller.signal });
    globalThis.second = begin({ maxRetries: 0 });
  });
  await asked(1);
  const [aborted, isInTask] = await browser.run(async () => {
    let outcome;
    first.then((error) => {
      outcome = error;
    });
    const task = new Promise((resolve) => setTimeout(resolve));
    controller.abort("enough");
    for (let turn = 0; turn < 20; turn += 1) await undefined;
    const isInTask = outcome !== undefined;
    await task;
    return [await first, isInTask];
  });
  assert.deepEqual(aborted, {
    name: "WatchAbortedError",
    message: 'the watch of CVM "my-app" was aborted',
    attempts: 0,
    cause: "enough",
  });
  assert.ok(isInTask);
  answer = {};
  const third = await browser.run(() => begin({ maxRetries: 0 }));
  assert.deepEqual([third.name, third.attempts], ["MaxRetriesExceededError", 1]);
  assert.equal(requests.length, 2);
  // The first load is still under way for the second call. It comes late, and does no harm.
  stalled[0]();
  const late = await browser.run(() => second);
  assert.deepEqual([late.name, late.attempts], ["MaxRetriesExceededError", 1]);
});

test("a signal that has aborted before fetches nothing, and wins over bad arguments", async () => {
  await open({});
  const { name, cause } = await browser.run(() => begin({ target: 7, signal: AbortSignal.abort("before") }));
  assert.deepEqual([name, cause], ["WatchAbortedError", "before"]);
  assert.deepEqual(requests, []);
});

test("a load that is not done within the timeout rejects, and the next call fetches anew", async () => {
  await open({ stall: true });
  await browser.run(() => {
    const { setTimeout } = globalThis;
    // Ten seconds, in a hundredth of the time.
    globalThis.setTimeout = (callback, ms, ...args) => setTimeout(callback, ms / 100, ...args);
  });
  const late = await browser.run(() => begin({ timeout: 10 }));
  const message = "the WebAssembly module was not loaded within 10 s";
  assert.deepEqual(late, { name: "WatchError", message, attempts: 0, cause: "undefined" });
  answer = {};
  const again = await browser.run(() => begin({ maxRetries: 0 }));
  assert.equal(again.name, "MaxRetriesExceededError");
  assert.equal(requests.length, 2);
});

test("bad arguments are told once the module is there", async () => {
  await open({ stall: true });
  await browser.run(() => {
    globalThis.bad = begin({ target: 7 });
  });
  await asked(1);
  stalled[0]();
  assert.equal((await browser.run(() => bad)).name, "ValidationError");
});
