// The JavaScript side: arguments, clients, addresses, credentials, loading.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startBrowser } from "./browser.js";
import { answer, complete, say, startSimulator, state, tells } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
// A page of its own for each test: where a stream is refused, the whole page tries none for a while.
beforeEach(() => browser.open(simulator));
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

const driver = () => browser.driver;

/** The bad fields that a call is rejected with; it never throws, and makes no request. */
function badFields(call) {
  return browser.run(`
    const { createClient, watchCvmState } = api;
    const client = createClient({ baseURL: "/api/v1" });
    const good = { id: "my-app", target: "running" };
    let promise;
    try { promise = ${call}; } catch (error) { throw new Error("thrown synchronously: " + error); }
    const error = await promise.then(() => "resolved", (error) => error);
    if (!(error instanceof api.ValidationError && error instanceof api.WatchError)) throw error;
    if (error.attempts !== 0) throw new Error("attempts");
    for (const { field, message } of error.validationErrors) {
      if (!error.message.includes(field + " " + message)) throw new Error("the message leaves out " + field);
    }
    return error.validationErrors;
  `);
}

test("bad arguments of every kind: ValidationError names every bad field, and no request is made", async () => {
  const values = [
    "null",
    "true",
    "[]",
    "{}",
    "() => 1",
    "Symbol()",
    "10n",
    "NaN",
    "-1",
    "1e300",
    "Object(5)",
    "new Date()",
  ];
  for (const field of ["interval", "timeout", "maxRetries", "retryDelay"]) {
    for (const value of [...values, '"5"', "''"]) {
      if (field === "maxRetries" && value === "1e300") continue; // A long time, but an integer.
      if (field === "retryDelay" && value === "() => 1") continue;
      const errors = await badFields(`client.watchCvmState({ ...good, ${field}: ${value} })`);
      assert.deepEqual(
        errors.map((error) => error.field),
        [field],
        value,
      );
    }
  }
  for (const field of ["id", "uuid", "app_id", "instance_id", "name", "target"]) {
    for (const value of values) {
      if (value === "null" && field !== "id" && field !== "target") continue; // Not given, and the id is.
      const errors = await badFields(`client.watchCvmState({ ...good, ${field}: ${value} })`);
      assert.deepEqual(
        errors.map((error) => error.field),
        [field],
        value,
      );
    }
  }
  for (const value of ["true", "{}", "'abort'", "new EventTarget()", "new AbortController()"]) {
    assert.deepEqual((await badFields(`client.watchCvmState({ ...good, signal: ${value} })`))[0].field, "signal");
    assert.deepEqual((await badFields(`client.watchCvmState(good, { signal: ${value} })`))[0].field, "signal");
  }
  for (const value of ["null", "true", "{}", "'log'"]) {
    assert.deepEqual((await badFields(`client.watchCvmState({ ...good, onEvent: ${value} })`))[0].field, "onEvent");
  }
  assert.deepEqual(await simulator.call("GET", "requests"), []);
});

test("bad arguments, all at once", async () => {
  const errors = await badFields(`watchCvmState(
    createClient({ baseURL: "ftp://x", useCookieAuth: "yes", transport: "carrier pigeon" }),
    { uuid: "1", name: 7, target: "", interval: "5", timeout: 9, maxRetries: 0.5, retryDelay: 2 ** 31, onEvent: 1 },
    { signal: 1 },
  )`);
  assert.deepEqual(errors, [
    {
      field: "baseURL",
      message:
        'must be an http(s) URL, or a path relative to the page, without user name, query and fragment, but is "ftp://x"',
    },
    { field: "useCookieAuth", message: 'must be true or false, but is "yes"' },
    { field: "transport", message: 'must be "auto", "eventsource", "fetch" or "poll", but is "carrier pigeon"' },
    { field: "onEvent", message: "must be a function, but is 1" },
    { field: "signal", message: "must be an AbortSignal, but is 1" },
    { field: "uuid", message: 'must be a version 4 UUID, each hyphen optional, but is "1"' },
    { field: "name", message: "must be a string, but is 7" },
    {
      field: "target",
      message: 'must be a status to wait for, such as "running", or an array of 1 to 16 different ones, but is ""',
    },
    { field: "interval", message: 'must be a number of seconds from 5 to 30, but is "5"' },
    { field: "timeout", message: "must be a number of seconds from 10 to 600, but is 9" },
    { field: "maxRetries", message: "must be an integer from 0, or Infinity, but is 0.5" },
    {
      field: "retryDelay",
      message: "must be a number of milliseconds from 0 to 2147483647, or a function that gives one, but is 2147483648",
    },
  ]);
});

