import { NotJson, parse } from "./json.js";
import { BROKEN, CLOSED_FOR_GOOD, EVENTS, NOT_JSON } from "./news.js";
import { source } from "./sources.js";
import { messageOf } from "./thrown.js";

/** Opens the browser's own EventSource (a source). It is closed at its first failure. */
export const openEventSource = (url, withCredentials, tell) =>
  source(tell, (tell) => {
    let stream;
    try {
      stream = new EventSource(url, { withCredentials });
    } catch (error) {
      return tell(BROKEN, `the browser cannot open the event stream: ${messageOf(error)}`);
    }
    const tellEvent = (kind, payload) =>
      payload instanceof NotJson ? tell(NOT_JSON + kind, payload.reason) : tell(kind, payload);
    EVENTS.forEach((name, kind) => {
      stream.addEventListener(name, (event) => {
        // A failed connection and the server's `event: error` are both called `error`; only the latter is a message.
        if (event instanceof MessageEvent) return tellEvent(kind, parse(event.data));
        const isClosed = stream.readyState === stream.CLOSED;
        // Or it would reconnect by itself.
        stream.close();
        if (isClosed) return tell(CLOSED_FOR_GOOD);
        // The browser does not tell a clean end from a broken connection.
        tell(BROKEN, "the connection failed, or the event stream ended before the target was reached");
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
