/**
 * The steps of a boot, as `boot_progress` names them, from the first to the last. A boot need not take all of them, nor in
 * this order. Source: the API page of `watchCvmState`, and the CVM's own boot scripts (dstack).
 */
export const BOOT_STEPS = Object.freeze([
  "booting",
  "requesting app keys",
  "initializing data disk",
  "mounting data disk",
  "data disk ready",
  "setting up dstack-gateway",
  "setting up docker",
  "pre-launch",
  "starting containers",
  "running main script",
  "done",
]);

/** How far the boot is, from 0 to 1; undefined for a step that is not known, and where none is told. */
export function bootProgress(state) {
  const step = BOOT_STEPS.indexOf(state?.boot_progress);
  return step < 0 ? undefined : step / (BOOT_STEPS.length - 1);
}

/** Whether the boot has failed: for `failOn`. */
export const bootFailed = (state) => Boolean(state?.boot_error);
