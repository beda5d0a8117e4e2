// What must not be possible: another path or origin, an unwanted header or query, a key where it can be read,
// an answer that changes the page.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, get } from "node:http";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { until } from "selenium-webdriver";
import { createClient } from "../../pkg/index.js";
import { startBrowser } from "./browser.js";
import { complete, say, startSimulator } from "./simulator.js";

const pkg = new URL("../../pkg/", import.meta.url);

let simulator;
let other;
let browser;

before(async () => {
  [simulator, other, browser] = await Promise.all([startSimulator(), startSimulator(), startBrowser()]);
  await browser.open(simulator);
});
after(() => Promise.all([browser?.stop(), simulator?.stop(), other?.stop()]));

/** Everything that has a meaning in a URL, a request's head or a path. */
const HOSTILE = [
  "../../../etc/passwd",
  "..",
  ".",
  "...",
  "a/..",
  "%2e%2e",
  "%2e%2e%2fkeys",
  "%252e%252e%252f",
  ".%2e/",
  "..\\..\\keys",
  "\\\\evil.example\\",
  "//evil.example/x",
  "https://evil.example/",
  "javascript:alert(1)",
  "data:text/html,x",
  "me:secret@evil.example",
  "@evil.example",
  ":80",
  "?target=x",
  "#x",
  "&timeout=1",
  "=;,+$!*'()[]{}|^`\"<>~",
  "x\r\nx-injected: 1\r\n\r\nGET /api/v1/cvms/x/state",
  "x HTTP/1.1\nhost: evil.example",
  "\t x \t",
  "\0",
  "x\0.json",
  "\ud800",
  "x\udfff\ud800y",
  "\ufeff",
  "\u2028\u2029",
  "\u202etxt.exe",
  "․․/‥/…",
  "．．／",
  "ⅰ。ⅱ．ⅲ｡",
  "é\u0301ß\u{1f600}",
  "__proto__",
  "constructor",
  "then",
  "x".repeat(5000),
];

/** Others, made of the same characters; a failure is the same in every run. */
function randomly(count, seed = 20261125) {
  let state = seed;
  const next = (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pieces = [..."./\\%?#&=:@;+ \r\n\t\0\ud800\u2024\uff0eé€a0", "..", "//", "%2f", "%0d%0a", "state", "cvms"];
  const text = () => Array.from({ length: 1 + next(9) }, () => pieces[next(pieces.length)]).join("");
  return Array.from({ length: count }, text);
}

/** As RFC 3986 has it; JavaScript's own leaves five more characters. */
const encoded = (text) => encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent);
const percent = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/** WebDriver carries no lone surrogates, but their escapes. */
const escaped = (texts) => JSON.stringify(texts);

/** The paths that were asked for since the last time, sorted; and no header of ours but these. */
async function askedFor() {
  const requests = await simulator.call("GET", "requests");
  await simulator.call("DELETE", "requests");
  for (const { headers } of requests) assert.equal(headers["x-injected"], undefined);
  return requests.map(({ path }) => path).sort();
}

test("no id reaches another path, another origin or a query", async () => {
  const ids = [...HOSTILE, ...randomly(150)];
  const names = await browser.run((ids) => {
    const read = (id) => lab.client().getCvmState({ id });
    return Promise.all(JSON.parse(ids).map((id) => read(id).then(String, (error) => error.name)));
  }, escaped(ids));
  const refused = ids.filter((_, i) => names[i] === "ValidationError");
  assert.deepEqual(new Set(refused), new Set(["..", "."]));
  const sent = ids.filter((id) => !refused.includes(id));
  assert.deepEqual(await askedFor(), sent.map((id) => `/api/v1/cvms/${encoded(id)}/state`).sort());
  assert.deepEqual(await other.call("GET", "requests"), []);
});

for (const transport of ["eventsource", "fetch"]) {
  test(`no target adds to the query or leaves it, over ${transport}`, async () => {
    const targets = [...HOSTILE, ...randomly(40)];
    const names = await browser.run(
      (targets, transport) => {
        const client = api.createClient({ baseURL: "/api/v1", transport, maxStreams: Number.POSITIVE_INFINITY });
        const watch = (target) => client.watchCvmState({ id: "nobody", target, maxRetries: 0 });
        return Promise.all(JSON.parse(targets).map((target) => watch(target).then(String, (error) => error.name)));
      },
      escaped(targets),
      transport,
    );
    assert.deepEqual(new Set(names), new Set(["RequestError"]));
    const streams = (await askedFor()).filter((path) => path !== "/api/v1/cvms/nobody/state");
    const expected = targets.map((target) => `target=${encoded(target)}&interval=5&timeout=300`);
    assert.deepEqual(streams, expected.map((query) => `/api/v1/cvms/nobody/state?${query}`).sort());
  });
}

