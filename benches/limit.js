// Two hundred watches on one page, over HTTP/1.1, while the API allows each user five streams: who learns of a change,
// when, and which connections are left to the page.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliDecompressSync } from "node:zlib";
import { startSimulator } from "../tests/e2e/simulator.js";
import { median, quantile } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Many watches, five streams";

const OURS = "cvm-watch";
const CONTENDERS = [OURS, "phala-cloud"];

const WATCHES = 200;
/** Streams that the API allows each user, and streams that our package opens. */
const [STREAMS, OUR_STREAMS] = [5, 4];
/** How long an answer of the API takes, in ms (it is near, or far away), and in how many seconds all CVMs change. */
const WORLDS = [
  { delayMs: 5, spread: 20 },
  { delayMs: 150, spread: 20 },
  { delayMs: 5, spread: 40 },
];
/** Seconds until the first change, and from the last one until no more is awaited. */
const [SETTLING, PATIENCE] = [10, 40];
/** Neighbours do not change one after the other: no watch is favoured by its place. */
const STRIDE = 77;

/** How long a change may remain unknown by the contract, in s: it goes by the watches that read, and by one answer. */
const bound = ({ delayMs }) => Math.max(1.1 * 5, (WATCHES - OUR_STREAMS) / 10) + 1 + delayMs / 1000;

/** The contender with its own defaults. */
const file = (contender) => `${contender}-defaults.js`;
const cvm = (i) => `fleet-${String(i + 1).padStart(3, "0")}`;

export async function measure({ browser, files }) {
  const www = mkdtempSync(join(tmpdir(), "cvm-watch-limit-"));
  try {
    for (const name of CONTENDERS.map(file)) writeFileSync(join(www, name), brotliDecompressSync(files[`/${name}`]));
    const runs = [];
    for (const contender of CONTENDERS) {
      // Each world has a server of its own, and so a page and connections of its own.
      runs.push(await Promise.all(WORLDS.map((world) => measureOne({ browser, www, contender, world }))));
    }
    const results = WORLDS.flatMap((_, i) => runs.map((ofContender) => ofContender[i]));
    return { goals: goals(results), text: describe(results) };
  } finally {
    rmSync(www, { recursive: true });
  }
}

async function measureOne({ browser, www, contender, world }) {
  const simulator = await startSimulator("--www", www, "--streams-per-user", String(STREAMS));
  try {
    await simulator.call("PUT", "fleet", { size: WATCHES });
    await simulator.call("PUT", "conditions", { delayMs: world.delayMs });
    const page = await browser.open(`${simulator.origin}/simulator/blank`);
    const ids = Array.from({ length: WATCHES }, (_, i) => cvm(i));
    await page.run(watchAll, `/${file(contender)}`, ids);
    await sleep(SETTLING * 1000);
    const changedAt = await changeAll(simulator, world);
    const { toldAt, answers, failures } = await page.run((ms) => lab.end(ms), PATIENCE * 1000);
    const { streams } = await simulator.call("GET", "counters");
    const requests = await simulator.requests();
    await page.close();
    return { contender, world, failures, ...figures({ changedAt, toldAt, answers, streams, requests, world }) };
  } finally {
    simulator.stop();
  }
}

/** In the page: watches all of them, and asks the server something else each second. */
async function watchAll(module, ids) {
  const { watch } = await import(module);
  const toldAt = ids.map(() => null);
  const answers = [];
  const asked = [];
  const failures = [];
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  const watchOne = async (id, i) => {
    const tell = () => {
      toldAt[i] ??= Date.now();
    };
    const onEvent = ({ data }) => data.status === "running" && tell();
    await watch({ id, target: "running" }, { onEvent }).then(tell, (error) => failures.push(String(error)));
  };

  const ask = async () => {
    const at = answers.push(null) - 1;
    const began = performance.now();
    // What it asks for has been done: it changes nothing.
    const response = await fetch("/simulator/cvms/my-database/start", { method: "POST" });
    await response.text();
    answers[at] = performance.now() - began;
  };

  const watching = ids.map(watchOne);
  const asking = setInterval(() => asked.push(ask()), 1000);
  globalThis.lab = {
    /** Once all have been told, and the page's own requests answered, if that does not take too long. */
    async end(patience) {
      await Promise.race([Promise.all(watching), sleep(patience)]);
      clearInterval(asking);
      await Promise.race([Promise.all(asked), sleep(patience)]);
      return { toldAt, answers, failures };
    },
  };
}

