// The fleet page, as its users see it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { By, Key } from "selenium-webdriver";
import { startBrowser } from "./browser.js";
import { startSimulator } from "./simulator.js";
import { isTooWide, screens, setScreen, violations } from "./viewport.js";

/** Short boots, and yet long enough that reads see some of each. */
const EACH = { bootStepMs: 300 };

/** Its every boot fails. */
const BROKEN = "fleet-037";

let simulator;
let browser;
let driver;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator("--streams-per-user", "5"), startBrowser()]);
  driver = browser.driver;
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

beforeEach(() => setScreen(driver));

/** Opens the page with a fleet of its own. */
async function open(size, each = EACH) {
  await driver.get(`${simulator.origin}/simulator/blank`);
  await simulator.call("PUT", "fleet", { size, each });
  await driver.get(`${simulator.origin}/fleet/`);
  await until(async () => (await cards()).length === size, `${size} cards`);
  await until(async () => (await counts()).every((count) => !count.endsWith("other")), "every state known");
}

async function until(condition, message) {
  await driver.wait(condition, 60_000, `never: ${message}`);
}

const cards = () =>
  driver.executeScript(() =>
    [...document.querySelectorAll("#cvms > li")].map(({ dataset, innerText }) => ({ ...dataset, text: innerText })),
  );
const card = async (cvm) => (await cards()).find((card) => card.cvm === cvm);
const counts = () => driver.executeScript(() => [...document.querySelectorAll("#counts li")].map((li) => li.innerText));
const status = () => driver.findElement(By.id("status")).getText();
const told = (pattern) => until(async () => pattern.test(await status()), `told ${pattern}`);
const button = (cvm, action) => driver.findElement(By.css(`#cvms [data-cvm="${cvm}"] [data-action="${action}"]`));
const all = (action) => driver.findElement(By.css(`#all [data-action="${action}"]`));
const focused = () => driver.executeScript(() => document.activeElement.getAttribute("aria-label"));
const press = (...keys) =>
  driver
    .actions()
    .sendKeys(...keys)
    .perform();

test("sixty CVMs boot, one fails and comes first, and the page keeps to its streams and reads", async () => {
  await open(60);
  await simulator.call("PUT", `cvms/${BROKEN}`, { ...EACH, failAt: "setting up docker" });
  await simulator.call("DELETE", "counters");
  await driver.executeScript(() => performance.setResourceTimingBufferSize(10_000));
  await all("start").click();
  await told(/59 running, 1 failed/);
  await until(async () => (await counts()).join() === "1 failed,59 running", "59 running, 1 failed");
  const [first, second] = await cards();
  assert.equal(first.cvm, BROKEN);
  assert.match(first.text, /boot failed.*while setting up docker/s);
  assert.equal(second.cvm, "fleet-001");
  const { streams, reads } = await simulator.call("GET", "counters");
  assert.equal(streams.mostOpen, 4);
  assert.equal(streams.refused, 0);
  assert.ok(reads.mostOpen <= 2, `${reads.mostOpen} reads at a time`);
  const most = await mostReadsInASecond();
  assert.ok(most > 5 && most <= 11, `${most} reads in a second`);
});

/**
 * Counted by the time when the page sent them: a busy server may get the reads of more than a second at once. The browser
 * records some times a little late, so a read of the second before may count.
 */
const mostReadsInASecond = () =>
  driver.executeScript(() => {
    const reads = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/state"));
    const starts = reads.map(({ startTime }) => startTime).sort((a, b) => a - b);
    const inSecondFrom = (start) => starts.filter((other) => other >= start && other < start + 990).length;
    return Math.max(...starts.map(inSecondFrom));
  });

test("one CVM is started, restarted, failed, started again and stopped", async () => {
  await open(6);
  const cvm = "fleet-002";
  const is = (condition) => until(async () => (await card(cvm)).condition === condition, `${cvm} ${condition}`);
  await button(cvm, "start").click();
  await told(/Start fleet-002: 1 running after/);
  assert.deepEqual(await counts(), ["1 running", "5 stopped"]);
  await button(cvm, "restart").click();
  await is("moving");
  await told(/Restart fleet-002: 1 running again/);
  await button(cvm, "fail").click();
  await until(async () => (await card(cvm)).text.includes("the next boot will fail"), "a word of the next boot");
  await button(cvm, "restart").click();
  await told(/Restart fleet-002: 1 failed/);
  await is("failed");
  assert.equal((await cards())[0].cvm, cvm);
  await button(cvm, "start").click();
  await told(/Start fleet-002: 1 running after/);
  assert.equal((await cards())[1].cvm, cvm, "back in its place");
  await button(cvm, "restart").click();
  await is("moving");
  await button(cvm, "stop").click();
  await told(/Stop fleet-002: 1 stopped/);
  await is("stopped");
});

