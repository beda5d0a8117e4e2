// The faults that a script for the simulator can play: what the server does, and the expected result.
//
// `streams` and `reads` are the answers, one after the other; `at: "other"` has another origin give them, and `elsewhere`
// is what another origin answers besides. `comes` is what must come of it over both transports, `over` what differs over
// one of them, and `but` what differs by an engine's own rules, with the reason for the table's footnote:
//
// - `status`: the watch resolves with a state of this status; or `error`: it rejects with this class, `cause` or
//   `message` matches, `code` is the HTTP status;
// - `events`: what the callback hears, in order;
// - `streams`, `reads`, `elsewhere`: how many requests the servers see, a number or [least, most];
// - `ending`: how the last stream ended, as the server saw it;
// - `least`, `apart`: how long the watch takes, and how far apart its streams arrive at least, in ms.
//
// `conditions` are those of the CVM's requests, see the simulator. `alone` has a page of its own: where a stream is refused and
// the read succeeds, the whole page tries no other stream for a while.

import { answer, complete, say, state, tells, wait } from "../e2e/simulator.js";

/** The answer that every fault is followed by, where another attempt follows. */
const fine = [state("running"), complete()];
/** Before a reset: with it, the system drops what the browser has not read yet. */
const unread = wait(1000);
/** For every request. */
const always = (steps) => Array(30).fill(steps);
const head = (headers) => ({ respond: { status: 200, headers } });
const eventStream = head({ "content-type": "text/event-stream" });
const html = [head({ "content-type": "text/html" }), { send: "<!doctype html><h1>Sign in</h1>" }, "end"];
const htmlForNobody = head({ "content-type": "text/html", "access-control-allow-origin": null });
const byte = (value) => ({ sendBase64: Buffer.from([value]).toString("base64") });
const redirect = (location) => [{ respond: { status: 307, headers: { location } } }, "end"];
const redirectElsewhere = ({ id, other }) => redirect(`${other.origin}/api/v1/cvms/${id}/state?target=running`);
const running = (more) => `event: state\ndata: ${JSON.stringify({ status: "running", ...more })}\n\n`;
const MEBIBYTE = 2 ** 20;

const resolves = { status: "running", events: "state complete", streams: 1, reads: 0 };
/** The attempt fails, and the next one reaches the target. */
const recovers = { status: "running", events: "error state complete", streams: 2, reads: 0 };
/** The attempt goes on by reads, once it has no stream, or none that tells anything. */
const goesOnByReads = { status: "running", events: "state×2", streams: 2, reads: 2, ending: "client left" };
const timesOut = {
  error: "MaxRetriesExceededError",
  cause: /timed out/,
  events: "timeout",
  streams: 1,
  reads: 0,
  ending: "client left",
  least: 9_990,
};

/** A browser may send a request again by itself, of which the watch sees nothing. */
const orMore = (least) => [least, 30];

const repeats408 = {
  engines: ["chromium"],
  comes: { streams: orMore(2), reads: orMore(0) },
  because: "Chromium itself sends a request again that was answered 408 on a connection which it had used before.",
};

/** A temporary status: the next attempt follows. EventSource tells no status, so a read asks for it. */
const passing = (code) => ({
  name: `status ${code}`,
  streams: always(answer(code, "busy")),
  reads: always(answer(code, "busy")),
  request: { maxRetries: 1 },
  comes: { error: "MaxRetriesExceededError", cause: /busy/, code, events: "error×2", streams: 2, reads: 0 },
  // With 429 streams may be refused alone.
  over: { eventsource: { reads: 2 }, fetch: { reads: code === 429 ? 2 : 0 } },
  but: code === 408 ? [repeats408] : [],
});

/** A status after which no retry follows: the watch rejects at once. */
const lasting = (code) => ({
  name: `status ${code}`,
  streams: always(answer(code, "not for you")),
  reads: always(answer(code, "not for you")),
  request: { maxRetries: 9 },
  comes: {
    error: "RequestError",
    message: code === 204 ? /204/ : /not for you/,
    code,
    events: "error",
    streams: 1,
    reads: 0,
  },
  over: { eventsource: { reads: 1 } },
});

