// Many watches at once, over HTTP/2: what each of them costs.

import { once } from "node:events";
import { complete, state } from "./frames.js";
import { plot, roundTicks } from "./plot.js";
import { now, startServer } from "./server.js";
import { median } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Scale";

const SIZES = [1, 10, 100, 1000, 5000];
const OURS = "cvm-watch";
const PEERS = ["fetch-loop", "phala-cloud"];
const CONTENDERS = [OURS, ...PEERS];
const ROUNDS = 3;
/** So many in all, whatever the number of watches: enough for the clock. */
const EVENTS = 10_000;
/** Growth is linear, if one of many watches costs no more than this times one of a few. */
const LINEAR = 1.5;
/** Chromium opens no more streams than 256 on one connection, so there are several origins. */
const STREAMS_PER_ORIGIN = 250;

export async function measure({ browser, files }) {
  const streams = new Set();
  const stream = (_id, response) => {
    response.write(state("booting"));
    streams.add(response);
    response.once("close", () => streams.delete(response));
  };
  const server = await startServer({ files, stream, http2: true });
  const results = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
  for (const size of SIZES) {
    const medians = await measureSize(size);
    for (const contender of CONTENDERS) results[contender].push(medians[contender]);
  }
  server.stop();
  return { goals: goals(results), text: describe(results), plots: draw(results) };

  /** Round by round; a large number of watches is a median in itself. */
  async function measureSize(size) {
    const runs = Object.fromEntries(CONTENDERS.map((contender) => [contender, []]));
    for (let round = 0; round < (size < 1000 ? ROUNDS : 1); round++) {
      for (const contender of CONTENDERS) runs[contender].push(await measureOne(contender, size));
    }
    return Object.fromEntries(Object.entries(runs).map(([contender, runs]) => [contender, medianOf(runs)]));
  }

  async function measureOne(contender, size) {
    const page = await browser.open(server.origin);
    await page.run(prepare, contender, server.origin);
    const empty = await page.memory();
    await page.run((size, perOrigin) => lab.begin(size, perOrigin), size, STREAMS_PER_ORIGIN);
    const full = await page.memory();
    const each = Math.max(1, Math.round(EVENTS / size));
    const before = await page.cpuTime();
    const heard = page.run((events) => lab.heard(events), size * (each + 1));
    await tell(each);
    await heard;
    const cpu = (await page.cpuTime()) - before;
    const began = now();
    for (const response of streams) response.end(state("running") + complete());
    const ms = (await page.run(() => lab.settled())) - began;
    await page.close();
    return {
      heap: (full.heap - empty.heap) / size,
      wasm: (full.wasm - empty.wasm) / size,
      cpu: (cpu * 1000) / (each * size),
      settling: (ms * 1000) / size,
      ms,
    };
  }

  async function tell(each) {
    for (let i = 0; i < each; i++) {
      const drained = [...streams].map(
        (response) => response.write(state("booting", { uptime: `${i}s` })) || once(response, "drain"),
      );
      await Promise.all(drained);
      await new Promise(setImmediate);
    }
  }
}

/** Field by field. */
function medianOf(runs) {
  return Object.fromEntries(Object.keys(runs[0]).map((field) => [field, median(runs.map((run) => run[field]))]));
}

/** In the page. */
async function prepare(contender, origin) {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...args) => {
    const result = await instantiate.apply(WebAssembly, args);
    const { exports } = result.instance ?? result;
    globalThis.memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
    return result;
  };
  const { watch } = await import(`/${contender}.js`);
  const port = new URL(origin).port;
  let events = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let reached = () => {};
  let settled;
  const onEvent = () => {
    if (++events >= wanted) reached();
  };
  const heard = (count) =>
    new Promise((resolve) => {
      wanted = count;
      reached = resolve;
      if (events >= wanted) resolve();
    });
  globalThis.lab = {
    heard,
    async begin(size, perOrigin) {
      const watches = [];
      for (let i = 0; i < size; i++) {
        const baseURL = `https://h${Math.floor(i / perOrigin)}.localhost:${port}/api/v1`;
        watches.push(watch({ baseURL, id: `cvm-${i}`, target: "running", transport: "fetch", onEvent }));
      }
      settled = Promise.all(watches).then(() => performance.timeOrigin + performance.now());
      // One that fails ends the wait.
      await Promise.race([heard(size), settled]);
    },
    /** When the last one has settled, on the clock that the server has too. */
    settled: () => settled,
  };
  // The module is there before the first watch is counted.
  const first = watch({
    baseURL: "/api/v1",
    id: "first",
    target: "running",
    transport: "fetch",
    signal: AbortSignal.timeout(500),
  });
  await first.catch(() => {});
}

const COLUMNS = {
  heap: "JS heap for each watch, KiB",
  wasm: "WebAssembly memory for each watch, KiB",
  cpu: "CPU for each event, µs",
  settling: "time to settle all ÷ watches, µs",
};
const memory = ({ heap, wasm }) => heap + wasm;
const RATIOS = { memory, CPU: ({ cpu }) => cpu, "time to settle": ({ ms }) => ms };

const shown = (field, value) => (field === "heap" || field === "wasm" ? value / 1024 : value);

function describe(results) {
  const heads = [...Object.values(COLUMNS), "to settle all, ms"];
  const tables = CONTENDERS.map((contender) => {
    const rows = results[contender].map((result, i) => {
      const figures = Object.keys(COLUMNS).map((field) => figure(shown(field, result[field])));
      return [SIZES[i].toLocaleString("en"), ...figures, figure(result.ms)];
    });
    return table([`${contender}, watches at once`, ...heads], rows);
  });
  const images = Object.keys(COLUMNS).map((field) => `![${COLUMNS[field]}](plots/scale-${field}.svg)`);
  const ratios = PEERS.flatMap((peer) =>
    Object.entries(RATIOS).map(([name, cost]) => [
      `${name}, ours ÷ ${peer}`,
      ...results[peer].map((theirs, i) => figure(cost(results[OURS][i]) / cost(theirs))),
    ]),
  );
  const sizes = SIZES.map((size) => size.toLocaleString("en"));
  return [...tables, table(["watches at once", ...sizes], ratios), images.join("\n")].join("\n\n");
}

function draw(results) {
  const plots = Object.entries(COLUMNS).map(([field, title]) => {
    const series = CONTENDERS.map((name) => ({
      name,
      points: results[name].map((result, i) => [SIZES[i], shown(field, result[field])]),
    }));
    const most = Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y)));
    const x = { label: "watches at once", ticks: [1, 10, 100, 1000, 10_000], log: true };
    return [
      `scale-${field}`,
      plot({ title, x, y: { label: title.split(", ").at(-1), ticks: roundTicks(most) }, series }),
    ];
  });
  return Object.fromEntries(plots);
}

/** What grows linearly costs each of 5,000 what it costs each of 1,000. */
function goals({ [OURS]: ours }) {
  const [many, most] = ours.slice(-2);
  const growth = (cost) => cost(most) / cost(many);
  return [
    { goal: "memory for each of 5,000 watches ÷ for each of 1,000", figure: growth(memory) },
    { goal: "CPU for each event with 5,000 watches ÷ with 1,000", figure: growth(({ cpu }) => cpu) },
    { goal: "time to settle ÷ watches, for 5,000 ÷ for 1,000", figure: growth(({ settling }) => settling) },
  ].map((goal) => ({ ...goal, limit: LINEAR }));
}