test("identifiers: the first that is given is used and checked, the others must only be strings", async () => {
  const rules = {
    uuid: 'must be a version 4 UUID, each hyphen optional, but is "-"',
    name: 'must be 5 to 63 letters, digits and single hyphens, starting with a letter and not ending with a hyphen, but is "-"',
  };
  for (const [field, message] of Object.entries(rules)) {
    const errors = await badFields(`client.watchCvmState({ id: null, ${field}: "-", target: "running" })`);
    assert.deepEqual(errors, [{ field, message }]);
  }
  const cvm = { uuid: null, app_id: "", instance_id: "i-1", name: "-" };
  await simulator.call("PUT", "cvms/i-1/script", { streams: [[state("running"), complete()]] });
  const outcome = await browser.watch({ id: undefined, ...cvm, target: "running" });
  assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
});

test("no arguments at all", async () => {
  const fields = async (call) => (await badFields(call)).map((error) => error.field);
  assert.deepEqual(await fields("watchCvmState()"), ["client", "request"]);
  assert.deepEqual(await fields("watchCvmState({}, {})"), ["client", "id", "target"]);
  assert.deepEqual(await fields("client.watchCvmState()"), ["request"]);
  assert.deepEqual(await fields("client.watchCvmState('my-app')"), ["request"]);
  assert.deepEqual(await fields("client.watchCvmState(null, null)"), ["options", "request"]);
  assert.deepEqual(await fields("createClient(null).watchCvmState(good)"), ["config"]);
  assert.deepEqual(await fields("createClient('http://x').watchCvmState(good)"), ["config"]);
});

test("base URLs that could lead elsewhere are refused", async () => {
  for (const baseURL of ["", "http://", "data:text/plain,x", "javascript:alert(1)", "/api?x=1", "/api#x", 7, null]) {
    const errors = await badFields(`createClient({ baseURL: ${JSON.stringify(baseURL)} }).watchCvmState(good)`);
    assert.deepEqual(
      errors.map(({ field }) => field),
      ["baseURL"],
      String(baseURL),
    );
  }
  for (const baseURL of [
    "https://me:secret@x",
    "https://me:secret@x:99999/",
    "ftp://secret@x",
    "/api?k=secret",
    "/#secret",
  ]) {
    const [error] = await badFields(`createClient({ baseURL: "${baseURL}" }).watchCvmState(good)`);
    assert.equal(error.field, "baseURL");
    assert.doesNotMatch(error.message, /secret/);
  }
});

test("a getter that throws rejects with what it threw", async () => {
  const message = await browser.run(async () => {
    const request = {
      get id() {
        throw new Error("not today");
      },
    };
    return api
      .createClient()
      .watchCvmState(request)
      .catch((error) => error.message);
  });
  assert.equal(message, "not today");
});

test("both forms of the call; options win over the request; changes after the call have no effect", async () => {
  const id = await simulator.script({ streams: Array(3).fill([state("running"), complete()]) });
  const seen = await browser.run(async (id) => {
    const { watchCvmState } = api.createClient({ baseURL: "/api/v1" });
    const client = api.createClient({ baseURL: "/api/v1" });
    const seen = [];
    const request = { id, target: "running", onEvent: () => seen.push("request"), signal: AbortSignal.abort() };
    const { signal } = new AbortController();
    const first = watchCvmState(request, { signal, onEvent: () => seen.push("option") });
    request.target = "";
    request.id = "elsewhere";
    await first;
    await api.watchCvmState(client, { id, target: "running" }, { onEvent: () => seen.push("function") });
    await api.watchCvmState(client, { id, target: "running", signal: null });
    return seen;
  }, id);
  assert.deepEqual(seen, ["option", "option", "function", "function"]);
  assert.equal((await simulator.closed(id)).length, 3);
});

