// The framework examples, as their pages use them: in a real browser, with the simulator's log as witness.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { build } from "esbuild";
import { By, Key, until } from "selenium-webdriver";
import { settings, site } from "../../scripts/examples.js";
import { startBrowser } from "../e2e/browser.js";
import { answer, complete, startSimulator, state, wait } from "../e2e/simulator.js";

let simulator;
let browser;
let driver;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator("--www", site), startBrowser()]);
  driver = browser.driver;
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

const find = (id) => driver.findElement(By.id(id));

async function open(example) {
  await driver.get(`${simulator.origin}/examples/${example}/`);
  await driver.wait(until.elementLocated(By.id("mount")), 20_000);
  await driver.executeScript(() => {
    // All that the page has shown, and how many watches it has aborted.
    globalThis.shown = [];
    const look = () => {
      const cvm = document.querySelector(".cvm");
      const now = cvm ? `${cvm.dataset.status}: ${cvm.lastElementChild.textContent}`.trim() : "nothing";
      if (shown.at(-1) !== now) shown.push(now);
    };
    look();
    const everything = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(look).observe(document.getElementById("app"), everything);
    globalThis.aborts = 0;
    const { abort } = AbortController.prototype;
    AbortController.prototype.abort = function (...args) {
      aborts++;
      abort.apply(this, args);
    };
  });
}

async function mount(id, target = "running") {
  for (const [field, value] of Object.entries({ id, target })) {
    await find(field).sendKeys(Key.chord(Key.CONTROL, "a"), Key.BACK_SPACE, value);
  }
  await find("mount").click();
}

const unmount = () => find("unmount").click();

const shown = () => driver.executeScript("return shown");

/** Waits until the page shows that, and gives all that it has shown. */
async function shows(wanted) {
  await driver
    .wait(async () => (await shown()).at(-1)?.startsWith(wanted), 20_000)
    .catch(async () => assert.fail(`never shown: ${wanted}, but ${JSON.stringify(await shown())}`));
  return shown();
}

/** What the browser complains of; that a request was refused is its own affair. */
async function complaints() {
  const entries = await driver.manage().logs().get("browser");
  return entries
    .filter(({ level, message }) => level.value > 800 && !message.includes("Failed to load resource"))
    .map(({ message }) => message);
}

for (const example of ["react", "vue", "web-component"]) {
  describe(example, () => {
    beforeEach(() => open(example));
    afterEach(async () => assert.deepEqual(await complaints(), []));

    test("the states are shown as they come, and then the one that was waited for", async () => {
      const id = `boots-in-${example}`;
      await simulator.call("PUT", `cvms/${id}`, { status: "stopped", bootStepMs: 200 });
      await mount(id);
      await shows("watching: stopped");
      await simulator.call("POST", `cvms/${id}/start`);
      const all = await shows("reached: running");
      const steps = all.filter((line) => line.startsWith("watching: starting"));
      assert.ok(steps.length > 1, JSON.stringify(all));
      assert.deepEqual(all.slice(0, 3), ["nothing", "watching:", "watching: stopped"]);
      assert.match(all.at(-2), /^watching: (starting|running)/);
      await simulator.closed(id);
    });

    test("there is one stream while it is mounted, and none when it is unmounted", async () => {
      const id = await simulator.script({ streams: Array(9).fill([state("starting"), "hold"]) });
      await mount(id);
      await shows("watching: starting");
      const doubled = await driver.executeScript("return aborts");
      assert.equal(doubled, example === "react" ? 1 : 0, "StrictMode mounts twice");
      await unmount();
      await shows("nothing");
      const log = await simulator.closed(id);
      assert.deepEqual(
        log.map(({ ending }) => ending),
        ["client left"],
      );
    });

    test("another id aborts the old watch and begins the new one, and so does another target", async () => {
      const hold = { streams: Array(9).fill([state("starting"), "hold"]) };
      const [old, other] = [await simulator.script(hold), await simulator.script(hold)];
      await mount(old);
      await shows("watching: starting");
      await mount(other, "running");
      await simulator.closed(old);
      await simulator.until(other, (log) => log.length === 1);
      await shows("watching: starting");
      await mount(other, "stopped");
      const log = await simulator.until(other, (log) => log.length === 2 && log[0].leftAt !== null);
      assert.deepEqual(
        log.map(({ path, leftAt }) => [path.match(/target=(\w+)/)[1], leftAt !== null]),
        [
          ["running", true],
          ["stopped", false],
        ],
      );
      const all = await shows("watching: starting");
      assert.deepEqual(all.slice(1), Array(3).fill(["watching:", "watching: starting"]).flat());
      await unmount();
      await simulator.closed(other);
    });

    test("an error is shown with its class, and is gone with the next watch", async () => {
      const refusal = answer(403, "not yours");
      const id = await simulator.script({ streams: [refusal], reads: [refusal] });
      await mount(id);
      assert.match((await shows("failed: RequestError")).at(-1), /403: not yours/);
      await mount(id, "");
      await shows("failed: ValidationError");
      await mount(await simulator.script({ streams: [[state("running"), complete()]] }));
      await shows("reached: running");
    });

    test("unmounted at any moment, nothing is shown afterwards", async () => {
      for (const steps of [["hold"], [state("starting"), "hold"], [state("running"), wait(300), complete()]]) {
        const id = await simulator.script({ streams: [steps] });
        await mount(id);
        await simulator.until(id, (log) => log.length === 1);
        await unmount();
        await shows("nothing");
        await simulator.closed(id);
      }
      await mount(await simulator.script({ streams: [[state("running"), complete()]] }));
      const all = (await shows("reached: running")).join("\n");
      assert.doesNotMatch(all, /failed|Abort/);
    });
  });
}

