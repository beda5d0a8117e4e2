// The suite in a worker of any kind: a message with the simulator's address starts it, the results go back.

import * as api from "/pkg/index.js";
import { runSuite } from "/suite.js";

const answer = async ({ data: origin, source, target, ports }) => {
  const port = ports?.[0] ?? source ?? target;
  port.postMessage(await runSuite({ api, origin }));
};

// A shared worker's pages connect, and then send; a service worker must be allowed to live until it has answered.
globalThis.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => answer({ data, ports: [port] });
};
globalThis.onmessage = (event) => {
  const answered = answer(event);
  event.waitUntil?.(answered);
};
