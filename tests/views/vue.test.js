// `cvm-watch/vue` in Chromium, with the newest Vue and the oldest.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { complete, startSimulator, state } from "../e2e/simulator.js";
import { bundle } from "./bundle.js";
import { testViews } from "./suite.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

for (const age of ["newest", "oldest"]) {
  describe(`the ${age} Vue`, () => {
    before(async () => {
      await browser.open(simulator);
      await browser.run(await bundle("vue.page.js", age));
      await browser.run(() => {
        globalThis.client = lab.client();
      });
    });

    testViews({ browser: () => browser, simulator: () => simulator });

    test("a component can abort as soon as it is mounted", async () => {
      const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
      await browser.run((id) => {
        const { createApp, h, onMounted, useWatchCvmState } = vue;
        const Aborting = {
          setup() {
            const { phase, abort } = useWatchCvmState(client, { id, target: "running" });
            onMounted(abort);
            return () => h("output", phase.value);
          },
        };
        globalThis.aborting = createApp(Aborting);
        aborting.mount(document.body.appendChild(document.createElement("main")));
      }, id);
      const output = () => browser.run(() => document.querySelector("output").textContent);
      await browser.driver.wait(async () => (await output()) === "aborted", 10_000);
      await browser.run(() => aborting.unmount());
      assert.equal((await simulator.requests(id)).length, 0);
    });

    test("without a component too, with a ref and reactive fields, until the scope is stopped", async () => {
      const hold = { streams: [[state("starting"), "hold"]] };
      const [one, other] = [await simulator.script(hold), await simulator.script(hold)];
      await browser.run(() => {
        const { effectScope, reactive, shallowRef, useWatchCvmState } = vue;
        const [given, request] = [shallowRef(client), reactive({ id: "", target: "running" })];
        const scope = effectScope();
        const { phase, state, error } = scope.run(() => useWatchCvmState(given, request));
        const tell = () => [phase.value, state.value?.status, error.value?.name].filter(Boolean).join(" ");
        globalThis.held = { scope, request, tell };
      });
      const tells = (expected) =>
        browser.driver.wait(async () => (await browser.run(() => held.tell())) === expected, 10_000);
      await tells("failed ValidationError");
      await browser.run((id) => Object.assign(held.request, { id }), one);
      await tells("watching starting");
      await browser.run((id) => Object.assign(held.request, { id }), other);
      await simulator.closed(one);
      await tells("watching starting");
      await browser.run(() => held.scope.stop());
      assert.equal((await simulator.closed(other)).length, 1);
      await browser.run((id) => Object.assign(held.request, { id }), one);
      await browser.watch({
        id: await simulator.script({ streams: [[state("running"), complete()]] }),
        target: "running",
      });
      assert.equal((await simulator.requests(one)).length, 1);
    });
  });
}