test("the request goes to the right path, with the right query", async () => {
  const [uuid, app] = ["550E8400-e29b-41d4-a716-446655440000", "50b0e827cc6c53f4010b57e588a18c5ef9388cc1"];
  const cases = [
    [{ uuid }, "550E8400e29b41d4a716446655440000"],
    [{ app_id: app }, `app_${app}`],
    [{ id: "", name: "my-name" }, "my-name"],
    [{ id: "../../secret?a=b#c", instance_id: "x" }, "../../secret?a=b#c"],
  ];
  for (const [which, cvm] of cases) {
    await simulator.call("DELETE", "requests");
    await browser.watch({ ...which, target: "a b&target=c", interval: 7.5, timeout: 10.25, maxRetries: 0 });
    const [request] = await simulator.call("GET", "requests");
    const query = "target=a%20b%26target%3Dc&interval=7.5&timeout=10.25";
    assert.equal(request.path, `/api/v1/cvms/${encodeURIComponent(cvm)}/state?${query}`);
    assert.equal(request.cvm, cvm);
  }
});

test("base URLs, relative and absolute, with and without a slash at the end", async () => {
  const path = new URL(simulator.origin);
  for (const baseURL of ["/api/v1", "/api/v1/", "../api/v1", `${path.origin}/api/v1/`, `//${path.host}/api/v1`]) {
    const id = await simulator.script({ streams: [[state("running"), complete()]] });
    const outcome = await browser.watch({ id, target: "running" }, { baseURL });
    assert.equal(outcome.state?.status, "running", baseURL);
    assert.match((await simulator.closed(id))[0].path, new RegExp(`^/api/v1/cvms/${id}/state`));
  }
});

test("useCookieAuth: cookies go to another origin, with the stream and with the one-shot read; else not", async () => {
  const other = await startSimulator();
  try {
    // Cookies know no ports: what is set here belongs to the other one too.
    await browser.run(() => {
      // biome-ignore lint/suspicious/noDocumentCookie: not every engine has the Cookie Store API
      document.cookie = "session=me; path=/";
    });
    for (const useCookieAuth of [true, false, undefined]) {
      const id = await other.script({ streams: [[complete()]] });
      await other.call("PUT", `cvms/${id}`, { status: "running" });
      await other.call("PUT", `cvms/${id}/script`, { streams: [[complete()]] });
      const config = { baseURL: `${other.origin}/api/v1`, useCookieAuth };
      const outcome = await browser.watch({ id, target: "running" }, config);
      assert.equal(outcome.state?.status, "running", JSON.stringify(outcome.error));
      const cookies = (await other.closed(id)).map(({ kind, headers }) => [kind, headers.cookie]);
      const expected = useCookieAuth ? "session=me" : undefined;
      assert.deepEqual(cookies, [
        ["stream", expected],
        ["read", expected],
      ]);
    }
  } finally {
    other.stop();
  }
});

test("another origin that does not allow the page: a failed attempt", async () => {
  const other = await startSimulator();
  try {
    const denied = { respond: { status: 200, headers: { "access-control-allow-origin": null } } };
    const id = await other.script({ streams: [[denied, state("running")]], reads: [[denied, { send: "{}" }]] });
    const config = { baseURL: `${other.origin}/api/v1` };
    const outcome = await browser.watch({ id, target: "running", maxRetries: 0 }, config);
    assert.equal(outcome.error.name, "MaxRetriesExceededError");
    assert.match(outcome.error.cause.message, /could not be reached/);
  } finally {
    other.stop();
  }
});