test("a base URL leads where it says, or is refused", async () => {
  const site = await startSite();
  try {
    await browser.open(site);
    const texts = [...HOSTILE, ...randomly(100)].flatMap((text) => [text, `/api/${text}`, `${site.origin}/${text}`]);
    const [taken, paths, count] = await browser.run((texts) => {
      const read = (baseURL) => api.createClient({ baseURL }).getCvmState({ id: "nobody" });
      const isPlain = ({ protocol, search, hash, username, password }) =>
        /^https?:$/.test(protocol) && !(search || hash || username || password);
      // A URL may name another origin, and no server answers there.
      const isElsewhere = (url) => isPlain(url) && url.origin !== location.origin;
      const urls = JSON.parse(texts).map((text) => [text, URL.canParse(text, location) ? new URL(text, location) : {}]);
      const chosen = urls.filter(([, url]) => !isElsewhere(url));
      const names = Promise.all(chosen.map(([text]) => read(text).then(String, (error) => error.name)));
      const taken = names.then((names) => names.map((name) => name !== "ValidationError"));
      const allowed = chosen.map(([, url]) => isPlain(url));
      const paths = urls.filter(([, url]) => isPlain(url) && !isElsewhere(url)).map(([, { pathname }]) => pathname);
      return taken.then((taken) => [taken.map((is, i) => is === allowed[i]), paths, chosen.length]);
    }, escaped(texts));
    assert.ok(taken.every(Boolean));
    const expected = paths.map((path) => `${path.replace(/\/+$/, "")}/cvms/nobody/state`);
    assert.deepEqual(site.requests.sort(), expected.sort());
    assert.ok(paths.length > 50 && paths.length < count - 50);
  } finally {
    site.stop();
    await browser.open(simulator);
  }
});

test("no key and no header's value adds another header", async () => {
  const values = [...HOSTILE, ...randomly(80)];
  const outcomes = await browser.run((values) => {
    const read = (config) => lab.client({ transport: "fetch", ...config }).getCvmState({ id: "nobody" });
    const name = (config) => read(config).then(String, (error) => error.name);
    return Promise.all(
      JSON.parse(values).map((value) =>
        Promise.all([
          name({ apiKey: value }),
          name({ headers: { "x-extra": value } }),
          name({ headers: () => ({ "x-extra": value }) }),
          name({ headers: { [value]: "1" } }),
        ]),
      ),
    );
  }, escaped(values));
  const sendable = (value) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value.replace(/^[\r\n\t ]+|[\r\n\t ]+$/g, ""));
  const sent = await simulator.call("GET", "requests");
  await simulator.call("DELETE", "requests");
  const ours = sent.map(({ headers }) => Object.keys(headers).filter((header) => /^x-|evil/.test(header)));
  for (const names of ours)
    assert.ok(names.length <= 1 && names.every((name) => /^x-(api-key|extra)$/.test(name)), names);
  assert.ok(ours.flat().length > 50);
  for (const [i, [key, header, later]] of outcomes.entries()) {
    const value = values[i];
    if (!sendable(value))
      assert.deepEqual([key, header, later], ["ValidationError", "ValidationError", "WatchError"], value);
  }
});

test("a key follows no redirect, whatever its status and wherever it points", async () => {
  const away = await simulator.script({});
  const cases = [];
  for (const status of [301, 302, 303, 307, 308]) {
    for (const origin of ["", other.origin]) {
      for (const config of [{ apiKey: "s3cret" }, { headers: { authorization: "s3cret" } }]) {
        const location = `${origin}/api/v1/cvms/${away}/state`;
        const redirect = [{ respond: { status, headers: { location } } }, "end"];
        const id = await simulator.script({ streams: [redirect], reads: [redirect] });
        cases.push({ id, config: { baseURL: "/api/v1", ...config } });
      }
    }
  }
  const names = await browser.run((cases) => {
    const name = (promise) => promise.then(String, (error) => error.name);
    const calls = cases.flatMap(({ id, config }) => {
      const client = api.createClient(config);
      return [name(client.watchCvmState({ id, target: "running" })), name(client.getCvmState({ id }))];
    });
    return Promise.all(calls);
  }, cases);
  assert.deepEqual(names, Array(40).fill("RequestError"));
  for (const { id } of cases) assert.equal((await simulator.requests(id)).length, 2);
  for (const server of [simulator, other]) assert.deepEqual(await server.requests(away), []);
  await simulator.call("DELETE", "requests");
});

