// The console page, as its users meet it.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { By, Key, until } from "selenium-webdriver";
import { startBrowser } from "./browser.js";
import * as readme from "./readme.js";
import { startSimulator, state } from "./simulator.js";

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
  await driver.get(simulator.origin);
  await driver.wait(until.elementIsEnabled(find("watch")), 10_000);
});

async function fill(fields) {
  for (const [id, value] of Object.entries(fields)) {
    const field = await find(id);
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

test("a boot that fails is shown where it failed", async () => {
  await fill({ identifier: "broken-app", target: "running", maxRetries: "0" });
  await find("watch").click();
  await outcome("rejected");
  assert.deepEqual(await steps("failed"), ["setting up docker"]);
  assert.equal(await find("outcome-class").getText(), "MaxRetriesExceededError");
});

test("bad fields reach the package, and are shown beside the fields and in the outcome", async () => {
  await fill({ identifier: "", interval: "often", timeout: "5", maxRetries: "-1" });
  await find("watch").click();
  assert.match(await outcome("rejected"), /ValidationError/);
  for (const id of ["identifier", "interval", "timeout", "maxRetries"]) {
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
    await driver.findElement(By.css(`#misbehave [data-action="${action}"]`)).click();
    await driver.wait(until.elementTextContains(find("misbehave-status"), "done"), 5_000);
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

test("README: both examples of the quick start run in the browser's console as they stand", async () => {
  const shown = await driver.findElements(By.css("#snippets code"));
  const snippets = await Promise.all(shown.map((snippet) => snippet.getText()));
  assert.deepEqual(snippets, [readme.boot, readme.cancel], "the page shows the very same");

  const greeting = (await driver.manage().logs().get("browser")).map(({ message }) => message).join("\n");
  assert.match(greeting, /cvm-watch/);

  // What the developer tools do with what is typed there.
  const type = async (expression) => {
    const command = { expression, replMode: true, awaitPromise: true };
    const { exceptionDetails } = await driver.sendAndGetDevToolsCommand("Runtime.evaluate", command);
    assert.equal(exceptionDetails, undefined);
  };
  await type("const lines = []; console.log = (line) => lines.push(line);");
  await type(readme.boot);
  await simulator.call("PUT", "cvms/my-app/script", { streams: [[state("starting"), "hold"]] });
  await type(
    "const { setTimeout: later } = window; window.setTimeout = (f, ms) => later(f, ms === 60_000 ? 100 : ms);",
  );
  await type(readme.cancel);
  await type("document.title = lines.slice(-2).join()");
  assert.equal(await driver.getTitle(), "CVM is now running,Watch was cancelled");
});

test("at 400 px nothing has to be scrolled sideways", async () => {
  await driver.sendAndGetDevToolsCommand("Emulation.setDeviceMetricsOverride", {
    width: 400,
    height: 800,
    deviceScaleFactor: 1,
    mobile: true,
  });
  await driver.get(simulator.origin);
  const [content, window] = await driver.executeScript("return [document.documentElement.scrollWidth, innerWidth]");
  assert.equal(content, window);
  assert.equal(window, 400);
});