test("web-component: an element out of the document changes no more, and watches again when it is back", async () => {
  await open("web-component");
  const id = await simulator.script({ streams: Array(9).fill([state("starting"), "hold"]) });
  await mount(id);
  await shows("watching: starting");
  await driver.executeScript(() => {
    globalThis.element = document.querySelector("cvm-state");
    globalThis.changes = 0;
    element.addEventListener("change", () => changes++);
  });
  await unmount();
  await simulator.closed(id);
  await driver.executeScript((id) => element.setAttribute("cvm-id", `${id}-other`), id);
  assert.deepEqual(await driver.executeScript("return [changes, element.status, element.error]"), [
    0,
    "watching",
    null,
  ]);
  await driver.executeScript((id) => {
    element.setAttribute("cvm-id", id);
    document.getElementById("cvm").replaceChildren(element);
  }, id);
  await shows("watching: starting");
  await driver.executeScript("element.removeAttribute('cvm-id')");
  await shows("idle");
  assert.equal((await simulator.closed(id)).length, 2);
});

test("vue: without a component too, with refs and getters, until the scope is stopped", async () => {
  const contents = 'export { effectScope, ref } from "vue"; export * from "./use-cvm-state.js";';
  const stdin = { contents, resolveDir: "www/examples/vue" };
  const { outputFiles } = await build({ ...settings, stdin, write: false });
  const hold = { streams: Array(9).fill([state("starting"), "hold"]) };
  const [one, other] = [await simulator.script(hold), await simulator.script(hold)];
  await browser.open(simulator);
  await browser.run(async (source) => {
    const { effectScope, ref, useCvmState } = await import(
      URL.createObjectURL(new Blob([source], { type: "text/javascript" }))
    );
    const [client, id, target] = [ref(lab.client()), ref(), ref("running")];
    const scope = effectScope();
    const watch = scope.run(() => useCvmState(client, { id, target: () => target.value }));
    const tell = () => [
      watch.status.value,
      watch.event.value?.status,
      watch.state.value?.status,
      watch.error.value?.name,
    ];
    globalThis.vue = { scope, id, target, tell };
  }, outputFiles[0].text);
  const tells = async (...expected) => {
    const tell = () => driver.executeScript("return JSON.stringify(vue.tell())");
    const wanted = JSON.stringify(Array.from({ length: 4 }, (_, i) => expected[i]));
    await driver
      .wait(async () => (await tell()) === wanted, 20_000)
      .catch(async () => assert.equal(await tell(), wanted));
  };
  await tells("idle");
  await driver.executeScript((id) => (vue.id.value = id), one);
  await tells("watching", "starting", "starting");
  await driver.executeScript((id) => (vue.id.value = id), other);
  assert.equal((await simulator.closed(one))[0].ending, "client left");
  await tells("watching", "starting", "starting");
  await driver.executeScript(() => (vue.target.value = ""));
  await tells("failed", undefined, undefined, "ValidationError");
  await driver.executeScript(() => (vue.target.value = "stopped"));
  await tells("watching", "starting", "starting");
  await driver.executeScript(() => vue.scope.stop());
  assert.equal((await simulator.closed(other)).length, 2);
  await driver.executeScript((id) => (vue.id.value = id), one);
  await browser.watch({ id: await simulator.script({ streams: [[state("running"), complete()]] }), target: "running" });
  await tells("watching", "starting", "starting");
  assert.equal((await simulator.requests(one)).length, 1);
});
