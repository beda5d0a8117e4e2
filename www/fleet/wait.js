/** @typedef {import("../../src/js/index.js").WatchRequest} WatchRequest */

/** How long one waits for what a button has asked for, in milliseconds. */
export const DEADLINE = 180_000;

const settled = (state) => !state.in_progress;

/**
 * What to wait for after a button was pressed; nothing after those that are not here.
 *
 * @param {string} action
 * @param {(state: any) => boolean} bootFailed
 * @returns {Partial<WatchRequest> | undefined}
 */
export function waitFor(action, bootFailed) {
  switch (action) {
    case "start":
      return { target: "running", until: settled, failOn: bootFailed };
    case "restart":
      // It runs already: that is not what one waits for.
      return { target: "running", until: settled, failOn: bootFailed, leaveFirst: true };
    case "stop":
      return { target: "stopped", until: settled };
    default:
      return undefined;
  }
}
