/** The first one that is given names the CVM. */
const IDENTIFIERS = ["id", "uuid", "app_id", "instance_id", "name"];

const isGiven = (value) => value != null && value !== "";

/**
 * A request as a text key: the same for requests with equal data. Of a function, only its presence counts, since one that
 * is written inline is a new one in each render.
 *
 * @param fields - the names of the fields that count, besides the identifiers
 */
export function keyOf(request, fields) {
  const identifier = IDENTIFIERS.find((name) => isGiven(request[name]));
  return JSON.stringify([identifier, ...[identifier, ...fields].map((name) => mark(request[name]))]);
}

/** A value in a form that JSON can take, whatever it is, and that tells 5 from "5". */
function mark(value) {
  if (Array.isArray(value)) return value.map(mark);
  return Object(value) === value ? typeof value : [typeof value, String(value)];
}

/** Whether the request has functions that decide: views with such requests cannot share an answer. */
export const decides = (request, fields) => fields.some((name) => typeof request[name] === "function");