test("credentials that cannot be sent are refused, and never shown", async () => {
  const bad = [
    ["apiKey", ['""', "7", "null", '"s3cret\\n"', '"s3crét€"', "{ s3cret: 1 }"]],
    ["headers", ['"x: s3cret"', "null", '{ "x y": "s3cret" }', '{ x: "s3cret\\r\\ny: z" }', "{ x: 7 }", "[7]"]],
    ["version", ["7", '""', '"s3cret\\n"']],
  ];
  for (const [field, values] of bad) {
    for (const value of values) {
      const errors = await badFields(`createClient({ ${field}: ${value} }).watchCvmState(good)`);
      assert.deepEqual(
        errors.map((error) => error.field),
        [field],
        value,
      );
      assert.doesNotMatch(JSON.stringify(errors), /s3cr/);
    }
  }
  for (const config of ['apiKey: "k"', 'headers: { x: "y" }', 'version: "1"']) {
    const errors = await badFields(`createClient({ transport: "eventsource", ${config} }).watchCvmState(good)`);
    assert.match(errors[0].message, /it sends no header/);
  }
});

test("key, headers and version are sent by fetch, functions asked anew for each attempt", async () => {
  const id = await simulator.script({ streams: [["end"], ["end"], [complete()]], reads: [tells("running")] });
  const [status, asked] = await browser.run(async (id) => {
    let asked = 0;
    const client = api.createClient({
      baseURL: "/api/v1",
      apiKey: async () => `key-${++asked}`,
      headers: () => new Headers({ "X-Tenant": `tenant-${asked}` }),
      version: "2026-01-21",
    });
    const state = await client.watchCvmState({ id, target: "running", retryDelay: 0 });
    return [state.status, asked];
  }, id);
  assert.deepEqual([status, asked], ["running", 4]);
  const requests = await simulator.closed(id);
  const sent = requests.map(({ headers }) => [headers["x-api-key"], headers["x-tenant"], headers["x-phala-version"]]);
  assert.deepEqual(
    sent,
    [1, 2, 3, 4].map((n) => [`key-${n}`, `tenant-${n - 1}`, "2026-01-21"]),
  );
  assert.deepEqual(
    requests.map(({ kind }) => kind),
    ["stream", "stream", "stream", "read"],
  );
});

test("useCookieAuth sends no key", async () => {
  const id = await simulator.script({ streams: [[state("running"), complete()]] });
  await browser.watch({ id, target: "running" }, { apiKey: "s3cret", useCookieAuth: true, transport: "auto" });
  const [request] = await simulator.closed(id);
  assert.equal(request.headers["x-api-key"], undefined);
});

test("if a function for a key or headers fails, so does the attempt, with a message that says why", async () => {
  const cases = {
    "apiKey: () => { throw new Error('s3cret'); }": /function apiKey has failed with Error/,
    "apiKey: () => JSON.parse('s3cret')": /function apiKey has failed with SyntaxError/,
    "apiKey: () => Promise.reject('s3cret')": /function apiKey has failed with no error/,
    "apiKey: () => undefined": /function apiKey must give a string/,
    "apiKey: async () => 's3cret\\n'": /function apiKey must give a string/,
    "headers: () => ({ x: 's3\\ncret' })": /function headers must give an object of strings/,
    "headers: async () => 's3cret'": /function headers must give an object of strings/,
  };
  for (const [config, message] of Object.entries(cases)) {
    const id = await simulator.script({ streams: [["hold"]] });
    const error = await browser.run(
      `const client = api.createClient({ baseURL: "/api/v1", ${config} });
       const request = { id: args[0], target: "running", maxRetries: 1, retryDelay: 0 };
       return lab.describe(await client.watchCvmState(request).catch((error) => error));`,
      id,
    );
    assert.equal(error.name, "MaxRetriesExceededError");
    assert.equal(error.attempts, 2);
    assert.match(error.cause.message, message);
    assert.doesNotMatch(JSON.stringify(error), /s3cret/);
    assert.deepEqual(await simulator.requests(id), []);
  }
});

