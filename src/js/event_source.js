import { KINDS } from "./callbacks.js";
import { source } from "./sources.js";

// Kinds of news beside those of the four events.
const FAILED = 4;
const CLOSED_FOR_GOOD = 5;
const NOT_OPENED = 6;

/** Opens the browser's own EventSource (a source). It is closed at its first failure. */
export const openEventSource = (url, withCredentials, tell) =>
  source(tell, (tell) => {
    let stream;
    try {
      stream = new EventSource(url, { withCredentials });
    } catch (error) {
      return tell(NOT_OPENED, error);
    }
    KINDS.forEach((name, kind) => {
      stream.addEventListener(name, (event) => {
        // A failed connection and the server's `event: error` are both called `error`; only the latter is a message.
        if (event instanceof MessageEvent) return tell(kind, event.data);
        const news = stream.readyState === stream.CLOSED ? CLOSED_FOR_GOOD : FAILED;
        // Or it would reconnect by itself.
        stream.close();
        tell(news);
      });
    });
    return () => stream.close();
  });

/**
 * Whether there is an EventSource; unless `isWanted`, one that passes for the browsers' own. workerd's has seen no browser's
 * standard tests: it loses characters that are split across chunks. It is known by a static method of its own.
 */
export function hasEventSource(isWanted) {
  const { EventSource } = globalThis;
  return EventSource !== undefined && (isWanted || !("from" in EventSource));
}
