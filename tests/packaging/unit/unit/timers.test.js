// Time is the test's: retries and timeouts pass when it says so. Connections are real, and take the time that they take.

import process from "node:process";
import { createClient, MaxRetriesExceededError } from "cvm-watch";
import { DATE_ALONE, expect, test, timers } from "../runner.js";

const { setTimeout } = globalThis;
const { origin } = new URL(process.env.API_URL);
const client = createClient({ baseURL: process.env.API_URL });

const frame = (event, data) => ({ send: `event: ${event}\ndata: ${JSON.stringify(data)}\n\n` });
const REACHED = [frame("state", { status: "running" }), frame("complete", { status: "running" })];

/** The simulator runs longer than the test, and logs its requests. */
const run = Math.random().toString(36).slice(2);

/** Calls the simulator's scripting face. */
async function call(method, path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${origin}/simulator/${path}`, { method, headers, body: body && JSON.stringify(body) });
  return answer.json().catch(() => undefined);
}

/** Waits for so many requests, in real time; happy-dom asks before each whether it may be made. */
async function requests(id, count) {
  for (;;) {
    const all = await call("GET", `requests?cvm=${id}`);
    const { length } = all.filter(({ kind }) => kind !== "preflight");
    if (length >= count) return length;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A watch, and what it has heard; `heard(type)` waits for an event. */
function watch(request) {
  const waiting = new Map();
  const heard = (type) => new Promise((resolve) => waiting.set(type, resolve));
  const onEvent = (event) => waiting.get(event.type)?.(event);
  const promise = client.watchCvmState({ target: "running", onEvent, ...request });
  promise.catch(() => {});
  return { promise, heard };
}

test("a retry comes when its time has come", async () => {
  await call("PUT", `cvms/a-retry-${run}/script`, { streams: [["end"], REACHED], reads: [] });
  // The package is loaded before time stands still.
  await client.getCvmState({ id: "my-database" });
  timers.useFakeTimers();
  try {
    const { promise, heard } = watch({ id: `a-retry-${run}`, retryDelay: 60_000 });
    expect(await heard("error")).toMatchObject({ retryIn: 60_000 });
    await timers.advanceTimersByTimeAsync(59_000);
    expect(await requests(`a-retry-${run}`, 1)).toBe(1);
    await timers.advanceTimersByTimeAsync(1000);
    await expect(promise).resolves.toMatchObject({ status: "running" });
  } finally {
    timers.useRealTimers();
  }
}, 30_000);

test("an attempt times out when its time has come", async () => {
  await call("PUT", `cvms/a-timeout-${run}/script`, { streams: [["hold"]], reads: [] });
  timers.useFakeTimers();
  try {
    const { promise } = watch({ id: `a-timeout-${run}`, timeout: 10, maxRetries: 0 });
    await requests(`a-timeout-${run}`, 1);
    await timers.advanceTimersByTimeAsync(10_000);
    const error = await promise.catch((error) => error);
    expect(error).toBeInstanceOf(MaxRetriesExceededError);
    expect(error.cause.name).toBe("TimeoutError");
  } finally {
    timers.useRealTimers();
  }
}, 30_000);

test("a clock that stands still changes nothing", async () => {
  await call("PUT", `cvms/a-clock-${run}/script`, { streams: [["end"], REACHED], reads: [] });
  timers.useFakeTimers(DATE_ALONE);
  timers.setSystemTime(0);
  try {
    await expect(watch({ id: `a-clock-${run}`, retryDelay: 50 }).promise).resolves.toMatchObject({ status: "running" });
    expect(Date.now()).toBe(0);
  } finally {
    timers.useRealTimers();
  }
}, 30_000);
