// Thousands of watches in one page, which end in every way, over each transport: afterwards the page and the server
// hold what they held before. WATCHES says how many; `npm run test:leaks` takes 10,000.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { evaluate, held } from "./held.js";
import { ways } from "./ways.js";

const WATCHES = Number(process.env.WATCHES ?? 1000);
/** Until then the engine itself still grows: it compiles what is used, and remembers how. As many as are counted of each kind. */
const WARM_UP = WATCHES / 4;
/** Between two looks at the server's log, which is then cleared: it would become the slowest part. */
const ROUND = 250;
/** Bytes by which the page may grow in all. Each watch has a share that is less than the smallest object. */
const SLACK = { heap: 40_000 + 5 * WATCHES, browser: 300_000 };

const MIXED = [
  "resolved",
  "aborted",
  "exhausted",
  "refused",
  "aborted while connecting",
  "aborted before the start",
  "invalid",
  "failed",
  "woken",
  "states, then break",
  "states, forgotten",
  "states, returned while it waits",
];
const KINDS = { resolved: ["resolved"], aborted: ["aborted"], exhausted: ["exhausted"], mixed: MIXED };
/** How a watch of each kind ends, and how many requests it makes; the mixed ones vary. */
const ENDS = { resolved: "running", aborted: "WatchAbortedError", exhausted: "MaxRetriesExceededError" };
/** Where there is no stream that breaks, the reads fail. */
const BUSY = { respond: { status: 503 } };
const REQUESTS = { resolved: 1, aborted: 1, exhausted: 2 };

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
  await simulator.call("PUT", "cvms/leak-idle", { status: "stopped" });
  await simulator.call("PUT", "cvms/leak-failed", { status: "error" });
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Watches so often; gives how they have ended, and how many requests the server has seen, all of them closed. */
async function watch(names, count) {
  const ends = {};
  let requests = 0;
  for (let done = 0; done < count; done += ROUND) {
    const round = `ways.run(${JSON.stringify(names)}, ${Math.min(ROUND, count - done)})`;
    for (const [end, times] of Object.entries(await evaluate(browser, round))) ends[end] = (ends[end] ?? 0) + times;
    requests += (await simulator.closed()).length;
    await simulator.call("DELETE", "requests");
  }
  return { ends, requests };
}

for (const transport of ["eventsource", "fetch", "poll"]) {
  describe(`${WATCHES} watches over ${transport}`, () => {
    const figures = {};
    const look = async (moment) => {
      figures[moment] = await held(browser);
    };

    before(async () => {
      await browser.open(simulator);
      // Ten reads a second would take minutes.
      await browser.run(`lab.hurry(10); (${ways})(); lab.use(${JSON.stringify(transport)});`);
      if (transport === "poll") await simulator.call("PUT", "cvms/broken-app/conditions", { reads: BUSY });
      for (const names of Object.values(KINDS)) await watch(names, WARM_UP);
      await look("before");
    });

    for (const [kind, names] of Object.entries(KINDS)) {
      test(`${kind}: no connection, listener or timer is left`, async () => {
        const count = WATCHES / Object.keys(KINDS).length;
        const { ends, requests } = await watch(names, count);
        await look(kind);
        if (kind === "mixed") {
          assert.deepEqual(Object.keys(ends).sort(), [
            "CvmFailedError",
            "MaxRetriesExceededError",
            "RequestError",
            "ValidationError",
            "WatchAbortedError",
            "running",
          ]);
        } else {
          assert.deepEqual(ends, { [ENDS[kind]]: count });
          // The page's time runs faster, so on a busy machine a read may come too late, and another attempt follows.
          const least = count * REQUESTS[kind];
          assert.ok(requests === least || (transport === "poll" && requests > least), `${requests} requests`);
        }
        assert.deepEqual(await evaluate(browser, "ways.alive()"), { signals: 0, wakeUps: 0, timers: 0 });
      });
    }

    test("the page holds what it held before", (t) => {
      for (const [moment, figure] of Object.entries(figures)) t.diagnostic(`${moment}: ${JSON.stringify(figure)}`);
      const { before, mixed: after } = figures;
      const grown = Object.fromEntries(Object.keys(before).map((name) => [name, after[name] - before[name]]));
      t.diagnostic(`bytes per watch: ${(grown.heap / WATCHES).toFixed(1)}`);
      const { heap, browser, ...rest } = grown;
      assert.deepEqual(rest, { wasm: 0, listeners: 0, active: 0 });
      assert.ok(heap < SLACK.heap, `JavaScript's heap has grown by ${heap} bytes`);
      assert.ok(browser < SLACK.browser, `the browser's own heap has grown by ${browser} bytes`);
    });
  });
}
