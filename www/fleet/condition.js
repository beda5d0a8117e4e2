/** @typedef {import("../../src/js/index.js").CvmState} CvmState */

/** What a CVM can be, in the order in which the page counts it. The words are for the user. */
export const CONDITIONS = {
  failed: "failed",
  moving: "on the way",
  running: "running",
  stopped: "stopped",
  other: "other",
};

/**
 * Which of the conditions a state is.
 *
 * @param {CvmState | undefined} state
 * @returns {keyof typeof CONDITIONS}
 */
export function condition(state) {
  if (!state) return "other";
  if (state.boot_error || state.status === "error") return "failed";
  if (state.in_progress) return "moving";
  if (state.status === "running") return "running";
  if (state.status === "stopped" || state.status === "exited") return "stopped";
  return "other";
}