test("all CVMs are restarted, failed and stopped; the bar shows how far a boot is", async () => {
  await open(6, { bootStepMs: 1500, status: "running" });
  await all("restart").click();
  const bar = () =>
    driver.executeScript(() => Number(document.querySelector('[data-cvm="fleet-001"] .bar').ariaValueNow));
  await until(async () => (await card("fleet-001")).text.includes("requesting app keys"), "a step");
  assert.ok((await bar()) > 0 && (await bar()) < 100);
  await told(/6 running again/);
  assert.equal(await bar(), 100);
  await all("fail").click();
  await told(/Fail all/);
  await all("restart").click();
  await told(/6 failed/);
  await all("stop").click();
  await told(/6 stopped/);
  assert.equal(await bar(), 0);
});

test("a change that somebody else makes is shown, and another size is another fleet", async () => {
  await open(6, { bootStepMs: 2000 });
  await simulator.call("POST", "cvms/fleet-005/start");
  await until(async () => (await card("fleet-005")).condition === "running", "fleet-005 running");
  await all("restart").click();
  await told(/Restart all/);
  await driver.findElement(By.css('#size [value="60"]')).sendKeys(Key.SPACE);
  await until(async () => (await cards()).length === 60, "60 cards");
  await until(async () => (await counts()).join() === "60 stopped", "60 stopped");
  assert.match(await status(), /60 CVMs, all stopped/, "nothing of the fleet before");
});

test("by keyboard: one stop for all cards, arrows between the buttons, and the focus stays with a card that moves", async () => {
  await open(6);
  await setScreen(driver, { width: 1400, height: 900 });
  const stops = await driver.findElements(By.css('#cvms button[tabindex="0"]'));
  assert.equal(stops.length, 1);
  await driver.executeScript(() => document.querySelector('#all [data-action="fail"]').focus());
  await press(Key.TAB);
  assert.equal(await focused(), "Start fleet-001");
  await press(Key.ARROW_RIGHT, Key.ARROW_RIGHT);
  assert.equal(await focused(), "Restart fleet-001");
  await press(Key.ARROW_LEFT, Key.END);
  assert.equal(await focused(), "Stop fleet-006");
  await press(Key.HOME, Key.ARROW_LEFT, Key.ARROW_DOWN);
  assert.equal(await focused(), "Start fleet-006", "five in a row");
  await simulator.call("PUT", "cvms/fleet-006", { ...EACH, failAt: "booting" });
  await press(Key.ENTER);
  await told(/Start fleet-006: 1 failed/);
  await until(async () => (await cards())[0].cvm === "fleet-006", "fleet-006 first");
  assert.equal(await focused(), "Start fleet-006");
  await press(Key.TAB);
  assert.equal(await driver.executeScript(() => document.activeElement.closest("#cvms")), null);
});

test("nothing moves by itself where motion is not wanted", async () => {
  await open(6);
  const motions = () =>
    driver.executeScript(
      () =>
        [...document.querySelectorAll("body *")].filter((e) => getComputedStyle(e).transitionDuration !== "0s").length,
    );
  assert.ok((await motions()) > 0);
  await setScreen(driver, { width: 1400, height: 900, motion: "reduce" });
  assert.equal(await motions(), 0);
});

for (const screen of screens) {
  test(`at ${screen.width} px in ${screen.scheme} nothing is too wide, and axe finds nothing`, async () => {
    await setScreen(driver, screen);
    await open(6);
    await simulator.call("PUT", "cvms/fleet-002", { ...EACH, failAt: "booting" });
    await button("fleet-002", "start").click();
    await told(/1 failed/);
    await button("fleet-003", "start").click();
    await told(/1 running/);
    await simulator.call("PUT", "cvms/fleet-004", { status: "starting", bootStepMs: 60_000 });
    await until(async () => (await card("fleet-004")).condition === "moving", "fleet-004 on the way");
    assert.equal(await isTooWide(driver), false);
    assert.deepEqual(await violations(driver), []);
  });
}
