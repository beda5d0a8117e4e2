// Latency: from the server's write to the page's callback, and from an abort to its effect.

import { setTimeout as sleep } from "node:timers/promises";
import { complete, state } from "./frames.js";
import { now, startServer } from "./server.js";
import { median, quantile } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Latency";

const WATCHES = 1000;
const ABORTS = 300;
/** Between two events, in ms, so that the page is idle when each one arrives. */
const PAUSE = 1;

/** Each with the hand-written loop that it is measured against. */
const CONTENDERS = [
  { name: "event-source" },
  { name: "cvm-watch", transport: "eventsource", limit: "event-source" },
  { name: "fetch-loop" },
  { name: "cvm-watch", transport: "fetch", limit: "fetch-loop" },
  { name: "phala-cloud" },
  { name: "fetch-event-source" },
  { name: "eventsource-client" },
].map((contender) => ({ ...contender, label: [contender.name, contender.transport].filter(Boolean).join(", ") }));

const NOTE = `\
Where a connection closes only after some 5 s, it is Chromium that still tries to read the answer to its end, in order to
use the connection again. It does so whichever client aborts.`;

export async function measure({ browser, files }) {
  const closedAt = new Map();
  const stream = (id, response) => (id.startsWith("abort") ? hold(id, response) : tell(response));
  const server = await startServer({ files, stream });
  const page = await browser.open(server.origin);
  const watches = await page.run(runWatches, CONTENDERS, WATCHES);
  const aborts = await page.run(runAborts, CONTENDERS, ABORTS);
  for (const deadline = now() + 10_000; closedAt.size < CONTENDERS.length * ABORTS && now() < deadline; ) {
    await sleep(10);
  }
  await page.close();
  server.stop();
  for (const abort of aborts.flat()) abort.closed = closedAt.get(abort.id) - abort.at;
  return { goals: goals(watches, aborts), text: [describeWatches(watches), describeAborts(aborts), NOTE].join("\n\n") };

  /** Every event says when it was written. Server and page have the same clock: both count from 1970. */
  async function tell(response) {
    response.flushHeaders();
    for (const event of [(more) => state("booting", more), (more) => state("running", more), complete]) {
      await sleep(PAUSE);
      response.write(event({ sent: now() }));
    }
    // Not every client leaves by itself.
    response.end();
  }

  function hold(id, response) {
    response.write(state("booting"));
    response.once("close", () => closedAt.set(id, now()));
  }
}

/** In the page: the contenders take turns, so that a disturbance of the machine affects all of them. */
async function runWatches(contenders, watches) {
  const now = () => performance.timeOrigin + performance.now();
  const modules = await Promise.all(contenders.map(({ name }) => import(`/${name}.js`)));
  const results = contenders.map(() => []);
  for (let i = 0; i < watches; i++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const at = (i + turn) % contenders.length;
      const times = {};
      let completeSent;
      const onEvent = ({ type, data }) => {
        if (data.status === "running" && type === "state") times.heard = now() - data.sent;
        if (type === "complete") completeSent = data.sent;
      };
      const { transport } = contenders[at];
      await modules[at].watch({ baseURL: "/api/v1", id: "watch", target: "running", transport, onEvent });
      times.settled = now() - completeSent;
      results[at].push(times);
    }
  }
  return results;
}

/** In the page: aborts watches while they stream. */
async function runAborts(contenders, aborts) {
  const modules = await Promise.all(contenders.map(({ name }) => import(`/${name}.js`)));
  const results = contenders.map(() => []);
  for (let i = 0; i < aborts; i++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const at = (i + turn) % contenders.length;
      results[at].push(await abortOne(modules[at].watch, contenders[at].transport, `abort-${at}-${i}`));
    }
  }
  return results;

  async function abortOne(watch, transport, id) {
    const controller = new AbortController();
    const heard = Promise.withResolvers();
    const request = { baseURL: "/api/v1", id, target: "running", transport, signal: controller.signal };
    const rejected = watch({ ...request, onEvent: heard.resolve }).catch(() => {});
    await heard.promise;
    // By then all work that the event has caused is done.
    await new Promise((resolve) => setTimeout(resolve));
    // The next task is queued now: whatever runs before it, runs in this one.
    const { port1, port2 } = new MessageChannel();
    let isNextTask = false;
    const nextTask = new Promise((resolve) => {
      port1.onmessage = () => {
        isNextTask = true;
        resolve();
      };
    });
    port2.postMessage(undefined);
    const began = performance.now();
    controller.abort();
    const result = await rejected.then(() => ({ isSameTask: !isNextTask, rejected: performance.now() - began }));
    await nextTask;
    port1.close();
    return { id, at: performance.timeOrigin + began, ...result };
  }
}

const fields = (runs, field) => runs.map((run) => run[field]);
const columns = (runs, field) => [0.5, 0.99].map((share) => figure(quantile(fields(runs, field), share)));

function describeWatches(watches) {
  const rows = CONTENDERS.map(({ label }, i) => [
    label,
    ...columns(watches[i], "heard"),
    ...columns(watches[i], "settled"),
    ...ratios(watches, i),
  ]);
  const what = `${WATCHES.toLocaleString("en")} watches each, in ms`;
  const heads = [
    "state written → `onEvent`",
    "p99",
    "`complete` written → settled",
    "p99",
    "ours ÷ theirs",
    "ours ÷ theirs",
  ];
  return table([what, ...heads], rows);
}

/** Our medians by those of another one; ours over the same transport. */
function ratios(watches, i) {
  if (CONTENDERS[i].limit) return ["", ""];
  const transport = CONTENDERS[i].name === "event-source" ? "eventsource" : "fetch";
  const ours = CONTENDERS.findIndex((contender) => contender.transport === transport);
  const typical = (at, field) => median(fields(watches[at], field));
  return ["heard", "settled"].map((field) => figure(typical(ours, field) / typical(i, field)));
}

function describeAborts(aborts) {
  const rows = CONTENDERS.map(({ label }, i) => [
    label,
    `${fields(aborts[i], "isSameTask").filter(Boolean).length} of ${ABORTS}`,
    ...columns(aborts[i], "rejected"),
    ...columns(aborts[i], "closed"),
  ]);
  const heads = [
    "rejected in the same task",
    "abort → rejected, ms",
    "p99",
    "abort → closed, the server says, ms",
    "p99",
  ];
  return table([`${ABORTS} aborts each`, ...heads], rows);
}

function goals(watches, aborts) {
  return CONTENDERS.flatMap(({ label, limit }, i) => {
    if (!limit) return [];
    const byHand = CONTENDERS.findIndex(({ label }) => label === limit);
    const later = (field) => median(fields(watches[i], field)) - median(fields(watches[byHand], field));
    const inOtherTask = aborts[i].filter(({ isSameTask }) => !isSameTask).length;
    return [
      { goal: `${label}: \`onEvent\` within 1 ms of ${limit}, median`, figure: later("heard"), limit: 1 },
      { goal: `${label}: settled within 1 ms of ${limit}, median`, figure: later("settled"), limit: 1 },
      { goal: `${label}: aborts that reject in another task`, figure: inOtherTask, limit: 0 },
    ];
  });
}