test("no key and no header's value is in any message, event, log line, URL or JSON.stringify(error)", async () => {
  const secrets = { apiKey: "k3y-s3cret", headers: { "X-Extra": "h3ader-s3cret" } };
  const refusal = (status) => answer(status, "refused");
  const redirect = [{ respond: { status: 302, headers: { location: "/elsewhere" } } }, "end"];
  const scripts = [
    [[state("running"), complete()]],
    [[say("error", { error: "x" }), say("state", "{"), "reset"], ["end"]],
    [refusal(503), refusal(404)],
    [redirect],
    [[say("timeout", {})], [{ respond: { status: 200, headers: { "content-type": "text/html" } } }]],
  ];
  await driver().manage().logs().get("browser");
  const told = [];
  for (const streams of scripts) {
    const id = await simulator.script({ streams, reads: [tells("starting")] });
    told.push(
      await browser.run(
        async (id, config) => {
          const client = api.createClient({ baseURL: "/api/v1", ...config });
          const events = [];
          const onEvent = (event) => events.push(event);
          const retryDelay = (_failures, error) => {
            events.push(String(error.stack), JSON.stringify(error));
            return 0;
          };
          const request = { id, target: "running", maxRetries: 1, retryDelay, onEvent };
          const error = await client.watchCvmState(request).catch((error) => error);
          const read = await client.getCvmState({ id: `${id}-unknown` }).catch((error) => error);
          const all = [error, error.cause, read].flatMap((error) => [
            JSON.stringify(error),
            String(error),
            error?.stack,
            JSON.stringify(error && Object.getOwnPropertyNames(error).map((name) => String(error[name]))),
          ]);
          console.log(error, client);
          return JSON.stringify([events, all, JSON.stringify(client)]);
        },
        id,
        secrets,
      ),
    );
    for (const { headers, path } of await simulator.closed(id)) {
      assert.deepEqual([headers["x-api-key"], headers["x-extra"]], [secrets.apiKey, secrets.headers["X-Extra"]]);
      told.push(path);
    }
  }
  const logs = await driver().manage().logs().get("browser");
  told.push(...logs.map(({ message }) => message));
  assert.ok(told.join().length > 1000 && logs.length > 0);
  assert.doesNotMatch(told.join(), /s3cret/);
});

test("retryDelay may be a function of the failures since the last state, and of the error", async () => {
  const id = await simulator.script({
    streams: [["end"], answer(503, "busy"), [state("starting"), "end"], ["end"], [state("running"), complete()]],
  });
  const [asked, retryIn] = await browser.run(async (id) => {
    const asked = [];
    const retryIn = [];
    const retryDelay = (failures, error) => {
      asked.push([failures, error.name, error.status, error.code, error instanceof Error]);
      return failures * 10;
    };
    const onEvent = (event) => event.type === "error" && retryIn.push(event.retryIn);
    const client = api.createClient({ baseURL: "/api/v1", transport: "fetch" });
    await client.watchCvmState({ id, target: "running", retryDelay, onEvent });
    return [asked, retryIn];
  }, id);
  assert.deepEqual(asked, [
    [1, "Error", null, "ended", true],
    [2, "RequestError", 503, "status", true],
    [1, "Error", null, "ended", true],
    [2, "Error", null, "ended", true],
  ]);
  assert.deepEqual(retryIn, [10, 20, 10, 20]);
});

test("a retryDelay that throws or gives no delay ends the watch with a ValidationError", async () => {
  const cases = {
    "() => { throw new RangeError('no idea'); }": /has thrown: no idea/,
    "() => 'soon'": /has given "soon"/,
    "() => undefined": /has given undefined/,
    "() => NaN": /has given NaN/,
    "() => -1": /has given -1/,
    "() => 2 ** 31": /has given 2147483648/,
    "async () => 5": /has given an object/,
  };
  for (const [retryDelay, message] of Object.entries(cases)) {
    const id = await simulator.script({ streams: [[state("starting"), "end"]] });
    const error = await browser.run(
      `const request = { id: args[0], target: "running", retryDelay: ${retryDelay} };
       return lab.describe(await lab.client().watchCvmState(request).catch((error) => error));`,
      id,
    );
    assert.equal(error.name, "ValidationError");
    assert.match(error.validationErrors[0].message, message);
    assert.equal(error.validationErrors[0].field, "retryDelay");
    assert.deepEqual([error.attempts, error.lastState.status], [1, "starting"]);
    if (retryDelay.includes("throw")) assert.equal(error.cause.name, "RangeError");
    assert.equal((await simulator.closed(id)).length, 1);
  }
});

