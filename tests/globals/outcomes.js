// The expected results of cases. Each is compared with what `program.js` has printed.

import assert from "node:assert/strict";

/** The watch and the read resolve. */
export const resolves = { watch: isRunning, read: isRunning };

/** Both reject with this class, before anything is sent or told; the message names what is wrong. */
export const rejectsWith = (name, pattern) => ({
  watch: isError(name, pattern),
  read: isError(name, pattern),
  requests: 0,
  events: [],
});

/** Both reject with what `fetch` has thrown, and the callback hears nothing. */
export const rejectsWithTheVeryError = { watch: isThrown, read: isThrown, events: [] };

/** The attempt fails: it is the only one. */
export const failsTheAttempt = {
  watch: isError("MaxRetriesExceededError", /./),
  read: isError("WatchError", /^(?!.*a bug of cvm-watch)/),
};

/** A platform without this may do, or it is named. */
export const namesOrResolves = (name) => {
  const expected = (outcome) => {
    if (outcome.resolved === undefined) isError("WatchError", new RegExp(`\\b${name}\\b`))(outcome);
    else isRunning(outcome);
  };
  return { watch: expected, read: expected };
};

/** Rejects with an error that has these fields. */
export const gives = (fields) => (outcome) => {
  for (const [name, value] of Object.entries(fields)) assert.equal(outcome[name], value, JSON.stringify(outcome));
};

function isRunning(outcome) {
  assert.deepEqual(outcome, { resolved: "running" });
}

function isError(name, pattern) {
  return (outcome) => {
    assert.equal(outcome.name, name, JSON.stringify(outcome));
    assert.match(outcome.message, pattern);
    assert.ok(outcome.isWatchError, "it is of the class that is exported");
  };
}

function isThrown(outcome) {
  assert.ok(outcome.isThrown, JSON.stringify(outcome));
}
