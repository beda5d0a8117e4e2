// `npm run bench`: how long a watch takes to notice, measured in headless Chromium through the built package.
// Times are of this machine and this run; what counts is their size.

import { build } from "../scripts/build.js";
import { setUpBrowser, setUpBuild } from "../scripts/setup.js";
import { run } from "../scripts/shell.js";
import { startBrowser } from "../tests/e2e/browser.js";
import { complete, startSimulator, state, tells, wait } from "../tests/e2e/simulator.js";

const RUNS = 200;
const PAUSE = 50;

await setUpBuild();
process.env.CHROMEDRIVER = await setUpBrowser();
await build();
run("cargo", ["build", "--quiet", "--locked", "--package", "cvm-simulator"]);
const [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
await browser.open(simulator);

const aborts = await measureAborts();
const settlings = await measureSettling();
const rows = {
  "abort() to the rejected promise": aborts.map(({ rejected }) => rejected),
  "abort() to the connection closed, as the server sees it": aborts.map(({ closed }) => closed),
  "`complete` heard by the callback to the settled promise": settlings.map(({ settled }) => settled),
  "`complete` written by the server to the settled promise, connecting included": settlings.map(({ whole }) => whole),
};
console.log(`\n${RUNS} watches each, in ms\n`);
console.log("| from … to … | median | p99 | most |\n|---|---:|---:|---:|");
for (const [name, times] of Object.entries(rows)) {
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(2);
  console.log(`| ${name} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`);
}
await Promise.all([browser.stop(), simulator.stop()]);

/**
 * Aborts watches while they stream. A read that is sent together with the abort marks that moment on the server's own
 * clock (late by the time that a request takes, a millisecond or so).
 */
async function measureAborts() {
  const id = await simulator.script({ streams: Array(RUNS).fill([state("starting"), "hold"]) });
  const mark = await simulator.script({ reads: Array(RUNS).fill(tells("marked")) });
  const rejected = [];
  for (let i = 0; i < RUNS; i++) {
    rejected.push(
      await browser.run(
        async (id, mark) => {
          const watch = lab.begin({ id, target: "running" });
          while (watch.events.length === 0) await new Promise((resolve) => setTimeout(resolve));
          const began = performance.now();
          fetch(`/api/v1/cvms/${mark}/state`);
          watch.controller.abort();
          const { at } = await watch.settled;
          return at - began;
        },
        id,
        mark,
      ),
    );
    await simulator.closed(id);
  }
  const [streams, marks] = [await simulator.closed(id), await simulator.closed(mark)];
  return streams.map(({ leftAt }, i) => ({ rejected: rejected[i], closed: leftAt - marks[i].arrivedAt }));
}

/** Lets watches reach their target; `complete` follows the state after a pause, which is taken off again. */
async function measureSettling() {
  const id = await simulator.script({ streams: Array(RUNS).fill([state("running"), wait(PAUSE), complete(), "hold"]) });
  return browser.run(
    async (id, runs, pause) => {
      const times = [];
      for (let i = 0; i < runs; i++) {
        const watch = lab.begin({ id, target: "running" });
        const { at } = await watch.settled;
        times.push({ settled: at - watch.events.at(-1).at, whole: at - watch.began - pause });
      }
      return times;
    },
    id,
    RUNS,
    PAUSE,
  );
}
