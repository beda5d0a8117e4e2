// `npm run bench:sse`: what the fetch transport makes of many events, beside published decoders, measured in headless
// Chromium from `fetch` to parsed JSON. `npm run bench:sse -- frames-16k` runs one workload only.
// Times are of this machine and this run; what counts is how they compare.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { cpus } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { build } from "../scripts/build.js";
import { npmPackages, setUpBrowser, setUpBuild } from "../scripts/setup.js";
import { fail, root, step } from "../scripts/shell.js";
import { startBrowser } from "../tests/e2e/browser.js";

const ROUNDS = 3;
const FRAMES = 100_000;
const FRAME_BYTES = 271;
const CHUNK_BYTES = 16 * 1024;
const LINE_BYTES = 1024 * 1024;

/** What comes after the last state, so that a watch ends at once. */
const COMPLETE = 'event: complete\ndata: {"status":"running","elapsed":1.5,"target":"running"}\n\n';

const [frames, line] = [manyFrames(), oneLine()];

/** `chunk` is what every read gives. A network stack would merge and cut chunks, so the page itself answers those. */
const workloads = {
  "frames-16k": {
    title: "100,000 frames in 16 KiB chunks",
    bytes: frames,
    states: FRAMES,
    chunk: CHUNK_BYTES,
    runs: 3,
  },
  "frames-64": { title: "100,000 frames in 64 B chunks", bytes: frames, states: FRAMES, chunk: 64, runs: 1 },
  "line-64": { title: "one line of 1 MiB in 64 B chunks", bytes: line, states: 1, chunk: 64, runs: 3 },
  network: { title: "100,000 frames over the network, written in 16 KiB", bytes: frames, states: FRAMES, runs: 3 },
};

/** How eventsource-parser is used: as its README has it for a `fetch`, and as fast as it can be, by hand. */
const REFERENCES = ["eventsource-parser, streams", "eventsource-parser, read loop"];
/** A watch parses every event, and looks at its status, whether or not a callback wants to hear of it. */
const contenders = ["cvm-watch", "cvm-watch, no callback", ...REFERENCES, "fetch-event-source"];

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(workloads);
const unknown = chosen.find((name) => !(name in workloads));
if (unknown) fail(`there is no workload "${unknown}": choose of ${Object.keys(workloads).join(", ")}`);

await setUpBuild();
process.env.CHROMEDRIVER = await setUpBrowser();
await npmPackages(join(root, "benches"));
await build();
const files = { "/": "<!doctype html>", "/peers.js": await bundlePeers(), "/cvm-watch.js": read("pkg/index.js") };
const [server, browser] = await Promise.all([startServer(), startBrowser()]);

console.log(`\n${await machine()}\n`);
try {
  for (const name of chosen) print(name, await step(workloads[name].title, () => measure(name)));
} finally {
  server.close();
  await browser.stop();
}

/** The times of each contender, round by round: what disturbs the machine for a while, disturbs all of them. */
async function measure(name) {
  const times = Object.fromEntries(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length];
      times[contender].push(await measureInNewPage(contender, name));
    }
  }
  return times;
}

/** A page of its own for each, so that none finds code optimised, or a heap littered, by another. */
async function measureInNewPage(contender, name) {
  const { states, chunk, runs } = workloads[name];
  await browser.driver.get(server.origin);
  await browser.run(page);
  return browser.run((contender, name, workload) => lab.measure(contender, name, workload), contender, name, {
    states,
    chunk,
    runs,
  });
}

