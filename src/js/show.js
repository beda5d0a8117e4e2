const LONGEST = 80;

/** A value as an error message shows it: short, and without what is inside an object. */
export function show(value) {
  if (typeof value === "string") return JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value);
  if (typeof value === "function") return "a function";
  if (isObject(value)) return isArray(value) ? "an array" : "an object";
  return typeof value === "bigint" ? `${value}n` : String(value);
}

function isArray(value) {
  try {
    return Array.isArray(value);
  } catch {
    // A revoked proxy.
    return false;
  }
}

export const isObject = (value) => typeof value === "object" && value !== null;

/** What is wrong with an argument, in words that follow its name. */
export const mustBe = (rule, value) => `must be ${rule}, but is ${show(value)}`;
