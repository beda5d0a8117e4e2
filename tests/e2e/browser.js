// A real browser, driven over WebDriver.

import { startEngine } from "./engines.js";

/** Starts a browser: Chromium, or another of the engines; with further capabilities of WebDriver's. */
export async function startBrowser(engine = "chromium", capabilities = {}) {
  const started = await startEngine(engine, capabilities);
  await started.driver.manage().setTimeouts({ script: 600_000 });
  return new Browser(started);
}

/** Goes to the page as text, and there puts a script into it. */
function inject(source, done, tell) {
  const script = document.createElement("script");
  script.type = "module";
  script.src = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const finish = (told) => {
    script.remove();
    URL.revokeObjectURL(script.src);
    tell(told);
  };
  addEventListener(done, ({ detail }) => finish(detail), { once: true });
  script.onerror = () => finish(JSON.stringify({ error: "the code cannot be loaded" }));
  document.head.append(script);
}

class Browser {
  runs = 0;

  constructor({ driver, processes, stop }) {
    this.driver = driver;
    /** The ids of the browser's processes. */
    this.processes = processes;
    this.stopDriver = stop;
  }

  /** Opens an empty page of the simulator's, with the package and the lab on it. */
  async open(simulator) {
    await this.driver.get(`${simulator.origin}/simulator/blank`);
    await this.run(`(${lab})(); globalThis.api = await import(new URL("/pkg/index.js", location));`);
  }

  /** Runs code (a function, or the body of one) in the page, and gives what it returns. */
  async run(code, ...args) {
    const body = typeof code === "function" ? `return (${code})(...args);` : code;
    const done = `ran-${++this.runs}`;
    const source = `
      const run = async (...args) => { ${body} };
      const orNull = (_, value) => value === undefined ? null : value;
      const told = run(...${JSON.stringify(args)}).then(
        (value) => ({ value }), (error) => ({ error: error?.stack ? error + "\\n" + error.stack : String(error) }));
      dispatchEvent(new CustomEvent("${done}", { detail: JSON.stringify(await told, orNull) }));`;
    // As a script of the page's own: errors in a script that WebDriver injects are hidden, and Firefox gives such a
    // script other globals.
    const { value, error } = JSON.parse(await this.driver.executeAsyncScript(inject, source, done));
    if (error) throw new Error(`in the page: ${error}`);
    return value;
  }

  /** Watches to the end: what the callback saw, and the state or the error. */
  watch(request, config = {}) {
    return this.run((request, config) => lab.outcome(lab.begin(request, config)), request, config);
  }

  /** The same for a request given as source code, which can have functions. */
  watchWith(id, request, config = {}) {
    const watch = `lab.begin({ id: args[0], ...(${request}) }, args[1])`;
    return this.run(`return lab.outcome(lab.watches.last = ${watch});`, id, config);
  }

  /** Begins a watch that goes on. */
  begin(name, request, config = {}) {
    return this.run(
      (name, request, config) => {
        lab.watches[name] = lab.begin(request, config);
      },
      name,
      request,
      config,
    );
  }

  /** Waits for a watch's end. */
  outcome(name) {
    return this.run((name) => lab.outcome(lab.watches[name]), name);
  }

  abort(name, reason) {
    return this.run((name, reason) => lab.watches[name].controller.abort(reason), name, reason);
  }

  async stop() {
    try {
      await this.driver.quit();
    } finally {
      this.stopDriver();
    }
  }
}

/** What the page itself needs to run watches and tell about them. It goes there as text. */
function lab() {
  const watches = {};
  /** The real timer, whatever a test puts in its place. */
  const later = setTimeout;

  // Keeps the instance's memory: no public field of the package tells how large it is.
  let memory;
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
    return result;
  };

  function begin(request, config) {
    const controller = new AbortController();
    const events = [];
    const client = api.createClient({ baseURL: "/api/v1", transport: "eventsource", ...config });
    const settled = api
      .watchCvmState(client, request, {
        signal: controller.signal,
        onEvent: (event) => events.push({ at: performance.now(), event }),
      })
      .then(
        (state) => ({ state, at: performance.now() }),
        (error) => ({ error: describe(error), at: performance.now() }),
      );
    return { controller, events, settled, began: performance.now() };
  }

  async function outcome({ events, settled, began }) {
    const { state, error, at } = await settled;
    return {
      state,
      error,
      events: events.map(({ event }) => event),
      types: events.map(({ event }) => event.type),
      took: at - began,
    };
  }

  /** An error in a form that WebDriver can carry. */
  function describe(error) {
    if (!(error instanceof Error)) return { value: error };
    const { name, message, code, attempts, lastState, state, status, detail, validationErrors, cause } = error;
    const classes = Object.keys(api).filter((key) => /Error$/.test(key) && error instanceof api[key]);
    return {
      name,
      message,
      code,
      attempts,
      lastState,
      state,
      status,
      detail,
      validationErrors,
      classes,
      cause: cause && describe(cause),
    };
  }

  /** The clients that tests make in the page itself take this transport. */
  function use(transport) {
    lab.transport = transport;
  }
  const client = (config) => api.createClient({ baseURL: "/api/v1", transport: lab.transport, ...config });

  /** From now on this page's time goes by so many times as fast: both its clocks and its timers. */
  function hurry(factor) {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (action, ms, ...args) => setTimeout(action, ms / factor, ...args);
    for (const clock of [performance, Date]) {
      const now = clock.now.bind(clock);
      const start = now();
      clock.now = () => start + (now() - start) * factor;
    }
  }

  /** Waits until something is true. */
  async function until(condition) {
    while (!condition()) await new Promise((resolve) => later(resolve, 5));
  }

  /** Says that the page is hidden, or visible again. */
  function show(visibilityState) {
    Object.defineProperty(document, "visibilityState", { value: visibilityState, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }

  /** Notes when each read is sent from now on. */
  function noteReads() {
    const { fetch } = globalThis;
    const sentAt = [];
    globalThis.fetch = (url, init) => {
      if (init?.headers.get("Accept") === "application/json") sentAt.push(performance.now());
      return fetch(url, init);
    };
    return sentAt;
  }

  /** The most that happened in any second. */
  const mostInASecond = (times) =>
    Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length));

  const memoryBytes = () => memory.buffer.byteLength;
  globalThis.lab = {
    use,
    client,
    watches,
    begin,
    outcome,
    describe,
    hurry,
    until,
    show,
    noteReads,
    mostInASecond,
    memoryBytes,
  };
}