/** Every way in which a page may print or store an object of the package, and so a key in it. */
test("no key is in what can be printed, cloned, measured or stored", async () => {
  const config = { apiKey: "k3y-s3cret", headers: { "x-extra": "h3ader-s3cret" }, version: "v3rsion-s3cret" };
  const id = await simulator.script({
    streams: [[say("error", { error: "x" }), say("state", "{")], ["end"]],
    reads: [["reset"]],
  });
  const told = await browser.run(
    async (id, config) => {
      const told = [];
      const client = api.createClient({ baseURL: "/api/v1", ...config });
      const print = ["log", "warn", "error", "info", "debug"].map((name) => [name, console[name]]);
      for (const [name] of print) console[name] = (...args) => told.push(args);
      const onEvent = (event) => told.push(structuredClone(event));
      const watching = client.watchCvmState({ id, target: "running", maxRetries: 1, retryDelay: 0, onEvent });
      const failed = await watching.catch((error) => error);
      const bad = await api
        .createClient({ ...config, apiKey: "k3y-s3cret\n", headers: { "x\n": "h3ader-s3cret" } })
        .getCvmState({ id })
        .catch((error) => error);
      for (const error of [failed, failed.cause, bad]) {
        const clone = structuredClone(error);
        told.push(lab.describe(error), error.stack, JSON.stringify(error), String(clone), clone.stack, { ...error });
      }
      Object.assign(console, Object.fromEntries(print));
      const clone = structuredClone(JSON.parse(JSON.stringify(client)));
      const keys = [client, ...Object.values(client)].flatMap((value) => [String(value), Reflect.ownKeys(value)]);
      const kept = [document.cookie, { ...localStorage }, { ...sessionStorage }, location.href, history.state];
      const measured = performance.getEntries().map((entry) => entry.toJSON());
      return JSON.stringify([told, clone, keys, kept, measured]);
    },
    id,
    config,
  );
  assert.ok(told.includes(`/cvms/${id}/state`) && told.includes("MaxRetriesExceededError"));
  assert.doesNotMatch(told, /s3cret/);
  assert.equal((await simulator.closed(id))[0].headers["x-api-key"], config.apiKey);

  // Node prints what is inside an object.
  const client = createClient({ baseURL: `${simulator.origin}/api/v1`, ...config });
  const failed = await client.watchCvmState({ id: "nobody", target: "x" }).catch((error) => error);
  const printed = inspect([client, failed], { depth: 9, showHidden: true, getters: true });
  assert.match(printed, /RequestError/);
  assert.doesNotMatch(printed, /s3cret/);
});

/** A text, repeated `count` times, in chunks: the scripts themselves must not be large. */
const times = (count, text) => ({ repeat: { times: count / 10_000, steps: [{ send: text.repeat(10_000) }] } });
const deep = (open, close) => [times(100_000, open), { send: "1" }, times(100_000, close)];

/** Payloads that are states with the status "running", since that is their own field `status`. */
const RUNNING = [
  '{"__proto__":{"polluted":1},"status":"running"}',
  '{"status":"running","__proto__":null}',
  '{"constructor":{"prototype":{"polluted":1}},"status":"running"}',
  '{"toString":1,"valueOf":null,"hasOwnProperty":"x","status":"running"}',
  '{"then":{"then":1},"status":"running","toJSON":{},"catch":"x"}',
  '{"status":"starting","status":"running","1":2,"-0":3,"":4}',
  '{"status":"running","uptime":1e999,"n":-1e999,"e":[1E-400,0.1e308]}',
  '{"type":"x","data":{"__proto__":{"polluted":1}},"attempt":"x","retryIn":{},"status":"running"}',
  '{"status":"running","text":"\\u0000\\ud800\\u2028</script>"}',
  ["an array of 100,000 levels", '{"status":"running","deep":', ...deep("[", "]"), "}"],
  ["an object of 100,000 levels", '{"status":"running","deep":', ...deep('{"a":', "}"), "}"],
  ["3,000,000 characters", '{"status":"running","long":"', times(3_000_000, "x"), '"}'],
  ["a name of 1,000,000", '{"status":"running","', times(1_000_000, "k"), '":1}'],
];
const NOTHING = [
  '["__proto__"]',
  '"__proto__"',
  "null",
  "7",
  "{",
  '{"status":{"__proto__":1}}',
  ["nothing but 100,000 levels", ...deep("[", "]")],
];

for (const [payloads, expected] of [
  [RUNNING, ["running", "running"]],
  [NOTHING, ["MaxRetriesExceededError", "WatchError"]],
]) {
  for (const payload of payloads) {
    const [title, ...parts] = Array.isArray(payload) ? payload : [payload, payload];
    test(`hostile JSON changes no prototype and crashes nothing: ${title}`, () => isHarmless(parts, expected));
  }
}

