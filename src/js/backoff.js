import { DELAY, isDelay } from "./delay.js";
import { ValidationError } from "./errors.js";
import { mustBe } from "./show.js";

const RULES = {
  base: [DELAY, isDelay],
  factor: ["a number from 1", (value) => value >= 1 && value < Number.POSITIVE_INFINITY],
  max: [DELAY, isDelay],
  jitter: ["a number from 0 to 1", (value) => value >= 0 && value <= 1],
};

/** Delays that grow, and that differ from page to page: for `retryDelay`. */
export function exponentialBackoff({ base = 1000, factor = 2, max = 60_000, jitter = 0.5 } = {}) {
  const options = { base, factor, max, jitter };
  const errors = Object.entries(RULES)
    .filter(([field, [, fits]]) => typeof options[field] !== "number" || !fits(options[field]))
    .map(([field, [rule]]) => ({ field, message: mustBe(rule, options[field]) }));
  if (errors.length > 0) {
    throw new ValidationError(errors, 0);
  }
  // Infinity × 0 would be no number.
  const grown = (attempt) => base * Math.min(factor ** (attempt - 1), Number.MAX_VALUE);
  return (attempt) => Math.min(max, grown(attempt)) * (1 - jitter * Math.random());
}
