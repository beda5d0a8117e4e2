// What every app does with the package, as the README has it. It tells how that went.

import { createClient } from "cvm-watch";
import { giveUp } from "./give-up.js";

export async function check(baseURL, more) {
  const config = { baseURL, ...more };
  const [reached, givenUp] = await Promise.all([waitFor(createClient, config), giveUp(config)]);
  const lazily = await import("cvm-watch");
  const again = await waitFor(lazily.createClient, config);
  return { reached, givenUp, again };
}

async function waitFor(createClient, config) {
  const events = [];
  const client = createClient(config);
  const state = await client.watchCvmState({
    id: "my-app",
    target: "running",
    timeout: 120,
    onEvent: (event) => events.push(event.type),
  });
  return `${state.status}, heard ${[...new Set(events)]}`;
}
