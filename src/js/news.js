// The kinds of news that requests and event streams tell, as WebAssembly counts them (src/browser/stream.rs).

/** The events that a server sends; the news of each is its data, parsed. */
export const EVENTS = ["state", "complete", "timeout", "error"];

/** The next bytes of an event stream, or a whole answer, parsed. */
export const BODY = 4;
/** The body has come to a clean end. */
export const ENDED = 5;
/** Why there was no answer, or no more of it, in words. */
export const BROKEN = 6;
/** The browser will not connect again, and does not say why. */
export const CLOSED_FOR_GOOD = 7;
/** A status that is no success, the `detail` of the answer's body, and how long the server asks to wait (ms). */
export const REFUSED = 8;
/** The status of a redirect that is not followed. */
export const REDIRECTED = 9;
/** From here on: the events, with data that is not JSON; the news is why. */
export const NOT_JSON = 10;
