// Many events in one stream: what a transport makes of them, from the request to the callback.

import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { flood } from "./frames.js";
import { KINDS, profile } from "./profile.js";
import { startServer } from "./server.js";
import { median } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Throughput";

const ROUNDS = 5;
const FRAME_BYTES = 230;
const LINE_BYTES = 256 * 1024;
/** How the server writes. */
const WRITE_BYTES = 64 * 1024;

const OURS = "cvm-watch";
const ON_FETCH = [OURS, "fetch-loop", "phala-cloud", "fetch-event-source", "eventsource-client", "eventsource-parser"];

/** `chunk` is what every read gives. A network stack would merge and cut chunks, so the page itself answers those. */
const WORKLOADS = {
  eventsource: {
    title: "EventSource transport, 50,000 events over the network",
    transport: "eventsource",
    contenders: [OURS, "event-source"],
    events: 50_000,
    rounds: 9,
  },
  network: { title: "fetch transport, 50,000 events over the network", events: 50_000 },
  parser: { title: "fetch transport, 50,000 events, the parser alone (16 KiB chunks)", events: 50_000, chunk: 16_384 },
  small: {
    title: "fetch transport, 10,000 events, the parser alone (64 B chunks)",
    events: 10_000,
    chunk: 64,
    rounds: 3,
  },
  line: {
    title: "fetch transport, one event of 256 KiB, the parser alone (64 B chunks)",
    events: 1,
    chunk: 64,
    rounds: 3,
  },
};

const WHAT_IS_MORE = `\
Where we take longer: the browser's own code and \`JSON.parse\` are the same on both sides. What comes on top for each event is
the way into WebAssembly and back, its status as text, the state machine of the watch, and an event object with the payload's
own fields; over \`fetch\`, the bytes are copied into WebAssembly's memory and decoded there. The profile tells how much each is,
and varies as much from run to run as the ratios do.`;

const PROFILED = [
  [OURS, "eventsource"],
  ["event-source", "eventsource"],
  [OURS, "network"],
  ["phala-cloud", "network"],
];

export async function measure({ browser, files }) {
  const bytes = {};
  const stream = async (id, response) => {
    const [, count, size] = id.split("-").map(Number);
    bytes[id] ??= chunksOf(flood(count, size));
    // A client closes the connection when it has its target.
    await pipeline(Readable.from(bytes[id]), response).catch(() => {});
  };
  const server = await startServer({ files, stream });
  const results = {};
  for (const [name, workload] of Object.entries(WORKLOADS)) results[name] = await measureWorkload(workload);
  const insides = [WHAT_IS_MORE, await describeProfiles()];
  server.stop();
  return { goals: goals(results), text: [...Object.entries(results).map(describe), ...insides].join("\n\n") };

  /** Round by round, so that a disturbance of the machine affects all of them. */
  async function measureWorkload(workload) {
    const { contenders = ON_FETCH, rounds = ROUNDS } = workload;
    const runs = Object.fromEntries(contenders.map((contender) => [contender, []]));
    // The round before the first does not count: a browser that has just started is still busy.
    for (let round = -1; round < rounds; round++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const contender = contenders[(rounds + round + turn) % contenders.length];
        const run = await measureInNewPage(contender, workload);
        if (round >= 0) runs[contender].push(run);
      }
    }
    return runs;
  }

  /** Where the main thread's time goes, side by side. */
  async function describeProfiles() {
    const columns = [];
    for (const [contender, name] of PROFILED) {
      const { transport = "fetch", events } = WORKLOADS[name];
      const page = await open(contender, WORKLOADS[name]);
      const { cpu, shares } = await profile(page, () => globalThis.run());
      await page.close();
      const costs = Object.fromEntries(KINDS.map((kind) => [kind, (cpu * 1000 * (shares[kind] ?? 0)) / events]));
      columns.push({ head: `${contender}, ${transport}`, costs });
    }
    const rows = KINDS.map((kind) => [kind, ...columns.map(({ costs }) => figure(costs[kind]))]);
    return table(["CPU µs an event by a sampling profile", ...columns.map(({ head }) => head)], rows);
  }

  /** A page of its own for each, so that none finds code that V8 has optimised for another, or another's garbage. */
  async function open(contender, { transport = "fetch", events, chunk }) {
    const page = await browser.open(server.origin);
    const id = `flood-${events}-${events === 1 ? LINE_BYTES : FRAME_BYTES}`;
    await page.run(prepare, contender, { transport, id, warmUp: `flood-5000-${FRAME_BYTES}`, chunk });
    return page;
  }

  async function measureInNewPage(contender, workload) {
    const page = await open(contender, workload);
    const before = await page.cpuTime();
    const { ms, states, status } = await page.run(() => globalThis.run());
    const cpu = (await page.cpuTime()) - before;
    await page.close();
    if (states !== workload.events || status !== "running")
      throw new Error(`${contender}: ${states} states, ${status}`);
    return { ms, cpu };
  }
}

