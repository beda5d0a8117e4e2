/** What the callback sees: the payload's own fields, and ours. */
export function makeEvent(type, data, attempt, retryIn) {
  const event = { ...data, type, data, attempt };
  // A payload of that name is still in `data`.
  delete event.retryIn;
  return retryIn === undefined ? event : { ...event, retryIn };
}

/** Reports an error as one that nobody caught. */
export function reportUncaught(error) {
  if (globalThis.reportError) reportError(error);
  else
    setTimeout(() => {
      throw error;
    });
}
