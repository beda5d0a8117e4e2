// Many watches at once: what each of them costs.

import { once } from "node:events";
import { complete, state } from "./frames.js";
import { plot, roundTicks } from "./plot.js";
import { now, startServer } from "./server.js";
import { median } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Scale";

const OURS = "cvm-watch";
const PEERS = ["fetch-loop", "phala-cloud"];
const CONTENDERS = [OURS, ...PEERS];

/** Chromium gives a page no more than 1,350 requests at a time: beyond that the page itself makes the streams. */
const WORLDS = {
  network: { title: "over HTTP/2", sizes: [1, 10, 100, 1000] },
  page: { title: "streams made in the page", sizes: [1, 10, 100, 1000, 5000] },
};
const ROUNDS = 3;
/** How many in all, so that they can be measured; and at least so many for each watch, since its first ones are slower. */
const [EVENTS, EVENTS_OF_EACH] = [10_000, 10];
/** Growth is linear, if a watch among many costs at most so many times as much as a watch among a few. */
const LINEAR = 1.5;
/** Chromium opens no more streams than 256 on one connection, so there are several origins. */
const STREAMS_PER_ORIGIN = 250;

const BEGIN = state("booting");
const END = state("running") + complete();
const next = (i) => state("booting", { uptime: `${i}s` });

export async function measure({ browser, files }) {
  const streams = new Set();
  const stream = (id, response) => {
    if (id === "first") return response.end(END);
    response.write(BEGIN);
    streams.add(response);
    response.once("close", () => streams.delete(response));
  };
  const server = await startServer({ files, stream, http2: true });
  const results = {};
  for (const [world, { sizes }] of Object.entries(WORLDS)) {
    results[world] = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
    for (const size of sizes) {
      const medians = await measureSize(world, size);
      for (const contender of CONTENDERS) results[world][contender].push(medians[contender]);
    }
  }
  server.stop();
  return { goals: goals(results), text: describe(results), plots: draw(results.page) };

  /** Round by round, so that a disturbance of the machine affects all of them. */
  async function measureSize(world, size) {
    const runs = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const contender of CONTENDERS) runs[contender].push(await measureOne(contender, world, size));
    }
    return Object.fromEntries(Object.entries(runs).map(([contender, runs]) => [contender, medianOf(runs)]));
  }

  async function measureOne(contender, world, size) {
    const page = await browser.open(server.origin);
    await page.run(prepare, contender, { world, perOrigin: STREAMS_PER_ORIGIN, texts: { begin: BEGIN, end: END } });
    const empty = await page.memory();
    await page.run((size) => lab.begin(size), size);
    const full = await page.memory();
    const each = Math.max(EVENTS_OF_EACH, Math.round(EVENTS / size));
    const texts = Array.from({ length: each }, (_, i) => next(i));
    const before = await page.cpuTime();
    const heard = page.run((count) => lab.heard(count), size * (each + 1));
    await (world === "page" ? page.run((texts) => lab.tell(texts), texts) : tell(texts));
    await heard;
    const cpu = (await page.cpuTime()) - before;
    const began = world === "page" ? await page.run(() => lab.end()) : end();
    const ms = (await page.run(() => lab.settled())) - began;
    await page.close();
    return {
      heap: (full.heap - empty.heap) / size / 1024,
      wasm: (full.wasm - empty.wasm) / size / 1024,
      cpu: (cpu * 1000) / (each * size),
      settling: (ms * 1000) / size,
    };
  }

  async function tell(texts) {
    for (const text of texts) {
      const written = [...streams].map((response) => response.write(text) || once(response, "drain"));
      await Promise.all(written);
      await new Promise(setImmediate);
    }
  }

  /** Ends all streams, and gives the moment before. */
  function end() {
    const began = now();
    for (const response of streams) response.end(END);
    return began;
  }
}

/** Field by field. */
function medianOf(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((field) => [field, median(runs.map((run) => run[field]))]));
}

