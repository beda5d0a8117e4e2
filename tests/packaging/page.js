// An app's page in a real browser.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { startBrowser } from "../e2e/browser.js";
import { LIMIT } from "./server.js";

const counter = readFileSync(join(import.meta.dirname, "count.js"), "utf8");

/** A browser that counts the WebAssembly instances of every page that it opens. */
export async function startCountingBrowser() {
  const browser = await startBrowser();
  await browser.driver.sendDevToolsCommand("Page.addScriptToEvaluateOnNewDocument", { source: counter });
  return browser;
}

/** Opens an app's page, and waits for what it shows in the end. */
export async function visit({ driver }, url) {
  const log = async () => (await driver.manage().logs().get("browser")).map(({ message }) => message);
  // Forgets what earlier pages have logged.
  await log();
  await driver.get(url);
  const shown = () => driver.executeScript("return document.querySelector('#outcome')?.textContent ?? ''");
  try {
    await driver.wait(async () => /^\{|Error/.test(await shown()), LIMIT);
  } catch (error) {
    throw new Error(`${error.message}\n${await driver.getPageSource()}\n${(await log()).join("\n")}`);
  }
  const text = await shown();
  if (!text.startsWith("{")) throw new Error(`in the page: ${text}`);
  const instances = await driver.executeScript("return wasmInstances");
  return { outcome: JSON.parse(text), instances, files: await downloads(driver), log: await log() };
}

/** The scripts and WebAssembly modules that the page has loaded. */
async function downloads(driver) {
  const addresses = await driver.executeScript(
    "return performance.getEntriesByType('resource').map(({ name }) => name)",
  );
  const files = addresses.filter((address) => /\.(js|wasm)$/.test(new URL(address).pathname));
  return Promise.all(files.map(async (address) => (await fetch(address)).arrayBuffer()));
}

export function weigh(files) {
  const sum = (sizes) => sizes.reduce((total, size) => total + size, 0);
  return {
    raw: sum(files.map((file) => file.byteLength)),
    brotli: sum(files.map((file) => brotliCompressSync(file).byteLength)),
  };
}
