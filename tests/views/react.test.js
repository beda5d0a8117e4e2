// `cvm-watch/react` in Chromium, in StrictMode, with the newest React and the oldest.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator, state } from "../e2e/simulator.js";
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

    test("a rendering that is thrown away asks nothing, and the one before goes on", async () => {
      const hold = { streams: [[state("starting"), "hold"]] };
      const [old, other] = [await simulator.script(hold), await simulator.script(hold)];
      await browser.run((id) => {
        const { createElement, createRoot, startTransition, Suspense, useState, useWatchCvmState } = react;
        const never = new Promise(() => {});
        globalThis.renders = [];
        function Cvm({ id, suspends }) {
          const { state } = useWatchCvmState(client, { id, target: "running" });
          renders.push(`${id} ${state?.status}`);
          if (suspends) throw never;
          return createElement("output", null, `${id} ${state?.status}`);
        }
        function App() {
          const [props, setProps] = useState({ id });
          globalThis.move = (props) => startTransition(() => setProps(props));
          return createElement(Suspense, { fallback: "never shown" }, createElement(Cvm, props));
        }
        globalThis.root = createRoot(document.body.appendChild(document.createElement("main")));
        root.render(createElement(App));
      }, old);
      const output = () => browser.run(() => document.querySelector("output")?.textContent);
      await browser.driver.wait(async () => (await output()) === `${old} starting`, 10_000);
      await browser.run((id) => move({ id, suspends: true }), other);
      await browser.driver.wait(() => browser.run((id) => renders.includes(`${id} undefined`), other), 10_000);
      assert.equal(await output(), `${old} starting`);
      assert.equal((await simulator.requests(old))[0].leftAt, null);
      assert.equal((await simulator.requests(other)).length, 0);
      await browser.run((id) => move({ id, suspends: false }), other);
      await browser.driver.wait(async () => (await output()) === `${other} starting`, 10_000);
      await simulator.closed(old);
      await browser.run(() => root.unmount());
      assert.equal((await simulator.closed(other)).length, 1);
    });

    test("what a server has rendered is taken over, and then the watch begins", async () => {
      const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
      const complaints = await browser.run((id) => {
        const { createElement, hydrateRoot, useWatchCvmState } = react;
        const Cvm = () => {
          const { phase, state } = useWatchCvmState(client, { id, target: "running" });
          return createElement("b", null, `${phase} ${state?.status}`);
        };
        const main = document.body.appendChild(document.createElement("main"));
        main.innerHTML = "<b>watching undefined</b>";
        globalThis.complaints = [];
        globalThis.root = hydrateRoot(main, createElement(Cvm), {
          onRecoverableError: (error) => complaints.push(error.message),
        });
        return complaints;
      }, id);
      const text = () => browser.run(() => document.querySelector("b")?.textContent);
      await browser.driver.wait(async () => (await text()) === "watching starting", 10_000);
      assert.deepEqual(complaints, []);
      await browser.run(() => root.unmount());
      assert.equal((await simulator.closed(id)).length, 1);
    });

    test("a client that is made in each rendering fails at once, and asks nothing", async () => {
      const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
      const message = await browser.run((id) => {
        const { Component, createElement, createRoot, flushSync, useWatchCvmState } = react;
        const Cvm = () => useWatchCvmState(lab.client(), { id, target: "running" }).phase;
        let message;
        class Boundary extends Component {
          static getDerivedStateFromError = (error) => ({ error });
          state = {};
          render() {
            message = this.state.error?.message;
            return message ?? createElement(Cvm);
          }
        }
        const root = createRoot(document.createElement("main"));
        flushSync(() => root.render(createElement(Boundary)));
        flushSync(() => root.render(createElement(Boundary)));
        root.unmount();
        return message;
      }, id);
      assert.match(String(message), /Too many re-renders/);
      assert.equal((await simulator.requests(id)).length, 0);
    });
  });
}
