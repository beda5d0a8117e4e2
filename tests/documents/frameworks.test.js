// README's components, as they stand, in Chromium against the simulator.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { settings } from "../../scripts/examples.js";
import { root } from "../../scripts/shell.js";
import { startBrowser } from "../e2e/browser.js";
import { startSimulator } from "../e2e/simulator.js";
import { compileScript, parse } from "../views/node_modules/@vue/compiler-sfc/dist/compiler-sfc.cjs.js";
import { readme } from "./blocks.js";

let simulator;
let browser;
before(async () => {
  [simulator, browser] = await Promise.all([startSimulator(), startBrowser()]);
});
after(() => Promise.all([browser?.stop(), simulator?.stop()]));

/** Makes a module of a component of Vue's. */
function compileVue(source) {
  const { descriptor } = parse(source);
  return compileScript(descriptor, { id: "readme", inlineTemplate: true }).content;
}

const client = 'import { createClient } from "cvm-watch"; export const client = createClient({ baseURL: "/api/v1" });';

/** Bundles a program that imports `readme` and `./client.js`. */
async function bundle(program, block) {
  const modules = { readme: block, "./client.js": client };
  const plugin = {
    name: "readme",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(readme|\.\/client\.js)$/ }, ({ path }) => ({ path, namespace: "readme" }));
      onLoad({ filter: /.*/, namespace: "readme" }, ({ path }) => ({
        contents: modules[path],
        loader: "jsx",
        resolveDir: root,
      }));
    },
  };
  const stdin = { contents: program, loader: "jsx", resolveDir: root };
  const { outputFiles } = await build({ ...settings, stdin, plugins: [plugin], write: false });
  return outputFiles[0].text;
}

const REACT = {
  mount: 'import { createRoot } from "react-dom/client"; const mount = (app) => createRoot(place).render(app);',
  query: 'import { QueryClient, QueryClientProvider } from "@tanstack/react-query"; const queries = new QueryClient();',
};

/** Shows the component of a section in a page of its own; gives what reads its text. */
async function show(heading, program) {
  const [code] = readme(heading);
  const block = code.startsWith("<script") ? compileVue(code) : code;
  await browser.open(simulator);
  await browser.run(() => {
    globalThis.place = document.body.appendChild(document.createElement("main"));
  });
  await browser.run(await bundle(program, block));
  return () => browser.run(() => place.textContent);
}

/** Waits until the component shows what it should. */
async function shows(text, expected) {
  await browser.driver
    .wait(async () => expected.test(await text()), 15_000)
    .catch(async () => {
      assert.match(await text(), expected);
    });
}

test("In React: a boot that fails, and another that does not", async () => {
  await simulator.call("PUT", "cvms/my-app", { startsWhenWatched: true, failAt: "setting up docker" });
  const text = await show("In React", `import { Boot } from "readme"; ${REACT.mount} mount(<Boot id="my-app" />);`);
  await shows(text, /the CVM has failed.* Watch again\?$/);
  await simulator.call("PUT", "cvms/my-app", { startsWhenWatched: true });
  await browser.run(() => document.querySelector("button").click());
  await shows(text, /^reached: done$/);
});

test("In Vue: a CVM as it is", async () => {
  await simulator.call("PUT", "cvms/my-app", { status: "running" });
  const text = await show(
    "In Vue",
    'import Status from "readme"; import { createApp } from "vue"; createApp(Status, { id: "my-app" }).mount(place);',
  );
  await shows(text, /^running$/);
  await simulator.call("PUT", "cvms/my-app", { status: "waiting" });
  await shows(text, /^waiting$/);
});

test("With TanStack Query: a CVM as it is", async () => {
  await simulator.call("PUT", "cvms/my-app", { status: "running" });
  const text = await show(
    "With TanStack Query",
    `import { Status } from "readme"; ${REACT.mount} ${REACT.query}
    mount(<QueryClientProvider client={queries}><Status id="my-app" /></QueryClientProvider>);`,
  );
  await shows(text, /^running$/);
  await simulator.call("PUT", "cvms/my-app", { status: "waiting" });
  await shows(text, /^waiting$/);
});
