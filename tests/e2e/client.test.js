// The JavaScript face: arguments, clients, addresses, credentials, loading.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser } from "./browser.js";
import { complete, startSimulator, state } from "./simulator.js";

let simulator;
let browser;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
  await browser.open(simulator);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

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
    { uuid: "1", name: "-", target: "", interval: "5", timeout: 9, maxRetries: 0.5, retryDelay: 2 ** 31, onEvent: 1 },
    { signal: 1 },
  )`);
  assert.deepEqual(errors, [
    { field: "baseURL", message: 'must be an http(s) URL, or a path relative to the page, but is "ftp://x"' },
    { field: "useCookieAuth", message: 'must be true or false, but is "yes"' },
    { field: "transport", message: 'must be "auto" or "eventsource", but is "carrier pigeon"' },
    { field: "uuid", message: 'must be a version 4 UUID, each hyphen optional, but is "1"' },
    {
      field: "name",
      message:
        'must be 5 to 63 letters, digits and single hyphens, starting with a letter and not ending with a hyphen, but is "-"',
    },
    { field: "target", message: 'must be a status to wait for, such as "running", but is ""' },
    { field: "interval", message: 'must be a number of seconds from 5 to 30, but is "5"' },
    { field: "timeout", message: "must be a number of seconds from 10 to 600, but is 9" },
    { field: "maxRetries", message: "must be an integer from 0, or Infinity, but is 0.5" },
    { field: "retryDelay", message: "must be a number of milliseconds from 0 to 2147483647, but is 2147483648" },
    { field: "signal", message: "must be an AbortSignal, but is 1" },
    { field: "onEvent", message: "must be a function, but is 1" },
  ]);
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
  const [error] = await badFields(`createClient({ baseURL: "https://me:secret@x/api" }).watchCvmState(good)`);
  assert.equal(error.field, "baseURL");
  assert.doesNotMatch(error.message, /secret/);
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
