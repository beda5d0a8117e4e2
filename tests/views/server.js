// Renders each hook and composable to text, as a server does; prints the texts, and how often anything was asked.

import { useCvmState as useReactState, useWatchCvmState as useReactWatch } from "cvm-watch/react";
import { useCvmState as useVueState, useWatchCvmState as useVueWatch } from "cvm-watch/vue";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { createSSRApp, h } from "vue";
import { renderToString as renderVue } from "vue/server-renderer";

let asked = 0;
const ask = () => {
  asked += 1;
  return new Promise(() => {});
};
const client = { watchCvmState: ask, cvmStates: () => ({ [Symbol.asyncIterator]: () => ({ next: ask }) }) };

const requests = [{ id: "my-app", target: "running", until: () => true }, undefined];
const tell = ({ phase, state, isStale }) => `${phase} ${state} ${isStale}`;
const values = (refs) => Object.fromEntries(Object.entries(refs).map(([name, ref]) => [name, ref.value]));

const texts = [];
for (const [useReact, useVue] of [
  [useReactWatch, useVueWatch],
  [useReactState, useVueState],
]) {
  for (const request of requests) {
    texts.push(renderToString(createElement(() => createElement("p", null, tell(useReact(client, request))))));
    const setup = () => {
      const refs = useVue(client, request);
      return () => h("p", tell(values(refs)));
    };
    texts.push(await renderVue(createSSRApp({ setup })));
  }
}
await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify({ texts, asked }));