export const cases = [
  // The connection.
  {
    name: "refused",
    at: "nobody",
    request: { maxRetries: 1 },
    comes: { error: "MaxRetriesExceededError", cause: /./, events: "error×2" },
  },
  {
    name: "reset before the headers",
    streams: always(["reset"]),
    reads: always(tells("starting")),
    comes: {
      error: "MaxRetriesExceededError",
      cause: /./,
      events: "error×2",
      streams: orMore(2),
      reads: 0,
      ending: "reset",
    },
  },
  { name: "reset after the headers", streams: [[eventStream, unread, "reset"], fine], comes: recovers },
  {
    name: "reset in mid-frame",
    streams: [[state("starting"), { send: 'event: state\ndata: {"status":"running"}\n' }, unread, "reset"], fine],
    comes: { ...recovers, events: "state error state complete" },
  },
  {
    name: "end in mid-frame",
    streams: [[{ send: 'event: state\ndata: {"status":"running"}\n' }, "end"], fine],
    comes: recovers,
  },
  {
    name: "clean early end",
    streams: [[state("starting"), "end"], fine],
    comes: { ...recovers, events: "state error state complete", ending: "served" },
  },
  { name: "clean end before any byte", streams: [[eventStream, "end"], fine], comes: recovers },
  {
    name: "silence before the headers",
    slow: true,
    streams: [["hold"]],
    request: { timeout: 10, maxRetries: 0 },
    comes: timesOut,
  },
  {
    name: "silence after the headers",
    slow: true,
    streams: [[eventStream, "hold"]],
    request: { timeout: 10, maxRetries: 0 },
    comes: timesOut,
  },
  {
    name: "silence after some events, then well",
    slow: true,
    streams: [[state("starting"), "hold"], fine],
    request: { timeout: 10 },
    comes: { ...resolves, events: "state timeout state complete", streams: 2, least: 9_990 },
  },
  {
    name: "drip-feed past the timeout",
    slow: true,
    streams: [[{ repeat: { times: 300, steps: [{ send: ": drip\n" }, wait(100)] } }]],
    request: { timeout: 10, maxRetries: 0 },
    comes: timesOut,
  },
  {
    name: "a read that never answers",
    slow: true,
    streams: [[complete()]],
    reads: [["hold"]],
    request: { timeout: 60, maxRetries: 0 },
    comes: { ...timesOut, cause: /no answer in 10 s/, events: "complete error", reads: 1, ending: "served" },
  },

  // A stream that stays silent while the CVM's state moves on: after three intervals a read tells.
  {
    name: "a proxy that buffers the whole stream",
    slow: true,
    conditions: { streams: { buffer: "all" } },
    streams: always([state("starting"), "hold"]),
    reads: [tells("starting"), tells("stopping"), tells("running")],
    comes: { ...goesOnByReads, events: "state×3", reads: 3, least: 34_000 },
  },
  {
    name: "a proxy that buffers the stream's body",
    slow: true,
    conditions: { streams: { buffer: "body" } },
    streams: always([state("starting"), "hold"]),
    reads: [tells("starting"), tells("stopping"), tells("running")],
    comes: { ...goesOnByReads, events: "state×3", reads: 3, least: 34_000 },
  },
  {
    name: "a stream that is dead",
    slow: true,
    streams: [[state("starting"), "hold"]],
    reads: [tells("running")],
    comes: { ...goesOnByReads, streams: 1, reads: 1, least: 14_900 },
  },
  {
    name: "a stream that is dead, but for comments",
    slow: true,
    streams: [[state("starting"), { repeat: { times: 300, steps: [{ send: ": ping\n\n" }, wait(100)] } }]],
    reads: [tells("running")],
    comes: { ...goesOnByReads, streams: 1, reads: 1, least: 14_900 },
  },
  {
    name: "a stream that is silent, but not dead",
    slow: true,
    streams: [[state("starting"), wait(16_000), ...fine]],
    reads: always(tells("starting")),
    comes: { ...resolves, events: "state×2 complete", reads: 1, least: 15_900 },
  },
  {
    name: "a stream that is dead, and reads that fail",
    slow: true,
    streams: [[state("starting"), "hold"]],
    reads: [answer(404, "CVM not found"), tells("running")],
    comes: { ...goesOnByReads, streams: 1, reads: 2, least: 29_900 },
  },

  // The status.
  ...[204, 401, 403, 404, 410, 422].map(lasting),
  ...[408, 425, 429, 500, 502, 503, 504].map(passing),
  {
    name: "503 with Retry-After",
    streams: [answer(503, "busy", { "retry-after": "1" }), fine],
    reads: [answer(503, "busy", { "retry-after": "1" })],
    comes: { ...recovers, apart: 1000 },
    over: { eventsource: { reads: 1 } },
  },

  // Something else in the server's place.
  {
    name: "a wrong content type, but reads are answered",
    alone: true,
    streams: always([head({ "content-type": "text/plain" }), { send: running() }, "end"]),
    reads: [tells("starting"), tells("running")],
    comes: { ...goesOnByReads, streams: 1, ending: "served", least: 4_000 },
  },
  {
    name: "streams are refused, but reads are answered",
    alone: true,
    streams: always(answer(429, "too many event streams")),
    reads: [tells("starting"), tells("running")],
    comes: { ...goesOnByReads, streams: 1, ending: "served", least: 4_000 },
  },
  {
    name: "a content type that comes twice",
    streams: [[head({ "content-type": ["text/event-stream", "text/event-stream"] }), ...fine]],
    comes: resolves,
  },
  {
    name: "captive portal's HTML",
    streams: always(html),
    reads: always(html),
    request: { maxRetries: 1 },
    comes: {
      error: "MaxRetriesExceededError",
      cause: /not JSON/,
      events: "error×2",
      streams: 2,
      reads: 2,
    },
  },
  {
    name: "captive portal's redirect",
    streams: (place) => [redirectElsewhere(place), fine],
    reads: (place) => [redirectElsewhere(place)],
    elsewhere: { streams: always([htmlForNobody, ...html.slice(1)]) },
    comes: { ...recovers, elsewhere: 1 },
    over: { eventsource: { reads: 1, elsewhere: 2 } },
  },
  {
    name: "redirect, same origin",
    streams: ({ id }) => [redirect(`/api/v1/cvms/${id}/state?target=running`), fine],
    comes: { ...resolves, streams: 2 },
  },
  {
    name: "redirect, other origin",
    streams: (place) => [redirectElsewhere(place)],
    elsewhere: { streams: [fine] },
    comes: { ...resolves, elsewhere: 1 },
  },
  {
    name: "redirect of a request with a key",
    transports: ["fetch"],
    streams: (place) => [redirectElsewhere(place)],
    elsewhere: { streams: [fine] },
    config: { apiKey: "a-key" },
    request: { maxRetries: 9 },
    comes: { error: "RequestError", message: /redirects/, events: "error", streams: 1, reads: 0, elsewhere: 0 },
  },
  {
    name: "redirect in a circle",
    streams: ({ id }) => always(redirect(`/api/v1/cvms/${id}/state?target=running`)),
    reads: always(answer(503, "busy")),
    request: { maxRetries: 0 },
    comes: { error: "MaxRetriesExceededError", cause: /./, events: "error", streams: orMore(10), reads: 0 },
    over: { eventsource: { reads: 1 } },
    but: [
      {
        engines: ["chromium"],
        transports: ["eventsource"],
        comes: { reads: 0 },
        because:
          "After too many redirects Chromium's EventSource would reconnect, so the attempt has failed. The others' EventSource does not reconnect after that, so the state is also read once.",
      },
    ],
  },
  {
    name: "CORS refused",
    at: "other",
    streams: always([head({ "access-control-allow-origin": null }), ...fine]),
    reads: always([head({ "access-control-allow-origin": null }), ...tells("running")]),
    request: { maxRetries: 1 },
    comes: { error: "MaxRetriesExceededError", cause: /./, events: "error×2", streams: 2, reads: 0 },
    over: { eventsource: { reads: 2 } },
  },

  // What the stream says.
  {
    name: "malformed JSON",
    streams: [[say("state", '{"status":'), say("complete", "{"), ...fine]],
    comes: { ...resolves, events: "error×2 state complete" },
  },
  ...Object.entries({ null: "null", "an array": "[]", "a number": "7", "a string": '"running"' }).map(
    ([what, data]) => ({
      name: `a state that is ${what}`,
      streams: [[say("state", data), ...fine]],
      comes: { ...resolves, events: "error state complete" },
    }),
  ),
  {
    name: "a status that is a number, or missing",
    streams: [[say("state", { status: 7 }), say("state", {}), ...fine]],
    // The same words are not told twice.
    comes: { ...resolves, events: "error state complete" },
  },
  {
    name: "a frame of 1 MiB",
    streams: [
      [
        { send: 'event: state\ndata: {"status":"running","log":"' },
        { send: "x".repeat(MEBIBYTE) },
        { send: '"}\n\n' },
        complete(),
      ],
    ],
    comes: { ...resolves, state: { status: "running", log: `${MEBIBYTE} characters` } },
  },
  {
    name: "a frame that has no end",
    transports: ["fetch"],
    streams: [[{ send: "data: " }, { repeat: { times: 17, steps: [{ send: "x".repeat(MEBIBYTE) }] } }, "hold"], fine],
    comes: recovers,
  },
  {
    name: "5,000 frames in one write",
    streams: [[{ send: state("starting").send.repeat(5000) + running() }, complete()]],
    comes: { ...resolves, events: "state×5001 complete" },
  },
  {
    name: "CRLF line ends",
    streams: [[{ send: running({ name: "a" }).replaceAll("\n", "\r\n") }, complete()]],
    comes: resolves,
  },
  {
    name: "CR line ends",
    streams: [[{ send: running({ name: "a" }).replaceAll("\n", "\r") }, complete()]],
    comes: resolves,
  },
  {
    name: "CRLF split between writes",
    streams: [
      [
        ...running({ name: "a" })
          .split("\n")
          .flatMap((line, i) => [i > 0 && { send: "\n" }, { send: `${line}\r` }, wait(5)])
          .filter(Boolean),
        complete(),
      ],
    ],
    comes: resolves,
  },
  { name: "a BOM", streams: [[{ send: `\ufeff${running()}` }, complete()]], comes: resolves },
  {
    name: "characters split between writes",
    streams: [[...Array.from(Buffer.from(running({ name: "né 🚀" })), (value) => byte(value)), complete()]],
    comes: { ...resolves, state: { status: "running", name: "né 🚀" } },
  },
  {
    name: "`retry: 0`",
    streams: [...Array(3).fill([{ send: "retry: 0\n\n" }, state("starting"), "end"]), fine],
    request: { maxRetries: 3, retryDelay: 200 },
    comes: {
      status: "running",
      events: "state error state error state error state complete",
      streams: 4,
      reads: 0,
      apart: 195,
    },
  },
  {
    name: "the server's `error` and `open` events",
    streams: [
      [say("open", {}), say("error", { error: "flaky" }), say("message", {}), { send: "data: {}\n\n" }, ...fine],
    ],
    comes: { ...resolves, events: "error state complete" },
  },
  {
    name: "the server's `error`, then the end",
    streams: [[say("error", { error: "boot_failed", message: "no disk" }), "end"]],
    request: { maxRetries: 0 },
    comes: { error: "MaxRetriesExceededError", cause: /^no disk$/, events: "error×2", streams: 1, reads: 0 },
  },
  {
    name: "the server's `timeout`",
    streams: [[state("starting"), say("timeout", { error: "Timeout", elapsed: 10 }), "hold"], fine],
    comes: { ...recovers, events: "state timeout state complete" },
  },
  {
    name: "`complete` without a state",
    streams: [[complete()]],
    reads: [tells("running")],
    comes: { ...resolves, events: "complete state", reads: 1 },
  },
  {
    name: "a stale state, then `complete`",
    streams: [[state("starting"), complete()]],
    reads: [tells("running")],
    comes: { ...resolves, events: "state complete state", reads: 1 },
  },
  {
    name: "`complete`, but the state is another",
    streams: [[complete()], fine],
    reads: [tells("starting")],
    comes: { ...recovers, events: "complete state error state complete", reads: 1 },
  },
];
