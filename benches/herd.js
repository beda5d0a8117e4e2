// Ten thousand pages lose their server at the same moment. When does each have a stream again? The package itself, with its
// own retries and its own `exponentialBackoff`, on virtual time: only the clock and the server are simulated.

import { createClient, exponentialBackoff } from "../pkg/index.js";
import { plot } from "./plot.js";
import { figure, table } from "./table.js";
import { startVirtualTime } from "./virtual-time.js";

export const title = "A herd";

const CLIENTS = 10_000;
/** Seconds that the server is away. */
const DOWN = 10;
/** Streams that it accepts in each second; it answers 503 to the others. */
const CAPACITY = 2000;
/** Seconds that are simulated. */
const LENGTH = 60;
/** Milliseconds in which requests are counted together. */
const BIN = 100;

const DELAYS = { "fixed delay, 5 s": 5000, exponentialBackoff: exponentialBackoff() };

export async function measure() {
  const results = {};
  for (const [name, retryDelay] of Object.entries(DELAYS)) results[name] = await simulate(retryDelay);
  return { goals: goals(results), text: describe(results), plots: { herd: draw(results) } };
}

/** The times of all requests since the server went away, and when each client had reached its target. */
async function simulate(retryDelay) {
  const time = startVirtualTime();
  const { fetch } = globalThis;
  const { random } = Math;
  const { stackTraceLimit } = Error;
  Math.random = randomFrom(1);
  // Every attempt creates errors, and Node's stack traces are slow.
  Error.stackTraceLimit = 0;
  const streams = [];
  const [requests, back] = [[], []];
  const accepted = new Map();
  let isUp = true;
  globalThis.fetch = async () => {
    if (isUp) return answer(200, new ReadableStream({ start: (controller) => streams.push(controller) }));
    const ms = time.now();
    requests.push(ms);
    if (ms < DOWN * 1000) throw new TypeError("connection refused");
    const second = Math.floor(ms / 1000);
    accepted.set(second, (accepted.get(second) ?? 0) + 1);
    return accepted.get(second) > CAPACITY ? answer(503, "{}") : answer(200, REACHED);
  };

  const config = { baseURL: "http://api.example", transport: "fetch" };
  const request = { target: "running", timeout: 600, retryDelay };
  // A client for each page: outside of a browser each has streams of its own.
  const watches = Array.from({ length: CLIENTS }, (_, i) =>
    createClient(config)
      .watchCvmState({ id: `cvm-${i}`, ...request })
      .then(() => back.push(time.now())),
  );
  while (streams.length < CLIENTS) await time.settle();
  isUp = false;
  for (const stream of streams) stream.error(new TypeError("connection reset"));
  await time.settle();
  await time.runUntil(LENGTH * 1000);
  if (back.length < CLIENTS) throw new Error(`only ${back.length} of ${CLIENTS} clients are back after ${LENGTH} s`);
  await Promise.all(watches);
  time.stop();
  Object.assign(globalThis, { fetch });
  Object.assign(Math, { random });
  Object.assign(Error, { stackTraceLimit });
  return { requests, back };
}

const REACHED = 'event: state\ndata: {"status":"running"}\n\nevent: complete\ndata: {"status":"running"}\n\n';

const answer = (status, body) => new Response(body, { status, headers: { "content-type": "text/event-stream" } });

/** The same numbers in every run (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Requests in each bin from a moment on. */
function counts(requests) {
  const bins = new Array((LENGTH * 1000) / BIN).fill(0);
  for (const ms of requests) bins[Math.min(bins.length - 1, Math.floor(ms / BIN))]++;
  return bins;
}

const most = (requests) => Math.max(...counts(requests));
const afterReturn = ({ requests }) => requests.filter((ms) => ms >= DOWN * 1000);
const seconds = (ms) => figure(ms / 1000);

function describe(results) {
  const rows = Object.entries(results).map(([name, result]) => [
    name,
    result.requests.length.toLocaleString("en"),
    most(result.requests).toLocaleString("en"),
    most(afterReturn(result)).toLocaleString("en"),
    seconds(Math.max(...result.back) - DOWN * 1000),
  ]);
  const heads = [
    "requests",
    `most in ${BIN} ms`,
    "… once the server is back",
    "s from its return to the last client's",
  ];
  const what = `${CLIENTS.toLocaleString("en")} clients; server away for ${DOWN} s, then ${CAPACITY.toLocaleString("en")} streams a second`;
  return `${table([what, ...heads], rows)}\n\n![Requests per second after the restart](plots/herd.svg)`;
}

function draw(results) {
  const perSecond = 1000 / BIN;
  const series = Object.entries(results).map(([name, { requests }]) => {
    const bins = counts(requests);
    const end = 1 + bins.findLastIndex((count) => count > 0);
    return { name, points: bins.slice(0, end).map((count, i) => [(i * BIN) / 1000, count * perSecond]) };
  });
  return plot({
    title: `${CLIENTS.toLocaleString("en")} clients after a restart of ${DOWN} s`,
    x: { label: "seconds since the server went", ticks: [0, 5, 10, 15, 20, 25, 30, 35] },
    y: { label: "requests per second", ticks: [10, 100, 1000, 10_000, 100_000], log: true },
    series: series.reverse(),
  });
}

function goals(results) {
  const [fixed, backoff] = Object.values(results).map((result) => most(afterReturn(result)));
  return [
    {
      goal: "the worst moment after the server's return, with backoff ÷ with a fixed delay",
      figure: backoff / fixed,
      limit: 0.5,
    },
  ];
}