function print(name, times) {
  const { title, states } = workloads[name];
  const ratios = REFERENCES.map((reference) => `ratio to ${reference}`);
  console.log(`\n| ${[title, "median, ms", "ns per frame", ...ratios].join(" | ")} |\n|---${"|---:".repeat(4)}|`);
  for (const contender of contenders) {
    const ms = median(times[contender]);
    const perFrame = Math.round((ms * 1e6) / states).toLocaleString("en");
    const ratios = REFERENCES.map((reference) => median(times[contender].map((time, i) => time / times[reference][i])));
    const cells = [contender, ms.toFixed(1), perFrame, ...ratios.map((ratio) => ratio.toFixed(2))];
    console.log(`| ${cells.join(" | ")} |`);
  }
  console.log();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function machine() {
  const capabilities = await browser.driver.getCapabilities();
  const versions = JSON.parse(read("benches/package.json")).devDependencies;
  const peers = Object.entries(versions).map(([peer, version]) => `${peer} ${version}`);
  const chromium = `Chromium ${capabilities.get("browserVersion")}`;
  return [...peers, chromium, `${cpus().length} × ${cpus()[0].model}`, `medians of ${ROUNDS} rounds`].join(", ");
}

/** States on the way to the target, each of the same length, but none like another. */
function manyFrames() {
  const frames = Array.from({ length: FRAMES }, (_, i) => frame(i, i === FRAMES - 1 ? "running" : "booting"));
  return Buffer.from(frames.join("") + COMPLETE);
}

function frame(i, status) {
  const state = {
    id: "app_9b1d4e0c53f7a8264d0be1375ac2f80963d41e7b",
    instance_id: "5c07e2a94bd8136f",
    name: "my-confidential-vm",
    status,
    uptime: `${(i / 10).toFixed(1)}s`,
    exited_at: null,
    boot_progress: "",
    boot_error: "",
    shutdown_progress: null,
  };
  const bare = `event: state\ndata: ${JSON.stringify(state)}\n\n`;
  return bare.replace('"boot_progress":""', `"boot_progress":"${"pulling ".padEnd(FRAME_BYTES - bare.length, ".")}"`);
}

/** The target, told in one long line. */
function oneLine() {
  const [head, tail] = ['data: {"status":"running","boot_progress":"', '"}'];
  return Buffer.from(`event: state\n${head.padEnd(LINE_BYTES - tail.length, "pulling ")}${tail}\n\n${COMPLETE}`);
}

/** As one file, like our own package. */
async function bundlePeers() {
  const { build: esbuild } = await import("esbuild");
  const contents = `export { createParser } from "eventsource-parser";
    export { EventSourceParserStream } from "eventsource-parser/stream";
    export { fetchEventSource } from "@microsoft/fetch-event-source";`;
  const stdin = { contents, resolveDir: join(root, "benches") };
  const { outputFiles } = await esbuild({ stdin, bundle: true, format: "esm", target: "es2022", write: false });
  return outputFiles[0].text;
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

/** Serves the page, the workloads whole (`/bytes/…`) and as an API would stream them. */
async function startServer() {
  const server = createServer(async ({ url }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const workload = workloads[pathname.match(/^\/(?:bytes|api\/v1\/cvms)\/([\w-]+)/)?.[1]];
    if (pathname in files) {
      response.setHeader("content-type", pathname === "/" ? "text/html" : "text/javascript").end(files[pathname]);
    } else if (!workload) {
      response.writeHead(404).end();
    } else if (pathname.startsWith("/bytes/")) {
      response.end(workload.bytes);
    } else {
      response.setHeader("content-type", "text/event-stream");
      await stream(workload.bytes, response);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.origin = `http://127.0.0.1:${server.address().port}/`;
  return server;
}

/** A client that has seen enough goes away. */
async function stream(bytes, response) {
  const count = Math.ceil(bytes.length / CHUNK_BYTES);
  const chunks = Array.from({ length: count }, (_, i) => bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES));
  await pipeline(Readable.from(chunks), response).catch(() => {});
}

/** What the page itself needs to measure. It goes there as text. */
function page() {
  /** Each reads the stream of a CVM to its end: how many states there were, and the last one's status. */
  const contenders = {
    async "cvm-watch"(id) {
      const { createClient } = await import(new URL("/cvm-watch.js", location));
      const client = createClient({ baseURL: "/api/v1", transport: "fetch" });
      return async () => {
        let states = 0;
        const onEvent = (event) => {
          if (event.type === "state") states++;
        };
        const { status } = await client.watchCvmState({ id, target: "running", maxRetries: 0, onEvent });
        return { states, status };
      };
    },

    async "cvm-watch, no callback"(id, states) {
      const { createClient } = await import(new URL("/cvm-watch.js", location));
      const client = createClient({ baseURL: "/api/v1", transport: "fetch" });
      return async () => {
        const { status } = await client.watchCvmState({ id, target: "running", maxRetries: 0 });
        return { states, status };
      };
    },

    async "eventsource-parser, streams"(id) {
      const { EventSourceParserStream } = await import(new URL("/peers.js", location));
      return async () => {
        const seen = counter();
        const { body } = await fetch(address(id));
        const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
        for await (const { event, data } of events) seen.add(event, data);
        return seen;
      };
    },

    async "eventsource-parser, read loop"(id) {
      const { createParser } = await import(new URL("/peers.js", location));
      return async () => {
        const seen = counter();
        const parser = createParser({ onEvent: ({ event, data }) => seen.add(event, data) });
        const decoder = new TextDecoder();
        const reader = (await fetch(address(id))).body.getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return seen;
          parser.feed(decoder.decode(value, { stream: true }));
        }
      };
    },

    async "fetch-event-source"(id) {
      const { fetchEventSource } = await import(new URL("/peers.js", location));
      return async () => {
        const seen = counter();
        const onerror = (error) => {
          throw error;
        };
        const onmessage = ({ event, data }) => seen.add(event, data);
        await fetchEventSource(address(id), { onmessage, onerror, openWhenHidden: true });
        return seen;
      };
    },
  };
  const address = (id) => `/api/v1/cvms/${id}/state?target=running`;

  function counter() {
    return {
      states: 0,
      status: undefined,
      add(event, data) {
        const payload = JSON.parse(data);
        if (event !== "state") return;
        this.states++;
        this.status = payload.status;
      },
    };
  }

  /** Answers every request with a stream that gives the bytes in chunks of exactly that size. */
  function answerInChunks(bytes, size) {
    globalThis.fetch = async () => {
      let at = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.subarray(at, at + size));
          at += size;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
  }

  /** The median of some runs, after one that only warms up. */
  async function measure(name, workload, { states, chunk, runs }) {
    const bytes = new Uint8Array(await (await fetch(`/bytes/${workload}`)).arrayBuffer());
    const run = await contenders[name](workload, states);
    if (chunk) answerInChunks(bytes, chunk);
    const times = [];
    for (let i = 0; i <= runs; i++) {
      const began = performance.now();
      const seen = await run();
      times.push(performance.now() - began);
      if (seen.states !== states || seen.status !== "running") throw new Error(`${name}: ${JSON.stringify(seen)}`);
    }
    return times.slice(1).sort((a, b) => a - b)[runs >> 1];
  }

  globalThis.lab = { measure };
}
