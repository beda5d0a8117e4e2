// A simulator that crashes, and can be started again.

import { startSimulator } from "../e2e/simulator.js";

/** Starts a simulator on a port that the system never picks as a free one, so that it can be started there again. */
export async function startMortal() {
  for (let tries = 20; ; tries--) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      return await startSimulator("--port", port);
    } catch (error) {
      if (tries === 0) throw error;
    }
  }
}

/** Ends a simulator as a crash would. */
export async function crash(simulator) {
  const ended = new Promise((resolve) => simulator.server.once("close", resolve));
  simulator.server.removeAllListeners("exit");
  simulator.server.kill("SIGKILL");
  await ended;
}

/** Starts another where one has crashed. */
export const revive = (simulator) => startSimulator("--port", new URL(simulator.origin).port);
