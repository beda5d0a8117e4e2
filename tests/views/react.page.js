import { useCvmState, useWatchCvmState } from "cvm-watch/react";
import * as React from "react";
import { flushSync } from "react-dom";
import * as client from "react-dom/client";
import { makePage, note } from "./probes.js";

const { createElement, StrictMode, useEffect } = React;
const hooks = { watch: useWatchCvmState, states: useCvmState };

function Probe({ name, kind, client, request }) {
  const view = hooks[kind](client, request);
  useEffect(() => note(name, view));
  return createElement("p", null, view.phase ?? view.state?.status);
}

let root;
function render(probes) {
  root ??= client.createRoot(document.body.appendChild(document.createElement("main")));
  const elements = probes.map((probe) => createElement(Probe, probe));
  flushSync(() => root.render(createElement(StrictMode, null, elements)));
}

globalThis.page = makePage(render);
globalThis.react = { ...React, ...client, flushSync, useCvmState, useWatchCvmState };
