// Thousands of components that come and go, each with a watch or a reading of its own: afterwards the page and the server
// hold what they held before. MOUNTS says how many of each.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { evaluate, held } from "../leaks/held.js";
import { bundle } from "./bundle.js";

const MOUNTS = Number(process.env.MOUNTS ?? 200);
/** Until then the engine itself still grows. (A page reads ten times a second: a thousand readings take 100 s.) */
const WARM_UP = 150;
/** Between two looks at the server's log, which is then cleared. */
const ROUND = 250;
/** Bytes by which the page may grow: each mount has a share that is less than the smallest object. */
const SLACK = { heap: 90_000 + 15 * MOUNTS, browser: 300_000 };

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
  await simulator.call("PUT", "cvms/leak-idle", { status: "stopped" });
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Mounts so often, each time until there is a state, and unmounts. It goes to the page as text. */
async function mount(kind, count) {
  for (let n = 0; n < count; n++) {
    // Each asks something else, so that none can join another.
    const patience = kind === "watch" ? { target: "running", timeout: 10 + n / 10 } : { interval: 5 + n / 100 };
    page.put("cvm", kind, client, { id: "leak-idle", onEvent() {}, ...patience });
    while (page.last("cvm")?.state?.status !== "stopped") await new Promise((resolve) => setTimeout(resolve));
    page.remove("cvm");
    delete page.shown.cvm;
  }
}

async function rounds(kind, count) {
  let requests = 0;
  for (let done = 0; done < count; done += ROUND) {
    await evaluate(browser, `(${mount})(${JSON.stringify(kind)}, ${Math.min(ROUND, count - done)})`);
    requests += (await simulator.closed()).length;
    await simulator.call("DELETE", "requests");
  }
  return requests;
}

for (const framework of ["react", "vue"]) {
  describe(`${MOUNTS} mounts in ${framework}`, () => {
    before(async () => {
      await browser.open(simulator);
      await browser.run(await bundle(`${framework}.page.js`, "newest"));
      await browser.run(() => {
        globalThis.client = lab.client();
      });
      for (const kind of ["watch", "states"]) await rounds(kind, WARM_UP);
    });

    for (const kind of ["watch", "states"]) {
      test(`${kind}: one request each, and nothing is left`, async (t) => {
        const before = await held(browser);
        assert.equal(await rounds(kind, MOUNTS), MOUNTS);
        const after = await held(browser);
        const grown = Object.fromEntries(Object.keys(before).map((name) => [name, after[name] - before[name]]));
        t.diagnostic(JSON.stringify({ before, grown }));
        const { heap, browser: own, ...rest } = grown;
        assert.deepEqual(rest, { wasm: 0, listeners: 0, active: 0 });
        assert.ok(heap < SLACK.heap, `JavaScript's heap has grown by ${heap} bytes`);
        assert.ok(own < SLACK.browser, `the browser's own heap has grown by ${own} bytes`);
      });
    }
  });
}
