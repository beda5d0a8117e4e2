// Whether a fault had the expected result.

import assert from "node:assert/strict";

/** The expected result of a case over a transport in an engine. */
export function expectation({ comes, over, but = [] }, transport, engine) {
  const differences = but.filter((difference) => applies(difference, transport, engine));
  return Object.assign({}, comes, over?.[transport], ...differences.map(({ comes }) => comes));
}

/** Whether an engine's difference concerns a transport in an engine. */
export const applies = ({ engines, transports }, transport, engine) =>
  engines.includes(engine) && (transports ?? [transport]).includes(transport);

/** Compares how a watch went, and what the servers saw of it, with the expected result. */
export function check(expected, outcome, { streams, reads, elsewhere }) {
  const { state, error, events } = outcome;
  assert.ok(!outcome.hung, `the watch has not settled; it heard: ${events}`);
  assert.equal(outcome.late, 0, "an event came after the watch had settled");
  if (expected.error) assert.equal(error?.name, expected.error, error?.message);
  else assert.equal(state?.status ?? describe(error), expected.status);
  if (expected.state) assert.deepEqual(state, expected.state);
  if (expected.message) assert.match(error.message, expected.message);
  if (expected.cause) assert.match(error.cause.message, expected.cause);
  if (expected.code) assert.equal(error.status ?? error.cause.status, expected.code);
  assert.equal(lateComplete(outcome, expected.events) ? `${events} complete` : events, expected.events);
  checkAttempts(outcome);
  count("streams", streams.length, expected.streams);
  count("reads", reads.length, expected.reads);
  count("requests elsewhere", elsewhere.length, expected.elsewhere);
  if (expected.ending) assert.equal(streams.at(-1).ending, expected.ending);
  if (expected.least) assert.ok(outcome.took >= expected.least, `it took ${outcome.took} ms`);
  if (expected.apart) checkGaps(streams, expected.apart);
}

/** Asserts that a watch has reached its target, and that its callback has heard events that match. */
export function checkReached(outcome, expected) {
  const { state, error, events } = outcome;
  assert.equal(state?.status, "running", `${error?.message}; it heard: ${events}`);
  const isLate = !expected.test(events) && lateComplete(outcome, "state complete");
  assert.match(isLate ? `${events} complete` : events, expected);
}

/**
 * Whether the target was reached by a state, and the `complete` after it came too late: it is awaited for a second, which
 * a busy machine may take to pass it on.
 */
const lateComplete = ({ state, events }, expected) =>
  state && /state(×\d+)? complete$/.test(expected) && /state(×\d+)?$/.test(events);

/** Attempts are numbered from 1, and each but the last ends with one event that tells of the next. */
function checkAttempts({ attempts, retries, error }) {
  const last = error?.attempts ?? attempts.at(-1);
  assert.deepEqual(
    attempts,
    attempts.toSorted((a, b) => a - b),
  );
  assert.ok(attempts.every((attempt) => attempt >= 1 && attempt <= last));
  assert.equal(retries, last - 1, "each retry is told of");
}

function count(what, found, expected = found) {
  const [least, most] = [expected].flat();
  assert.ok(found >= least && found <= (most ?? least), `${found} ${what}, not ${[expected].flat().join(" to ")}`);
}

function checkGaps(streams, apart) {
  for (const [i, { arrivedAt }] of streams.slice(1).entries()) {
    const gap = arrivedAt - streams[i].arrivedAt;
    assert.ok(gap >= apart, `attempt ${i + 2} came after ${gap} ms`);
  }
}

const describe = (error) => `${error?.name}: ${error?.message} (${error?.cause?.message})`;