/** In the page. */
async function prepare(contender, { world, perOrigin, texts }) {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    globalThis.memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
    return result;
  };
  const encoder = new TextEncoder();
  const controllers = [];
  if (world === "page") {
    globalThis.fetch = async () => {
      const start = (controller) => {
        controller.enqueue(encoder.encode(texts.begin));
        controllers.push(controller);
      };
      return new Response(new ReadableStream({ start }), { headers: { "content-type": "text/event-stream" } });
    };
  }
  const { watch } = await import(`/${contender}.js`);
  let events = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached = () => {};
  let settled;
  const clock = () => performance.timeOrigin + performance.now();
  const onEvent = () => {
    if (++events >= wanted) reached();
  };

  // Timers would wait for 4 ms each.
  const { port1, port2 } = new MessageChannel();
  const nextTask = () =>
    new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(undefined);
    });

  globalThis.lab = {
    heard: (count) =>
      new Promise((resolve) => {
        wanted = count;
        reached = resolve;
        if (events >= wanted) resolve();
      }),
    async begin(size) {
      const watches = Array.from({ length: size }, (_, i) => {
        const baseURL = `https://h${Math.floor(i / perOrigin)}.localhost:${location.port}/api/v1`;
        return watch({ baseURL, id: `cvm-${i}`, target: "running", transport: "fetch", onEvent });
      });
      settled = Promise.all(watches).then(clock);
      // One that fails ends the wait.
      await Promise.race([lab.heard(size), settled]);
    },
    /** When the last one has settled, on the clock that the server has too. */
    settled: () => settled,
    /** Tells all watches: each chunk in a task of its own, as the network does it. */
    async tell(texts) {
      for (const text of texts) {
        for (const controller of controllers) controller.enqueue(encoder.encode(text));
        await nextTask();
      }
    },
    end() {
      const began = clock();
      for (const controller of controllers) controller.enqueue(encoder.encode(texts.end));
      return began;
    },
  };
  // The module is there before the first watch is counted.
  const first = watch({ baseURL: "/api/v1", id: "first", target: "running", transport: "fetch" });
  if (world === "page") {
    while (controllers.length === 0) await nextTask();
    lab.end();
    controllers.length = 0;
  }
  await first;
}

const COLUMNS = {
  heap: "JS heap for each watch, KiB",
  wasm: "WebAssembly memory for each watch, KiB",
  cpu: "CPU for each event, µs",
  settling: "time to settle all ÷ watches, µs",
};
const memory = ({ heap, wasm }) => heap + wasm;
const RATIOS = { memory, CPU: ({ cpu }) => cpu, "time to settle": ({ settling }) => settling };

function describe(results) {
  const tables = Object.entries(results).flatMap(([world, byContender]) => {
    const { title, sizes } = WORLDS[world];
    const heads = sizes.map((size) => size.toLocaleString("en"));
    const ours = Object.entries(COLUMNS).map(([field, name]) => [
      name,
      ...byContender[OURS].map((result) => figure(result[field])),
    ]);
    const ratios = PEERS.flatMap((peer) =>
      Object.entries(RATIOS).map(([name, cost]) => [
        `${name}, ours ÷ ${peer}`,
        ...byContender[peer].map((theirs, i) => figure(cost(byContender[OURS][i]) / cost(theirs))),
      ]),
    );
    return table([`watches at once, ${title}`, ...heads], [...ours, ...ratios]);
  });
  const images = Object.keys(COLUMNS).map((field) => `![${COLUMNS[field]}](plots/scale-${field}.svg)`);
  return [...tables, images.join("\n")].join("\n\n");
}

function draw(byContender) {
  const { sizes } = WORLDS.page;
  const plots = Object.entries(COLUMNS).map(([field, title]) => {
    const series = CONTENDERS.map((name) => ({
      name,
      points: byContender[name].map((result, i) => [sizes[i], result[field]]),
    }));
    const most = Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)));
    const x = { label: "watches at once", ticks: [1, 10, 100, 1000, 10_000], log: true };
    const y = { label: title.split(", ").at(-1), ticks: roundTicks(most) };
    return [`scale-${field}`, plot({ title, x, y, series })];
  });
  return Object.fromEntries(plots);
}

/**
 * If the cost grows linearly, each of 5,000 watches costs as much as each of 1,000. Over the network the CPU cannot be compared
 * like this: the more there is to do, the more events come in one chunk.
 */
function goals({ page: { [OURS]: ours, "phala-cloud": theirs } }) {
  const [many, most] = ours.slice(-2);
  const growth = Object.entries(RATIOS).map(([name, cost]) => ({
    goal: `${name}: each of 5,000 watches ÷ each of 1,000`,
    figure: cost(most) / cost(many),
    limit: LINEAR,
  }));
  const memory = ({ heap, wasm }) => heap + wasm;
  const goal = "memory for each of 1,000 watches ÷ `@phala/cloud`'s";
  return [...growth, { goal, figure: memory(many) / memory(theirs.at(-2)), limit: 1 }];
}
