/**
 * A duration for people: precise while it is short, in minutes when it is long.
 *
 * @param {number} milliseconds
 * @returns {string} such as `"0.42 s"`, `"12.3 s"` or `"4 min 07 s"`
 */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = `${String(whole % 60).padStart(2, "0")} s`;
  const hours = Math.floor(whole / 3600);
  return hours ? `${hours} h ${String(minutes).padStart(2, "0")} min ${rest}` : `${minutes} min ${rest}`;
}

/**
 * A pause as it was asked for, without digits that say nothing.
 *
 * @param {number} milliseconds
 * @returns {string} such as `"0.2 s"` or `"5 s"`
 */
export function pause(milliseconds) {
  return milliseconds < 60_000 ? `${Number((milliseconds / 1000).toFixed(2))} s` : duration(milliseconds);
}

/**
 * What is left of a countdown, in whole seconds that end at 1 rather than 0.
 *
 * @param {number} milliseconds
 * @returns {string}
 */
export function remaining(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}
