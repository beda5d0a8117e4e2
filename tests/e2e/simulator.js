// The simulated API as a process of its own, and its scripting API.

import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { startChild } from "./child.js";

const root = resolve(import.meta.dirname, "../..");
const program = join(root, "target/debug/cvm-simulator");

/** Starts a simulator on a free port (or the one in `options`), and waits until it listens. */
export async function startSimulator(...options) {
  const files = ["--www", join(root, "www"), "--pkg", join(root, "pkg")];
  const server = startChild(program, ["--port", "0", "--boot-step", "20", ...files, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const origin = await new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", (line) => resolve(line.replace("listening on ", "")));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the simulator has ended with exit code ${code}`)));
  });
  return new Simulator(server, origin);
}

class Simulator {
  constructor(server, origin) {
    this.server = server;
    this.origin = origin;
    /** Where it answers without TLS, whose certificate nobody trusts. */
    this.plainOrigin = origin.replace("https:", "http:");
  }

  /** Calls the scripting API. */
  async call(method, path, body) {
    const response = await fetch(`${this.plainOrigin}/simulator/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /simulator/${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  /** Gives a new CVM a script: a list of steps for each stream, and one for each one-shot read. */
  async script({ streams = [], reads = [] }) {
    const id = `cvm-${Simulator.#next++}`;
    await this.call("PUT", `cvms/${id}/script`, { streams, reads });
    return id;
  }

  /** The requests for a CVM (or for all) so far: streams, reads, or both. */
  async requests(cvm, kind) {
    const all = await this.call("GET", cvm === undefined ? "requests" : `requests?cvm=${encodeURIComponent(cvm)}`);
    return kind ? all.filter((request) => request.kind === kind) : all;
  }

  /** Waits until the requests for a CVM are as they should be, and gives them. */
  async until(cvm, condition) {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const requests = await this.requests(cvm);
      if (condition(requests)) return requests;
      if (Date.now() > deadline) throw new Error(`never came true: ${condition}\n${JSON.stringify(requests, null, 1)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Waits until none of a CVM's connections (or of all) is open, and gives its requests. */
  closed(cvm) {
    return this.until(cvm, (requests) => requests.every((request) => request.leftAt !== null));
  }

  stop() {
    this.server.removeAllListeners("exit");
    this.server.kill();
  }

  static #next = 1;
}

// Steps of a script.

const json = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** Sends an event. */
export const say = (event, data) => ({ send: `event: ${event}\ndata: ${json(data)}\n\n` });
export const state = (status, more) => say("state", { status, ...more });
export const complete = (status = "running") => say("complete", { status, elapsed: 1.5, target: "running" });
export const wait = (ms) => ({ wait: ms });
/** Answers a status, with a JSON body. */
export const answer = (status, detail, headers) => [
  { respond: { status, headers: { "content-type": "application/json", ...headers } } },
  ...(status === 204 ? [] : [{ send: JSON.stringify({ detail }) }]),
  "end",
];
/** Answers a read. */
export const tells = (status, more) => [{ send: JSON.stringify({ status, ...more }) }, "end"];