test("exponentialBackoff: delays that grow up to the longest, and differ", async () => {
  const [exact, jittered, defaults, none, bad] = await browser.run(() => {
    const { exponentialBackoff } = api;
    const delays = (options) => [1, 2, 3, 4, 50, 5000].map(exponentialBackoff(options));
    const attempt = (options) => {
      try {
        return exponentialBackoff(options);
      } catch (error) {
        return [error instanceof api.ValidationError, error.validationErrors.map(({ field }) => field)];
      }
    };
    return [
      delays({ base: 100, factor: 3, max: 1000, jitter: 0 }),
      Array.from({ length: 200 }, () => exponentialBackoff({ base: 100, jitter: 0.2 })(1)),
      delays(),
      exponentialBackoff({ base: 0 })(5000),
      [attempt({ base: -1, factor: 0.5, max: 2 ** 31, jitter: 2 }), attempt({ base: "1", jitter: Number.NaN })],
    ];
  });
  assert.deepEqual(exact, [100, 300, 900, 1000, 1000, 1000]);
  assert.ok(jittered.every((delay) => delay > 80 && delay <= 100) && new Set(jittered).size > 100);
  assert.ok(defaults.every((delay) => delay >= 500 && delay <= 60_000));
  assert.equal(none, 0);
  assert.deepEqual(bad, [
    [true, ["base", "factor", "max", "jitter"]],
    [true, ["base", "jitter"]],
  ]);
});

test("getCvmState: the present state, once, or a typed error", async () => {
  const id = await simulator.script({
    reads: [
      tells("stopped"),
      answer(404, "CVM not found"),
      answer(503, "busy"),
      [{ send: "{}" }],
      ...Array(5).fill(["reset"]),
    ],
  });
  const outcomes = await browser.run(async (id) => {
    const client = lab.client();
    const outcomes = [];
    for (let i = 0; i < 5; i++) {
      outcomes.push(await api.getCvmState(client, { id }).catch(lab.describe));
    }
    return outcomes;
  }, id);
  const [stopped, unknown, busy, noState, broken] = outcomes;
  assert.deepEqual(stopped, { status: "stopped" });
  assert.deepEqual([unknown.name, unknown.status, unknown.detail], ["RequestError", 404, "CVM not found"]);
  assert.deepEqual([busy.name, busy.status, busy.attempts], ["RequestError", 503, 1]);
  assert.deepEqual([noState.name, noState.classes], ["WatchError", ["WatchError"]]);
  assert.match(noState.message, /without a `status`/);
  assert.match(broken.message, new RegExp(`the read of CVM "${id}" has failed: the server could not be reached`));
});

test("the message of a refusal has the words of its detail", async () => {
  const details = [
    ["CVM not found", ": CVM not found"],
    [[{ msg: "too small" }, { loc: [] }, { msg: "too odd" }], ": too small; too odd"],
    [{ error_code: "ERR-01", message: "not yours" }, ": not yours"],
    [{ error: "gone", message: "" }, ": gone"],
    ...[{ unheard: "of" }, [], "", { message: "" }, 7, null, [null]].map((detail) => [detail, ""]),
  ];
  const id = await simulator.script({ reads: details.map(([detail]) => answer(422, detail)) });
  const messages = await browser.run(
    async (id, count) => {
      const { getCvmState } = lab.client();
      const refused = () => getCvmState({ id }).catch(({ message, detail }) => [detail, message]);
      const all = [];
      while (all.length < count) all.push(await refused());
      return all;
    },
    id,
    details.length,
  );
  const begin = `the read of CVM "${id}": the server answered with status 422`;
  assert.deepEqual(
    messages,
    details.map(([detail, words]) => [detail, begin + words]),
  );
});

