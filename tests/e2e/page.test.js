// The console page, as its users see it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { By, Key, until } from "selenium-webdriver";
import { startBrowser } from "./browser.js";
import { startSimulator, state } from "./simulator.js";
import { isTooWide, screens, setScreen, violations } from "./viewport.js";

let simulator;
let browser;
let driver;

before(async () => {
  [simulator, browser] = await Promise.all([startSimulator("--boot-step", "100"), startBrowser()]);
  driver = browser.driver;
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

const find = (id) => driver.findElement(By.id(id));
const attribute = (id, name) => find(id).getAttribute(name);

beforeEach(async () => {
  await setScreen(driver);
  await driver.get(simulator.origin);
  await driver.wait(until.elementIsEnabled(find("watch")), 10_000);
});

async function fill(fields) {
  for (const [id, value] of Object.entries(fields)) {
    const field = await find(id);
    if (!(await field.isDisplayed())) await driver.findElement(By.css("#more summary")).click();
    await field.clear();
    await field.sendKeys(value);
  }
}

async function outcome(expected) {
  await driver.wait(async () => (await attribute("outcome", "data-outcome")) === expected, 20_000, `never ${expected}`);
  return find("outcome").getText();
}

const steps = (state) =>
  driver
    .findElements(By.css(`#timeline [data-state="${state}"]`))
    .then((items) => Promise.all(items.map((item) => item.getAttribute("data-step"))));

const logged = () =>
  driver
    .findElements(By.css("#log li"))
    .then((items) => Promise.all(items.map((item) => item.getAttribute("data-type"))));

test("Watch: the boot is shown step by step, every event is logged, and the outcome is the state", async () => {
  await fill({ identifier: "my-app", target: "running" });
  await find("watch").click();
  const text = await outcome("resolved");
  for (const shown of ["running", "my-app", "boot_progress", "done"]) assert.match(text, new RegExp(shown));
  const boot = [
    "booting",
    "requesting app keys",
    "mounting data disk",
    "setting up docker",
    "starting containers",
    "done",
  ];
  assert.deepEqual(await steps("reached"), boot);
  assert.deepEqual((await logged()).at(-1), "complete");
  assert.ok((await logged()).length >= boot.length);
});

test("a boot that fails is shown where it failed, and can be tried again", async () => {
  await fill({ identifier: "broken-app", target: "running" });
  await find("watch").click();
  await outcome("rejected");
  assert.deepEqual(await steps("failed"), ["setting up docker"]);
  assert.equal(await find("outcome-class").getText(), "CvmFailedError");
  await find("advice-action").click();
  await outcome("pending");
  await outcome("rejected");
  assert.equal(await find("outcome-class").getText(), "CvmFailedError");
});

test("without failOn, a failed boot is an attempt like any other", async () => {
  await fill({ identifier: "broken-app", target: "running", maxRetries: "0" });
  await find("failOn").click();
  await find("watch").click();
  await outcome("rejected");
  assert.equal(await find("outcome-class").getText(), "MaxRetriesExceededError");
});

test("a CVM that runs already can boot again", async () => {
  await fill({ identifier: "my-database", target: "running" });
  await find("watch").click();
  await outcome("resolved");
  assert.match(await find("advice").getText(), /was running already/);
  await find("advice-action").click();
  await outcome("pending");
  await outcome("resolved");
  assert.ok((await steps("reached")).includes("setting up docker"));
  assert.doesNotMatch(await find("advice").getText(), /already/);
});

test("a target that cannot come is told, with what would bring it", async () => {
  await simulator.call("PUT", "cvms/quiet-app", { status: "stopped", bootStepMs: 50 });
  await fill({ identifier: "quiet-app", target: "running" });
  await find("watch").click();
  await driver.wait(until.elementIsVisible(find("advice")), 10_000);
  assert.match(await find("advice").getText(), /quiet-app is stopped.*until somebody starts it/);
  await find("advice-action").click();
  assert.match(await outcome("resolved"), /running/);
});

test("bad fields reach the package, and are shown beside the fields and in the outcome", async () => {
  await fill({ identifier: "", interval: "often", timeout: "5", maxRetries: "-1", maxStreams: "some" });
  await driver.findElement(By.css("#more summary")).click();
  await find("watch").click();
  assert.match(await outcome("rejected"), /ValidationError/);
  for (const id of ["identifier", "interval", "timeout", "maxRetries", "maxStreams"]) {
    assert.equal(await attribute(id, "aria-invalid"), "true", id);
    assert.match(await find(`${id}-error`).getText(), /must be/);
  }
  assert.equal(await attribute("target", "aria-invalid"), null);
});

test("Enter watches, Escape aborts, and the server sees the client leave", async () => {
  const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
  await fill({ identifier: id });
  await find("identifier").sendKeys(Key.ENTER);
  await outcome("pending");
  await simulator.until(id, (log) => log.length === 1);
  await driver.actions().sendKeys(Key.ESCAPE).perform();
  assert.match(await outcome("rejected"), /WatchAbortedError/);
  assert.equal((await simulator.closed(id))[0].ending, "client left");
});

test("each button makes the server misbehave, and the watch goes on", async () => {
  await simulator.call("PUT", "cvms/poor-app", { status: "stopped", bootStepMs: 50 });
  await fill({ identifier: "poor-app", target: "running", retryDelay: "50", timeout: "10" });
  await find("watch").click();
  const entries = async (type, count) =>
    driver.wait(
      async () => (await logged()).filter((logged) => logged === type).length >= count,
      15_000,
      `${count} × ${type}`,
    );
  const press = async (action) => {
    const button = await driver.findElement(By.css(`#misbehave [data-action="${action}"]`));
    await button.click();
    const told = new RegExp(`^${await button.getText()}: .*\\)$`);
    await driver.wait(until.elementTextMatches(find("misbehave-status"), told), 5_000);
  };
  await entries("state", 1);
  await press("malformed");
  await entries("error", 1);
  await press("drop");
  await entries("error", 2);
  await entries("state", 2);
  await press("unavailable");
  await entries("error", 4);
  await entries("state", 3);
  await press("timeout");
  await entries("timeout", 1);
  await entries("state", 4);
  await press("stall");
  await entries("timeout", 2);
  await entries("state", 5);
  await press("start");
  assert.match(await outcome("resolved"), /running/);
});

/** Runs code as the console of the developer tools does. */
async function type(expression) {
  const command = { expression, replMode: true, awaitPromise: true };
  const { exceptionDetails } = await driver.sendAndGetDevToolsCommand("Runtime.evaluate", command);
  assert.equal(exceptionDetails, undefined);
}

/** Collects what is printed from now on; the function that comes back gives it. */
async function collectLines() {
  await type("globalThis.lines = []; console.log = (...words) => lines.push(words.join(' ').trim());");
  return () => driver.executeScript("return lines.splice(0)");
}

test("the browser's console greets, and what the page offers to paste there prints sensible lines", async () => {
  const greeting = (await driver.manage().logs().get("browser")).map(({ message }) => message).join("\n");
  assert.match(greeting, /cvm-watch.*client/);

  const shown = await driver.findElements(By.css("#snippets code"));
  const [boot, giveUp, follow] = await Promise.all(shown.map((snippet) => snippet.getText()));
  const printed = await collectLines();
  await simulator.call("PUT", "cvms/my-app", { startsWhenWatched: true, bootStepMs: 100 });
  await type(boot);
  const lines = await printed();
  assert.equal(lines[0], "state stopped");
  assert.ok(lines.includes("state starting booting"));
  assert.deepEqual(lines.slice(-2), ["complete running done", "CVM is now running"]);

  await simulator.call("PUT", "cvms/my-database", { status: "running" });
  await type(giveUp);
  assert.deepEqual(await printed(), ["WatchAbortedError It is running"]);

  await simulator.call("PUT", "cvms/my-app", { status: "stopped" });
  await type(follow);
  assert.deepEqual(await printed(), ["stopped"]);
});

const box = (id) => driver.executeScript((id) => document.getElementById(id).getBoundingClientRect().toJSON(), id);

test("at 1400 × 900 the form, the buttons, the outcome and the boot are in view together", async () => {
  await setScreen(driver, { width: 1400, height: 900 });
  await driver.get(simulator.origin);
  await driver.wait(until.elementIsVisible(find("misbehave")), 10_000);
  await fill({ identifier: "my-database", target: "running" });
  await find("watch").click();
  await outcome("resolved");
  assert.equal(await driver.executeScript("return scrollY"), 0);
  for (const id of ["request", "misbehave", "outcome", "timeline"]) {
    const { bottom } = await box(id);
    assert.ok(bottom <= 900, `#${id} ends at ${bottom}`);
  }
});

test("on a phone the results come first once a watch runs", async () => {
  const id = await simulator.script({ streams: [[state("starting"), "hold"]] });
  await setScreen(driver, { width: 400, height: 800 });
  await driver.get(simulator.origin);
  assert.ok((await box("request")).top < (await box("outcome")).top);
  await fill({ identifier: id });
  await find("watch").click();
  await outcome("pending");
  assert.ok((await box("outcome")).top < (await box("request")).top);
  await driver.wait(async () => (await box("abort")).top > 0 && (await box("abort")).bottom < 800, 5_000);
  await find("abort").click();
  assert.match(await outcome("rejected"), /WatchAbortedError/);
});

for (const screen of screens) {
  test(`at ${screen.width} px in ${screen.scheme} nothing is too wide, and axe finds nothing`, async () => {
    await setScreen(driver, screen);
    await driver.get(simulator.origin);
    await driver.wait(until.elementIsVisible(find("misbehave")), 10_000);
    assert.equal(await isTooWide(driver), false);
    assert.deepEqual(await violations(driver), []);
    await fill({ identifier: "broken-app", interval: "5" });
    await find("watch").click();
    await outcome("rejected");
    assert.equal(await isTooWide(driver), false);
    assert.deepEqual(await violations(driver), []);
  });
}