async function isHarmless(parts, expected) {
  const steps = parts.map((part) => (typeof part === "string" ? { send: part } : part));
  const event = (name) => [{ send: `event: ${name}\ndata: ` }, ...steps, { send: "\n\n" }];
  for (const transport of ["eventsource", "fetch"]) {
    const streams = [[...event("error"), ...event("timeout")], [complete(), ...event("state")], event("complete")];
    const id = await simulator.script({ streams, reads: Array(5).fill(steps) });
    const facts = await browser.run(
      async (id, transport) => {
        lab.use(transport);
        const before = Object.getOwnPropertyNames(Object.prototype).join();
        const request = { id, target: "running", maxRetries: 2, retryDelay: 0 };
        const odd = [];
        const isOdd = (value) =>
          typeof value === "object" && value !== null && !Array.isArray(value)
            ? Object.getPrototypeOf(value) !== Object.prototype
            : typeof value === "function";
        const onEvent = (event) => {
          if (isOdd(event) || isOdd(event.data) || typeof event.attempt !== "number") odd.push(event.type);
          if (!["state", "complete", "timeout", "error"].includes(event.type)) odd.push(event.type);
        };
        const name = (promise) =>
          promise.then(
            (state) => {
              if (isOdd(state)) odd.push("the state");
              return state.status;
            },
            (error) => error.name,
          );
        const outcomes = [await name(lab.client().watchCvmState(request, { onEvent }))];
        outcomes.push(await name(lab.client().getCvmState({ id })));
        const after = Object.getOwnPropertyNames(Object.prototype).join();
        return [outcomes, odd, before === after, typeof {}.polluted, typeof [].polluted];
      },
      id,
      transport,
    );
    const [outcomes, ...rest] = facts;
    assert.deepEqual(rest, [[], true, "undefined", "undefined"]);
    assert.deepEqual(outcomes, expected);
  }
}

for (const entry of readdirSync(pkg).filter((file) => /^(index|url)\.js$/.test(file))) {
  test(`${entry} works under a strict Content Security Policy and Trusted Types`, async () => {
    const policy = [
      "default-src 'none'",
      "script-src 'self' 'wasm-unsafe-eval'",
      "connect-src 'self'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join("; ");
    const program = `
      import { createClient } from "/pkg/${entry}";
      const violations = [];
      document.addEventListener("securitypolicyviolation", (event) => violations.push(event.effectiveDirective));
      const states = [];
      for (const transport of ["eventsource", "fetch"]) {
        const client = createClient({ baseURL: "/api/v1", transport });
        states.push((await client.watchCvmState({ id: "my-database", target: "running" })).status);
      }
      const count = violations.length;
      try { eval("1"); } catch (error) { states.push(error.name); }
      try { document.body.innerHTML = "<p>"; } catch (error) { states.push(error.name); }
      document.title = [...states, count].join();
    `;
    const site = await startSite({ "content-security-policy": policy }, program);
    try {
      await browser.driver.get(site.origin);
      await browser.driver.wait(until.titleIs("running,running,EvalError,TypeError,0"), 20_000);
    } finally {
      site.stop();
      await browser.open(simulator);
    }
  });
}

test("nothing in the built files makes code of text", () => {
  const files = readdirSync(pkg).filter((file) => file.endsWith(".js"));
  assert.ok(files.includes("index.js"));
  for (const file of files) {
    const text = readFileSync(new URL(file, pkg), "utf8");
    const makers =
      /\beval\b|\bnew Function\b|(?<![`\w])Function\s*\(|\bsetTimeout\(\s*["'`]|\bimport\(|\binnerHTML\b|\bdocument\.write/;
    assert.doesNotMatch(text, makers, file);
  }
});

/** A site of one page, with the package and, beneath `/api/v1`, the simulator's API; it notes what else it is asked for. */
async function startSite(headers = {}, program = "") {
  const requests = [];
  const page = '<!doctype html><title>-</title><script type="module" src="/program.js"></script>';
  const types = { js: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const { url } = request;
    const answer = (type, body) => response.writeHead(200, { "content-type": type, ...headers }).end(body);
    const file = /^\/pkg\/(\w+\.(js|wasm))$/.exec(url);
    if (url === "/" || url === "/simulator/blank") return answer("text/html", page);
    if (url === "/program.js") return answer("text/javascript", program);
    if (file) return answer(types[file[2]], readFileSync(new URL(file[1], pkg)));
    if (/^\/api\/v1\/cvms\/my-database\/state/.test(url)) {
      return get(`${simulator.origin}${url}`, { headers: { accept: request.headers.accept } }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode, { "content-type": answer.headers["content-type"] }));
      });
    }
    if (url !== "/favicon.ico") requests.push(url);
    response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { origin: `http://localhost:${server.address().port}`, requests, stop };
}
