// How long a page waits for its first watch: from `import()` to the request on the wire.

import { complete, state } from "./frames.js";
import { now, startServer } from "./server.js";
import { median } from "./statistics.js";
import { figure, table } from "./table.js";

export const title = "Cold start";

const ROUNDS = 5;
/** How many times a browser with a warm cache has loaded the page: V8 caches compiled code from the second time on. */
const VISITS = 3;
const OURS = ["cvm-watch", "cvm-watch-url"];
const PEERS = ["event-source", "fetch-loop", "phala-cloud", "fetch-event-source", "eventsource-client"];

const CONDITIONS = ["cold", "warm"].flatMap((cache) => [1, 6].map((slowdown) => ({ cache, slowdown })));
const named = ({ cache, slowdown }) => `${cache} cache${slowdown > 1 ? `, CPU ${slowdown}× slower` : ""}`;

export async function measure({ browser, files }) {
  const contenders = [...OURS, ...PEERS].filter((name) => `/${name}.js` in files);
  const arrivals = new Map();
  const stream = (id, response) => {
    arrivals.set(id, now());
    response.end(state("running") + complete());
  };
  const server = await startServer({ files, stream });
  let next = 0;
  for (const contender of contenders) for (let i = 0; i < VISITS; i++) await visit(contender, CONDITIONS[2]);
  const times = Object.fromEntries(contenders.map((name) => [name, CONDITIONS.map(() => [])]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length];
      for (const [i, condition] of CONDITIONS.entries()) times[contender][i].push(await visit(contender, condition));
    }
  }
  server.stop();
  return { goals: goals(times), text: [describe(times), describeRatios(times)].join("\n\n") };

  /** A page in a new process; a cold cache is that of a browser context which has seen nothing yet. */
  async function visit(contender, { cache, slowdown }) {
    const page = await browser.open(server.origin, { inNewContext: cache === "cold" });
    const id = `cvm-${next++}`;
    await page.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
    const began = await page.run(start, contender, id);
    await page.close();
    return arrivals.get(id) - began;
  }
}

/** In the page. */
async function start(contender, id) {
  const began = performance.timeOrigin + performance.now();
  const { watch } = await import(`/${contender}.js`);
  await watch({ baseURL: "/api/v1", id, target: "running", transport: "auto" });
  return began;
}

function describe(times) {
  const rows = Object.entries(times).map(([name, columns]) => [name, ...columns.map((ms) => figure(median(ms)))]);
  return table(["from `import()` to the request, ms", ...CONDITIONS.map(named)], rows);
}

function describeRatios(times) {
  const ours = OURS.filter((name) => name in times);
  const rows = PEERS.flatMap((peer) =>
    ours.map((name) => [
      `${name} ÷ ${peer}`,
      ...times[peer].map((theirs, i) => figure(median(theirs.map((ms, round) => times[name][i][round] / ms)))),
    ]),
  );
  return table(["our time ÷ theirs", ...CONDITIONS.map(named)], rows);
}

function goals(times) {
  return OURS.filter((name) => name in times).map((name) => ({
    goal: `${name} starts in ≤ 0.6 of the time of \`@phala/cloud\` with a cold cache`,
    figure: median(times[name][0].map((ms, round) => ms / times["phala-cloud"][0][round])),
    limit: 0.6,
    more: CONDITIONS.slice(1)
      .map(
        (condition, i) =>
          `${named(condition)}: ${figure(median(times[name][i + 1].map((ms, round) => ms / times["phala-cloud"][i + 1][round])))}`,
      )
      .join("; "),
  }));
}
