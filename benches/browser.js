// A real Chromium, driven over the DevTools protocol alone: a WebDriver would change the times that are measured.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setUpBrowser } from "../scripts/setup.js";
import { fail, root, which } from "../scripts/shell.js";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const OF_MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/** The same flags as in the tests; and pages in the background are not throttled. */
const { args } = JSON.parse(readFileSync(join(root, "webdriver.json"), "utf8"))["goog:chromeOptions"];
const FLAGS = [
  ...args,
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  // The server's certificate is its own.
  "--ignore-certificate-errors",
  "--remote-debugging-pipe",
];

/** The longest that anything in the page may take, in ms, on a machine that has much else to do. */
const PATIENCE = 600_000;

export async function startBrowser() {
  await setUpBrowser();
  const program = process.env.CHROME ?? which(...NAMES) ?? (existsSync(OF_MACOS) ? OF_MACOS : undefined);
  if (!program) fail("Chromium is not on the PATH: say in CHROME where it is");
  const profile = mkdtempSync(join(tmpdir(), "cvm-watch-bench-"));
  const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
  const chromium = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], { stdio });
  return new Browser(chromium, profile);
}

class Browser {
  #next = 1;
  /** Answers that are awaited, by the number of the call. */
  #calls = new Map();
  /** Events that are awaited. */
  #waiting = new Set();

  constructor(chromium, profile) {
    this.chromium = chromium;
    this.profile = profile;
    let rest = "";
    chromium.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      for (const message of messages) this.#hear(JSON.parse(message));
    });
    chromium.once("exit", (code) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`Chromium has ended with exit code ${code}`));
    });
  }

  #hear({ id, sessionId, method, result, error }) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    clearTimeout(call?.timer);
    if (error) call?.reject(new Error(`${call.method}: ${error.message}`));
    else call?.resolve(result);
    for (const wait of this.#waiting) {
      if (wait.sessionId !== sessionId || wait.method !== method) continue;
      this.#waiting.delete(wait);
      wait.resolve();
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.#next++;
    this.chromium.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} is not done after ${PATIENCE / 1000} s`)), PATIENCE);
      this.#calls.set(id, { method, resolve, reject, timer });
    });
  }

  once(method, sessionId) {
    return new Promise((resolve) => this.#waiting.add({ method, sessionId, resolve }));
  }

  /** Opens a page in a process of its own; in a new context also with empty caches of its own. */
  async open(url, { inNewContext = false } = {}) {
    const { browserContextId } = inNewContext ? await this.send("Target.createBrowserContext") : {};
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, { browserContextId, targetId, sessionId });
    await page.send("Page.enable");
    const loaded = this.once("Page.loadEventFired", sessionId);
    await page.send("Page.navigate", { url });
    await loaded;
    await page.send("Page.disable");
    return page;
  }

  async version() {
    return (await this.send("Browser.getVersion")).product.replace("/", " ").replace("Headless", "");
  }

  async stop() {
    const ended = new Promise((resolve) => this.chromium.once("exit", resolve));
    await this.send("Browser.close").catch(() => {});
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

class Page {
  constructor(browser, { browserContextId, targetId, sessionId }) {
    Object.assign(this, { browser, browserContextId, targetId, sessionId });
  }

  send(method, params) {
    return this.browser.send(method, params, this.sessionId);
  }

  /** Runs a function in the page, and gives what it returns. It goes there as text. */
  async run(action, ...args) {
    const expression = `(${action})(...${JSON.stringify(args)})`;
    const options = { awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, ...options });
    if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description ?? "?"}`);
    return result.value;
  }

  /** CPU time of the page's main thread so far, in ms. The machine's load hardly changes it. */
  async cpuTime() {
    await this.send("Performance.enable", { timeDomain: "threadTicks" });
    const { metrics } = await this.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "ThreadTime").value * 1000;
  }

  /** The page's memory after a garbage collection, in bytes: JavaScript's heap, and `globalThis.memory`. */
  async memory() {
    await this.send("HeapProfiler.collectGarbage");
    const { usedSize } = await this.send("Runtime.getHeapUsage");
    return { heap: usedSize, wasm: await this.run(() => globalThis.memory?.buffer.byteLength ?? 0) };
  }

  async close() {
    await this.browser.send("Target.closeTarget", { targetId: this.targetId });
    const { browserContextId } = this;
    if (browserContextId) await this.browser.send("Target.disposeBrowserContext", { browserContextId });
  }
}
