import { EVENTS } from "./news.js";
import { hasCrashed } from "./sources.js";

/** Tells the callback of an event. What it throws is the page's own affair. */
export function tellEvent(onEvent, kind, data, attempt, retryIn) {
  if (hasCrashed()) throw new Error("this instance has crashed");
  try {
    onEvent(makeEvent(EVENTS[kind], data, attempt, retryIn));
  } catch (error) {
    reportUncaught(error);
  }
}

/** What the callback sees: the payload's own fields, and ours. */
function makeEvent(type, data, attempt, retryIn) {
  const event = { ...(Array.isArray(data) || typeof data === "string" ? {} : data), type, data, attempt };
  // A payload's own is still in `data`.
  if ("retryIn" in event) delete event.retryIn;
  return retryIn === undefined ? event : { ...event, retryIn };
}

/** Reports an error as one that nobody caught. */
function reportUncaught(error) {
  try {
    reportError(error);
  } catch {
    // There is none, or it is the page's own and throws itself.
    setTimeout(() => {
      throw error;
    });
  }
}
