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
    if (this.#isAnother(state)) this.progress = 0;
    // A step that is not in the list says nothing about how far it is.
    this.progress = Math.max(this.progress, told ?? 0);
    this.#last = state;
  }

  /** A boot is over when the CVM no longer tells its step, and when another begins after it has failed or is done. */
  #isAnother(state) {
    const last = this.#last;
    if (!last || !state.boot_progress) return true;
    return (
      Boolean(last.boot_error && !state.boot_error) || (last.boot_progress === "done" && state.boot_progress !== "done")
    );
  }
}
