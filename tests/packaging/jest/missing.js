// In Jest's own jsdom, where what is needed is missing: `jest --testMatch '**/missing.js'`.

import process from "node:process";
import { createClient, WatchError } from "cvm-watch";
import { expect, test } from "./runner.js";

test("a call says at once what is missing", async () => {
  const client = createClient({ baseURL: process.env.API_URL });
  const missing = ["fetch", "Headers", "TextDecoder"].filter((name) => !(name in globalThis));
  expect(missing).toContain("fetch");
  for (const promise of [
    client.watchCvmState({ id: "my-app", target: "running" }),
    client.getCvmState({ id: "my-app" }),
  ]) {
    const error = await promise.catch((error) => error);
    expect(error).toBeInstanceOf(WatchError);
    expect(error.name).toBe("WatchError");
    expect(missing.some((name) => error.message.includes(name))).toBe(true);
  }
});