function chunksOf(bytes) {
  const count = Math.ceil(bytes.length / WRITE_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * WRITE_BYTES, (i + 1) * WRITE_BYTES));
}

/** In the page: gets everything ready, and warms up. */
async function prepare(contender, { transport, id, warmUp, chunk }) {
  const address = (id) => `/api/v1/cvms/${id}/state`;
  if (chunk) {
    const bytes = {};
    for (const each of [id, warmUp]) bytes[each] = new Uint8Array(await (await fetch(address(each))).arrayBuffer());
    // Answers with a stream that gives the bytes in chunks of exactly that size.
    globalThis.fetch = async (url) => {
      const answer = bytes[new URL(url, location).pathname.split("/").at(-2)];
      let at = 0;
      const body = new ReadableStream({
        pull(controller) {
          if (at >= answer.length) return controller.close();
          controller.enqueue(answer.subarray(at, at + chunk));
          at += chunk;
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    };
  }
  const { watch } = await import(`/${contender}.js`);
  globalThis.run = async (cvm = id) => {
    let states = 0;
    const onEvent = (event) => {
      if (event.type === "state") states++;
    };
    const began = performance.now();
    const { status } = await watch({ baseURL: "/api/v1", id: cvm, target: "running", transport, onEvent });
    return { ms: performance.now() - began, states, status };
  };
  await run(warmUp);
}

const ratio = (runs, field, peer) => median(runs[OURS].map((run, i) => run[field] / runs[peer][i][field]));

function describe([name, runs]) {
  const { title, events } = WORKLOADS[name];
  const perEvent = (values) => figure((median(values) * 1000) / events);
  const rows = Object.entries(runs).map(([contender, values]) => [
    contender,
    figure(median(values.map(({ ms }) => ms))),
    perEvent(values.map(({ ms }) => ms)),
    perEvent(values.map(({ cpu }) => cpu)),
    ...(contender === OURS ? ["", ""] : ["ms", "cpu"].map((field) => figure(ratio(runs, field, contender)))),
  ]);
  const heads = ["ms", "µs an event", "CPU µs an event", "our time ÷ theirs", "our CPU ÷ theirs"];
  return table([title, ...heads], rows);
}

function goals({ eventsource, network }) {
  return [
    {
      goal: "EventSource transport ≤ 1.5 × a bare EventSource with JSON.parse",
      figure: ratio(eventsource, "ms", "event-source"),
      limit: 1.5,
      more: `CPU ${figure(ratio(eventsource, "cpu", "event-source"))}`,
    },
    {
      goal: "fetch transport no slower than `@phala/cloud` over the network",
      figure: ratio(network, "ms", "phala-cloud"),
      limit: 1,
      more: `CPU ${figure(ratio(network, "cpu", "phala-cloud"))}`,
    },
  ];
}
