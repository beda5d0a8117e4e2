/** The control API answers at once, or not at all: milliseconds. */
const PATIENCE = 10_000;

/**
 * Asks the server behind the page for something below `/simulator/`.
 *
 * @param {string} path - below `/simulator/`
 * @param {{ method?: string, body?: unknown }} [options] - the body is sent as JSON
 * @returns {Promise<any>} the JSON of the answer, if there is any
 * @throws {Error} in words for the user, when the server refuses or does not answer
 */
export async function ask(path, { method = "GET", body } = {}) {
  const response = await fetch(`/simulator/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  if (response.ok) return text && JSON.parse(text);
  throw new Error(`the server answered ${response.status}${detail(text)}`);
}

/**
 * A CVM's part of a path.
 *
 * @param {string} cvm - an identifier
 */
export const cvmPath = (cvm) => `cvms/${encodeURIComponent(cvm)}`;

/** @param {unknown} error */
export const reason = (error) => (error instanceof Error ? error.message : String(error));

function detail(text) {
  try {
    return `, ${JSON.parse(text).detail}`;
  } catch {
    return "";
  }
}
