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

before(async () => {
  const module = readFileSync(join(root, "pkg/cvm_watch.wasm"));
  const entry = readFileSync(join(root, "pkg/url.js"));
  server = createServer(({ url }, response) => {
    if (url.endsWith(".js")) return response.setHeader("content-type", "text/javascript").end(entry);
    if (!url.endsWith(".wasm")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
    requests.push(url);
    const { status = 200, type = "application/wasm", body = module } = answer;
    response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  browser = await startBrowser();
});
after(async () => {
  await browser?.stop();
  server.close();
});

/** Two calls at once, in a new page: what each was rejected with, and how often a module was compiled while it arrived. */
async function load(given) {
  answer = given;
  requests = [];
  await browser.driver.get(`http://localhost:${server.address().port}/`);
  return browser.run(async () => {
    let streamed = 0;
    const { instantiateStreaming } = WebAssembly;
    WebAssembly.instantiateStreaming = (...args) => {
      streamed += 1;
      return instantiateStreaming(...args);
    };
    globalThis.api = await import(new URL("/assets/url.js", location));
    globalThis.attempt = async () => {
      const error = await api
        .createClient()
        .watchCvmState({})
        .catch((error) => error);
      // That the request is bad, only the module can tell.
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