test("getCvmState: aborts, times out, and checks its arguments", async () => {
  const id = await simulator.script({ reads: [["hold"], ["hold"]] });
  const [aborted, timedOut, fields] = await browser.run(async (id) => {
    const { getCvmState } = lab.client();
    const describe = lab.describe;
    const signal = AbortSignal.timeout(100);
    return [
      await getCvmState({ id }, { signal }).catch(describe),
      await getCvmState({ id, timeout: 10 }).catch(describe),
      (await getCvmState({ id: 7, timeout: 1, signal: 1 }).catch((error) => error)).validationErrors.map(
        (e) => e.field,
      ),
    ];
  }, id);
  assert.equal(aborted.name, "WatchAbortedError");
  assert.deepEqual([timedOut.name, timedOut.cause.name], ["WatchError", "TimeoutError"]);
  assert.deepEqual(fields, ["signal", "id", "timeout"]);
  for (const read of await simulator.closed(id)) assert.equal(read.ending, "client left");
});

test("after an abort nothing is sent any more, even if a function gives the key then", async () => {
  const [name, sent] = await browser.run(async () => {
    const real = globalThis.fetch;
    let sent = 0;
    globalThis.fetch = () => {
      sent += 1;
      return new Promise(() => {});
    };
    let give;
    const apiKey = () =>
      new Promise((resolve) => {
        give = resolve;
      });
    const controller = new AbortController();
    const reading = lab.client({ apiKey }).getCvmState({ id: "my-app" }, { signal: controller.signal });
    while (!give) await new Promise((resolve) => setTimeout(resolve));
    controller.abort();
    const { name } = await reading.catch((error) => error);
    give("s3cret");
    // All callbacks of settled promises run before the next task.
    await new Promise((resolve) => setTimeout(resolve));
    globalThis.fetch = real;
    return [name, sent];
  });
  assert.deepEqual([name, sent], ["WatchAbortedError", 0]);
});

test("whatever globals a page has changed, the promise settles", async () => {
  const id = await simulator.script({ streams: Array(9).fill([state("running"), complete()]) });
  const names = await browser.run(async (id) => {
    const revoked = () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    };
    const evil = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("evil");
        },
      },
    );
    const watch = (request, config) =>
      lab
        .client(config)
        .watchCvmState({ id, target: "running", maxRetries: 0, ...request })
        .then(
          (state) => state.status,
          (error) => error.name,
        );
    const outcomes = [
      await watch({ id: revoked() }),
      await watch({ signal: revoked() }),
      await watch({ onEvent: revoked() }),
      await watch({}, { headers: evil }),
      await watch({}, { headers: revoked() }),
    ];
    const { fetch, reportError } = globalThis;
    const swallow = (event) => event.preventDefault();
    addEventListener("error", swallow);
    try {
      globalThis.fetch = () => {
        throw new Error("instrumented");
      };
      outcomes.push(await watch({}, { transport: "fetch" }));
      globalThis.fetch = async () => undefined;
      outcomes.push(await watch({}, { transport: "fetch" }));
      globalThis.fetch = async (...args) => {
        const response = await fetch(...args);
        response.body.getReader();
        return response;
      };
      outcomes.push(await watch({}, { transport: "fetch" }));
      globalThis.fetch = async (...args) => {
        const response = await fetch(...args);
        await response.text();
        return response;
      };
      outcomes.push(await watch({}, { transport: "fetch" }));
      globalThis.fetch = async () => {
        const start = (controller) => controller.enqueue("text, not bytes");
        const headers = { "content-type": "text/event-stream" };
        return new Response(new ReadableStream({ start }), { headers });
      };
      outcomes.push(await watch({ timeout: 10 }, { transport: "fetch" }));
      globalThis.fetch = fetch;
      globalThis.reportError = () => {
        throw new Error("the page's own");
      };
      outcomes.push(
        await watch({
          onEvent: () => {
            throw new Error("oops");
          },
        }),
      );
    } finally {
      Object.assign(globalThis, { fetch, reportError });
      await new Promise((resolve) => setTimeout(resolve, 10));
      removeEventListener("error", swallow);
    }
    return outcomes;
  }, id);
  const invalid = Array(5).fill("ValidationError");
  assert.deepEqual(names, [...invalid, ...Array(5).fill("MaxRetriesExceededError"), "running"]);
});

