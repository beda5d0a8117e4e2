import { expect, jest, test } from "@jest/globals";

export { expect, jest as timers, test };

const others = ["hrtime", "nextTick", "performance", "queueMicrotask", "requestAnimationFrame", "cancelAnimationFrame"];
const waiting = ["setImmediate", "clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"];

/** Only the clock stands still. */
export const DATE_ALONE = { doNotFake: [...others, "requestIdleCallback", "cancelIdleCallback", ...waiting] };
