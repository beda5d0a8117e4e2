import { createClient, WatchAbortedError } from "cvm-watch";

/** Waits for what never comes, and stops at the first event. */
export async function giveUp(config) {
  const client = createClient(config);
  const controller = new AbortController();
  try {
    const { signal } = controller;
    const onEvent = () => controller.abort();
    await client.watchCvmState({ id: "my-database", target: "stopped", signal, onEvent });
  } catch (error) {
    if (error instanceof WatchAbortedError) return "the watch was cancelled";
    throw error;
  }
}