test("any object with the methods of a signal is one, from another frame or of no class too", async () => {
  const id = await simulator.script({ streams: [["hold"], ["hold"]] });
  const outcomes = await browser.run(async (id) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const controller = new frame.contentWindow.AbortController();
    const listeners = new Set();
    const likeness = {
      aborted: false,
      reason: "enough",
      addEventListener: (_, listener) => listeners.add(listener),
      removeEventListener: (_, listener) => listeners.delete(listener),
    };
    const watching = [controller.signal, likeness].map((signal) =>
      lab
        .client()
        .watchCvmState({ id, target: "running", signal })
        .catch((error) => error),
    );
    setTimeout(() => {
      controller.abort("enough");
      likeness.aborted = true;
      for (const listener of listeners) listener();
    }, 50);
    const errors = await Promise.all(watching);
    const bad = await lab
      .client()
      .watchCvmState({ id, target: "running", signal: { aborted: 0, addEventListener() {} } })
      .catch((error) => error);
    return [errors.map(({ name, cause }) => [name, cause]), listeners.size, bad.validationErrors[0].field];
  }, id);
  const aborted = ["WatchAbortedError", "enough"];
  assert.deepEqual(outcomes, [[aborted, aborted], 0, "signal"]);
});

test("createClient never throws: what is wrong with it rejects the first watch", async () => {
  const message = await browser.run(() => {
    const config = {
      get baseURL() {
        throw new Error("not today");
      },
    };
    return api
      .createClient(config)
      .watchCvmState({ id: "my-app", target: "x" })
      .catch((error) => error.message);
  });
  assert.equal(message, "not today");
});

test("the error classes are real: instanceof, name, message, stack, cause, toString", async () => {
  const facts = await browser.run(async () => {
    const client = api.createClient({ baseURL: "/api/v1" });
    const error = await client
      .watchCvmState({ id: "my-app", target: "x", signal: AbortSignal.abort(7) })
      .catch((e) => e);
    return [
      error instanceof Error,
      Object.prototype.toString.call(error),
      String(error).startsWith("WatchAbortedError: the watch of CVM"),
      error.stack.startsWith("WatchAbortedError: "),
      error.cause,
      Object.keys(error),
      Object.hasOwn(error, "lastState"),
    ];
  });
  assert.deepEqual(facts, [true, "[object Error]", true, true, 7, ["attempts"], false]);
});

test("a client shows nothing of what it was made with", async () => {
  const text = await browser.run(() => {
    const client = api.createClient({ baseURL: "/secret" });
    return JSON.stringify([client, Object.getOwnPropertyNames(client), String(client)]);
  });
  assert.doesNotMatch(text, /secret/);
});

test("the WebAssembly loads by itself, once, at the first watch; a load that failed may be tried again", async () => {
  await browser.open(simulator);
  const facts = await browser.run(async () => {
    const instantiate = WebAssembly.instantiate;
    let loads = 0;
    const client = api.createClient({ baseURL: "/api/v1" });
    const watch = () => client.watchCvmState({ id: "my-database", target: "running" }).catch((error) => error);
    try {
      WebAssembly.instantiate = async () => {
        throw new WebAssembly.CompileError("blocked by CSP");
      };
      const failed = await watch();
      WebAssembly.instantiate = (...args) => {
        loads++;
        return instantiate.apply(WebAssembly, args);
      };
      const states = await Promise.all([watch(), watch(), watch()]);
      const { message, cause, attempts } = failed;
      return [
        failed instanceof api.WatchError,
        message,
        cause.name,
        attempts,
        loads,
        states.map(({ status }) => status),
      ];
    } finally {
      WebAssembly.instantiate = instantiate;
    }
  });
  assert.deepEqual(facts, [
    true,
    "the WebAssembly module could not be loaded: blocked by CSP",
    "CompileError",
    0,
    1,
    ["running", "running", "running"],
  ]);
});

test("a relative baseURL in a worker that was made from a blob is relative to the page's origin", async () => {
  const status = await browser.run(async () => {
    const source = `
      import { createClient } from "${new URL("/pkg/index.js", location)}";
      const answer = createClient({ baseURL: "/api/v1" }).getCvmState({ id: "my-database" });
      answer.then(({ status }) => postMessage(status), (error) => postMessage(String(error)));`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    const message = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    worker.terminate();
    URL.revokeObjectURL(url);
    return message;
  });
  assert.equal(status, "running");
});
