/** The longest that a timer knows (WHATWG HTML: a 32-bit signed integer of milliseconds). */
const LONGEST = 2 ** 31 - 1;

/** What a delay must be, in words. */
export const DELAY = `a number of milliseconds from 0 to ${LONGEST}`;

export const isDelay = (value) => typeof value === "number" && value >= 0 && value <= LONGEST;
