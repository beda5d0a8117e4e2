// `cvm-watch/react` in Chromium, in StrictMode, with the newest React and the oldest.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { bundle } from "./bundle.js";
import { testViews } from "./suite.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

for (const age of ["newest", "oldest"]) {
  describe(`the ${age} React`, () => {
    before(async () => {
      await browser.open(simulator);
      await browser.run(await bundle("react.page.js", age));
      await browser.run(() => {
        globalThis.client = lab.client();
      });
    });

    testViews({ browser: () => browser, simulator: () => simulator });
  });
}