/** Lets all of them reach the target, one after the other; gives the moments. */
async function changeAll(simulator, { spread }) {
  const changedAt = [];
  const began = Date.now();
  for (let n = 0; n < WATCHES; n++) {
    await sleep(Math.max(0, began + (n * spread * 1000) / WATCHES - Date.now()));
    const i = (n * STRIDE) % WATCHES;
    changedAt[i] = Date.now();
    await simulator.call("PUT", `cvms/${cvm(i)}`, { status: "running" });
  }
  return changedAt;
}

function figures({ changedAt, toldAt, answers, streams, requests, world }) {
  // What has never come took for ever.
  const told = changedAt.map((at, i) => ((toldAt[i] ?? Number.POSITIVE_INFINITY) - at) / 1000);
  const waits = answers.map((ms) => (ms ?? Number.POSITIVE_INFINITY) / 1000);
  const count = (kind, status) => requests.filter((one) => one.kind === kind && one.status === status).length;
  return {
    requests: requests.length,
    opened: count("stream", 200),
    refused: count("stream", 429),
    reads: count("read", 200),
    mostOpen: streams.mostOpen,
    told: summary(told),
    inTime: told.filter((seconds) => seconds <= bound(world)).length,
    waits: summary(waits),
  };
}

const summary = (values) => ({ median: median(values), p95: quantile(values, 0.95), worst: Math.max(...values) });

const seconds = (value) => (Number.isFinite(value) ? figure(value) : "never");

const ROWS = {
  "requests in all": ({ requests }) => requests.toLocaleString("en"),
  "… streams opened": ({ opened }) => opened.toLocaleString("en"),
  "… streams refused": ({ refused }) => refused.toLocaleString("en"),
  "… reads": ({ reads }) => reads.toLocaleString("en"),
  "streams open at once, at most": ({ mostOpen }) => String(mostOpen),
  "change → told, s, median": ({ told }) => seconds(told.median),
  "change → told, s, 95 % of the watches": ({ told }) => seconds(told.p95),
  "change → told, s, worst": ({ told }) => seconds(told.worst),
  "told within the contract's bound": ({ inTime }) => String(inTime),
  "watches that gave up": ({ failures }) => (failures.length > 0 ? `${failures.length}: ${failures[0]}` : "0"),
  "a request of the page's own, s, median": ({ waits }) => seconds(waits.median),
  "a request of the page's own, s, worst": ({ waits }) => seconds(waits.worst),
};

function describe(results) {
  const heads = results.map(({ contender, world }) => `${contender}, ${world.delayMs} ms, ${world.spread} s`);
  const rows = Object.entries(ROWS).map(([name, cell]) => [name, ...results.map(cell)]);
  const bounds = [...new Set(WORLDS.map((world) => `${figure(bound(world))} s`))].join(" or ");
  return `\
${WATCHES} watches on one page over HTTP/1.1. A user may have ${STREAMS} streams; a further one is answered with 429. Both clients have their
defaults (\`createClient({ baseURL })\`, \`{ id, target }\`, \`onEvent\`): \`@phala/cloud\` makes as many attempts as it takes, 5 s after a failed one.
The API answers in 5 or 150 ms. After ${SETTLING} s the CVMs begin to reach the target one by one, all of them within 20 or 40 s, in the same
order for both clients. By the contract each change is told within ${bounds}; "never" is more than ${PATIENCE} s after the last one. Each
second the page sends a POST to the same origin, which is answered at once: what it takes, it has waited for a connection. One round.

${table([`${WATCHES} watches; an answer takes; all change within`, ...heads], rows)}

A client without reads learns of a change only when its watch has got a stream, which those that have not changed yet keep: the
longer these take, the later. A browser has six connections to an origin on HTTP/1.1. Where five are streams, one is left for all
attempts that are refused, and for the page: with slow answers, each of the page's own requests waits for its turn behind them.`;
}

function goals(results) {
  const ours = results.filter(({ contender }) => contender === OURS);
  const worst = (cost) => Math.max(...ours.map(cost));
  return [
    {
      goal: "the worst time to learn of a change ÷ the contract's bound",
      figure: worst(({ told, world }) => told.worst / bound(world)),
      limit: 1,
    },
    { goal: "streams open at once", figure: worst(({ mostOpen }) => mostOpen), limit: OUR_STREAMS },
    { goal: "a request of the page's own, worst, s", figure: worst(({ waits }) => waits.worst), limit: 1 },
  ];
}
