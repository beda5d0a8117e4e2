// What an app expects of a call that fails.

import process from "node:process";
import { createClient, RequestError, ValidationError, WatchAbortedError } from "cvm-watch";
import { expect, test } from "../runner.js";

const client = createClient({ baseURL: process.env.API_URL });
const request = { id: "my-database", target: "stopped" };

test("a watch that is aborted", async () => {
  const controller = new AbortController();
  const promise = client.watchCvmState({ ...request, signal: controller.signal, onEvent: () => controller.abort() });
  await expect(promise).rejects.toThrow(WatchAbortedError);
  const { signal } = controller;
  await expect(client.watchCvmState({ ...request, signal })).rejects.toThrow(WatchAbortedError);
  await expect(client.watchCvmState(request, { signal })).rejects.toThrow(WatchAbortedError);
});

test("a watch that is refused, or has bad arguments", async () => {
  await expect(client.watchCvmState({ ...request, id: "no-such-cvm" })).rejects.toThrow(RequestError);
  await expect(client.watchCvmState({ ...request, target: "" })).rejects.toThrow(ValidationError);
});
