import { ValidationError } from "./errors.js";
import { show } from "./values.js";

/** The longest delay that a timer knows (WHATWG HTML: a 32-bit signed integer of milliseconds). */
const LONGEST = 2 ** 31 - 1;

const DELAY = [`a number of milliseconds from 0 to ${LONGEST}`, (value) => value >= 0 && value <= LONGEST];
const RULES = {
  base: DELAY,
  factor: ["a number from 1", (value) => value >= 1 && value < Number.POSITIVE_INFINITY],
  max: DELAY,
  jitter: ["a number from 0 to 1", (value) => value >= 0 && value <= 1],
};

/** Growing delays with jitter, for `retryDelay`. */
export function exponentialBackoff({ base = 1000, factor = 2, max = 60_000, jitter = 0.5 } = {}) {
  const options = { base, factor, max, jitter };
  const validationErrors = Object.entries(RULES)
    .filter(([field, [, fits]]) => typeof options[field] !== "number" || !fits(options[field]))
    .map(([field, [rule]]) => ({ field, message: `must be ${rule}, but is ${show(options[field])}` }));
  if (validationErrors.length > 0) {
    const message = validationErrors.map(({ field, message }) => `${field} ${message}`).join("; ");
    throw new ValidationError(message, { validationErrors });
  }
  // Infinity × 0 would be NaN.
  const grown = (attempt) => base * Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  return (attempt) => Math.min(max, grown(attempt)) * (1 - jitter * Math.random());
}
