/** @typedef {import("../src/js/index.js").CvmState} CvmState */

/** How far a CVM's present boot is. Steps may come in another order than usual: within a boot, it never goes back. */
export class Boot {
  /** From 0 to 1. */
  progress = 0;
  #bootProgress;
  /** @type {CvmState | undefined} */
  #last;

  /** @param {(state: CvmState) => number | undefined} bootProgress - how far a state says that it is */
  constructor(bootProgress) {
    this.#bootProgress = bootProgress;
  }

  /** @param {CvmState} state - the next one that is known */
  see(state) {
    const told = this.#bootProgress(state);
    if (isAnotherBoot(this.#last, state)) this.progress = 0;
    // A step that is not in the list says nothing about how far it is.
    this.progress = Math.max(this.progress, told ?? 0);
    this.#last = state;
  }
}

/**
 * Whether a state belongs to another boot than the one before it: no step is told any more, or the boot that has failed or
 * is done begins anew.
 *
 * @param {CvmState | undefined} last
 * @param {CvmState} state
 */
export function isAnotherBoot(last, state) {
  if (!last?.boot_progress || !state.boot_progress) return true;
  if (last.boot_error && !state.boot_error) return true;
  return last.boot_progress === "done" && state.boot_progress !== "done";
}
