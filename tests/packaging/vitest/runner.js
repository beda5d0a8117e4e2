export { expect, test, vi as timers } from "vitest";

/** Only the clock stands still. */
export const DATE_ALONE = { toFake: ["Date"] };
