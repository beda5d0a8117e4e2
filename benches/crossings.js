// How often an event crosses between JavaScript and WebAssembly: a count, which no load on the machine changes.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/shell.js";
import { figure, table } from "./table.js";

const TRANSPORTS = ["eventsource", "fetch"];
/** Two streams of different length: what the watch itself takes is the same in both. */
const [FEW, MANY] = [1000, 2000];

export async function crossings(browser, server) {
  const longNames = readNames();
  const counts = {};
  for (const transport of TRANSPORTS) counts[transport] = await count(transport);
  const names = [...new Set(TRANSPORTS.flatMap((transport) => Object.keys(counts[transport])))];
  const rows = names.map((name) => [name, ...TRANSPORTS.map((transport) => figure(counts[transport][name] ?? 0))]);
  const sum = (transport) => figure(Object.values(counts[transport]).reduce((sum, calls) => sum + calls, 0));
  return table(["calls for each event", ...TRANSPORTS], [...rows, ["**all**", ...TRANSPORTS.map(sum)]]);

  async function count(transport) {
    const page = await browser.open(server.origin);
    await page.run(countCalls, longNames);
    const [few, many] = await page.run(
      async (transport, streams) => {
        const { watch } = await import("/cvm-watch.js");
        const counts = [];
        for (const id of streams) {
          calls.clear();
          await watch({ baseURL: "/api/v1", id, target: "running", transport, onEvent: () => {} });
          counts.push(Object.fromEntries(calls));
        }
        return counts;
      },
      transport,
      [FEW, MANY].map((events) => `flood-${events}-230`),
    );
    await page.close();
    const perEvent = Object.entries(many).map(([name, calls]) => [name, (calls - (few[name] ?? 0)) / (MANY - FEW)]);
    return Object.fromEntries(perEvent.filter(([, calls]) => calls >= 0.005).sort(([, a], [, b]) => b - a));
  }
}

/** What the build has made short: wasm-bindgen's own names, by the short ones, without their hashes. */
function readNames() {
  const { imports, exports } = JSON.parse(readFileSync(join(root, "target/bindgen/names.json"), "utf8"));
  const readable = (name) => name.replace(/^__wbg_|_[0-9a-f]{16}$/g, "");
  return {
    "→ JS": Object.fromEntries(imports.map(([, long, short]) => [short, readable(long)])),
    "→ wasm": Object.fromEntries(exports.map(([long, short]) => [short, readable(long)])),
  };
}

/** In the page, before the package is there: counts every call between the module and its glue. */
function countCalls(longNames) {
  const calls = new Map();
  const { instantiate } = WebAssembly;
  const count = (side, functions) =>
    Object.fromEntries(
      Object.entries(functions).map(([short, value]) => {
        if (typeof value !== "function") return [short, value];
        const name = `${side} ${longNames[side][short]}`;
        const counted = (...args) => {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          return value(...args);
        };
        return [short, counted];
      }),
    );
  WebAssembly.instantiate = async (source, imports) => {
    const counted = Object.fromEntries(Object.entries(imports).map(([name, from]) => [name, count("→ JS", from)]));
    const result = await instantiate(source, counted);
    const { exports } = result.instance ?? result;
    const instance = { exports: count("→ wasm", exports) };
    return result.instance ? { ...result, instance } : instance;
  };
  globalThis.calls = calls;
}
