// The examples, as their pages use them: in a real browser, checked by the simulator's log too.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { By, Key, until } from "selenium-webdriver";
import { site } from "../../scripts/examples.js";
import { root, runNpmTool } from "../../scripts/shell.js";
import { startBrowser } from "../e2e/browser.js";
import { answer, complete, startSimulator, state, tells } from "../e2e/simulator.js";

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
    // All that the page has shown.
    globalThis.shown = [];
    const look = () => {
      const now = document.getElementById("cvm").innerText;
      if (shown.at(-1) !== now) shown.push(now);
    };
    look();
    const everything = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(look).observe(document.getElementById("cvm"), everything);
  });
}

async function mount(id) {
  await find("id").sendKeys(Key.chord(Key.CONTROL, "a"), Key.BACK_SPACE, id);
  await find("mount").click();
}

const unmount = () => find("unmount").click();

/** Waits until the page shows that, and gives all that it has shown. */
async function shows(wanted) {
  const shown = () => driver.executeScript("return shown");
  await driver
    .wait(async () => wanted.test((await shown()).at(-1)), 20_000)
    .catch(async () => assert.fail(`never shown: ${wanted}, but ${JSON.stringify(await shown())}`));
  return shown();
}

/** The browser's errors, without those about requests that were refused. */
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

    test("a boot is shown as it goes, until the CVM runs", async () => {
      const id = `boots-in-${example}`;
      await simulator.call("PUT", `cvms/${id}`, { status: "stopped", bootStepMs: 200 });
      await mount(id);
      await shows(/^Boot: watching\s+stopped/);
      await simulator.call("POST", `cvms/${id}/start`);
      const all = await shows(/^Boot: reached\s+done/);
      assert.ok(
        all.some((text) => /^Boot: watching\s+setting up docker/.test(text)),
        JSON.stringify(all),
      );
      await unmount();
      await shows(/^$/);
      await simulator.closed(id);
    });

    test("a boot that fails is told", async () => {
      const id = `fails-in-${example}`;
      await simulator.call("PUT", `cvms/${id}`, { status: "stopped", bootStepMs: 50, failAt: "mounting data disk" });
      await simulator.call("POST", `cvms/${id}/start`);
      await mount(id);
      await shows(/^Boot: failed\s+.*the boot failed while mounting data disk/);
    });

    test("there is one stream while it is mounted, and another with another id", async () => {
      const hold = { streams: Array(9).fill([state("starting"), "hold"]), reads: Array(9).fill(tells("starting")) };
      const [old, other] = [await simulator.script(hold), await simulator.script(hold)];
      const streams = (log) => log.filter(({ kind }) => kind === "stream");
      await mount(old);
      await shows(/^Boot: watching\s+starting/);
      await mount(other);
      assert.equal(streams(await simulator.closed(old)).length, 1);
      await simulator.until(other, (log) => streams(log).length === 1);
      await shows(/^Boot: watching\s+starting/);
      await unmount();
      await shows(/^$/);
      assert.equal(streams(await simulator.closed(other)).length, 1);
    });
  });
}

for (const example of ["react", "vue"]) {
  test(`${example}: a watch is aborted, and begun anew`, async () => {
    await open(example);
    const hold = { streams: Array(3).fill([state("starting"), "hold"]), reads: Array(9).fill(tells("starting")) };
    await mount(await simulator.script(hold));
    await shows(/^Boot: watching\s+starting/);
    const press = (name) => driver.findElement(By.xpath(`//button[normalize-space()='${name}']`)).click();
    await press("Abort");
    await shows(/^Boot: aborted/);
    await press("Watch again");
    await shows(/^Boot: watching\s+starting/);
    await unmount();
  });

  test(`${example}: what is now is shown beside it`, async () => {
    await open(example);
    const id = await simulator.script({
      streams: [[state("running"), complete()]],
      reads: [tells("running"), answer(403, "not yours")],
    });
    await mount(id);
    await shows(/^Boot: reached[\s\S]*Now: running/);
    await shows(/^Boot: reached[\s\S]*Now: RequestError/);
    await unmount();
  });
}

test("query: the states are shown, until it is unmounted", async () => {
  await open("query");
  const id = await simulator.script({ reads: ["starting", "starting", "running"].map(tells) });
  await mount(id);
  await shows(/^Now: starting/);
  await shows(/^Now: running/);
  await unmount();
  await shows(/^$/);
  await simulator.closed(id);
  const refused = await simulator.script({ reads: Array(3).fill(answer(403, "not yours")) });
  await mount(refused);
  await shows(/^Now: RequestError\s+.*not yours/);
  assert.deepEqual(await complaints(), []);
});

test("web-component: an element out of the document changes no more, and watches again when it is back", async () => {
  await open("web-component");
  const id = await simulator.script({ streams: Array(9).fill([state("starting"), "hold"]) });
  await mount(id);
  await shows(/^Boot: watching\s+starting/);
  await driver.executeScript(() => {
    globalThis.element = document.querySelector("cvm-state");
    globalThis.changes = 0;
    element.addEventListener("change", () => changes++);
  });
  await unmount();
  await simulator.closed(id);
  await driver.executeScript((id) => element.setAttribute("cvm-id", `${id}-other`), id);
  assert.deepEqual(await driver.executeScript("return [changes, element.phase, element.error]"), [0, "watching", null]);
  await driver.executeScript((id) => {
    element.setAttribute("cvm-id", id);
    document.getElementById("cvm").replaceChildren(element);
  }, id);
  await shows(/^Boot: watching\s+starting/);
  await driver.executeScript("element.removeAttribute('cvm-id')");
  await shows(/^Boot: idle/);
  assert.equal((await simulator.closed(id)).length, 2);
});

test("the index leads to every example, and every page shows its code", async () => {
  await driver.get(`${simulator.origin}/examples/`);
  const links = await driver.executeScript("return [...document.querySelectorAll('main a')].map(({ href }) => href)");
  assert.equal(links.length, 5);
  for (const link of links) {
    await driver.get(link);
    await driver.wait(
      () => driver.executeScript("return /import/.test(document.querySelector('code[data-file]').textContent)"),
      10_000,
    );
    assert.deepEqual(await complaints(), [], link);
  }
});

for (const width of [400, 1400]) {
  test(`nothing is wider than a window of ${width} pixels`, async () => {
    await driver.sendAndGetDevToolsCommand("Emulation.setDeviceMetricsOverride", {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    for (const example of ["", "react/", "vue/", "query/", "web-component/", "deploy/"]) {
      await driver.get(`${simulator.origin}/examples/${example}`);
      const [content, window] = await driver.executeScript("return [document.documentElement.scrollWidth, innerWidth]");
      assert.ok(content <= window, `${example}: ${content}`);
    }
  });
}

test("the examples are typed", () => {
  runNpmTool("typescript/bin/tsc", ["--project", "www/examples", "--pretty", "false"], { cwd: root });
});
