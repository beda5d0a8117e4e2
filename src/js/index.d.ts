/**
 * Wait in a web page for a confidential VM (CVM) on Phala Cloud to reach a state.
 *
 * @packageDocumentation
 */

/** How to reach the Phala Cloud API. */
export interface ClientConfig {
  /**
   * Where the API is: an absolute `http(s)` URL, or a path relative to the page such as `"/api/v1"`.
   * It must have no query, no fragment and no user name. A slash at its end is ignored.
   *
   * @defaultValue `"https://cloud-api.phala.com/api/v1"`
   */
  baseURL?: string | undefined;
  /**
   * Sent as `X-API-Key`: a string, or a function that is called before each request and gives it. If it throws or rejects,
   * that attempt fails. The key is never part of a message, an event or a URL, and never sent to where a redirect points.
   */
  apiKey?: string | (() => string | PromiseLike<string>) | undefined;
  /** Extra headers, or a function that is called before each request and gives them; kept as secret as a key. */
  headers?: HeaderFields | (() => HeaderFields | PromiseLike<HeaderFields>) | undefined;
  /** Sent as `X-Phala-Version`: which version of the API to talk to. */
  version?: string | undefined;
  /**
   * Send the browser's cookies for the API's origin, other origins included, and no `apiKey`.
   *
   * @defaultValue `false`
   */
  useCookieAuth?: boolean | undefined;
  /**
   * The function that sends requests, instead of the global `fetch`: one with a proxy or an agent, or a test's mock.
   * `transport: "auto"` is `"fetch"` then; with `"eventsource"` only the reads use it.
   *
   * @defaultValue the global `fetch`, looked up at each request
   *
   * @example
   * ```js
   * import { createClient } from "cvm-watch";
   * import { fetch, ProxyAgent } from "undici";
   *
   * const dispatcher = new ProxyAgent("http://proxy.example:3128");
   * const client = createClient({ fetch: (url, init) => fetch(url, { ...init, dispatcher }) });
   * ```
   */
  fetch?: FetchLike | undefined;
  /**
   * How a watch gets states:
   *
   * - `"eventsource"`: the browser's own EventSource, which can send no header
   * - `"fetch"`: an event stream over `fetch`
   * - `"poll"`: no event stream, only reads, one an interval
   * - `"auto"`: EventSource, unless headers are needed, `fetch` is given, there is no EventSource, or it is workerd's;
   *   then `"fetch"`
   *
   * @defaultValue `"auto"`
   */
  transport?: "auto" | "eventsource" | "fetch" | "poll" | undefined;
  /**
   * How many event streams may be open towards the API's origin before a watch opens one: an integer from 0 (only reads), or
   * `Infinity`. Further watches read the state once an interval until a stream is free. Counted for the whole page; where
   * there is no page (a server), for each client. The API allows 5 streams for each user, and a browser 6 connections for
   * each origin on HTTP/1.1.
   *
   * @defaultValue `4`
   *
   * @example
   * ```js
   * const client = createClient({ baseURL: "/api/v1", maxStreams: 1 }); // leaves the others to other pages
   * ```
   */
  maxStreams?: number | undefined;
}

/** Header fields: an object of strings, or a `Headers` object. */
export type HeaderFields = Record<string, string> | HeadersLike;

/** What is needed of a `Headers` object: the platform's own, or that of a library such as undici. */
export interface HeadersLike {
  get(name: string): string | null;
  forEach(callback: (value: string, name: string) => void): void;
}

/** What is needed of an abort signal: the platform's own `AbortSignal`, or that of another window or a test environment. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What is needed of `fetch`: the platform's own fits, and undici's. */
export type FetchLike = (url: string, init: FetchInit) => ResponseLike | PromiseLike<ResponseLike>;

/** What `fetch` is called with. */
export interface FetchInit {
  method: "GET";
  /** A `Headers` object, whose type depends on the platform. */
  // biome-ignore lint/suspicious/noExplicitAny: no type fits each platform's Headers, and its libraries' own
  headers: any;
  /** Ends the request and the body of its answer: an `AbortSignal`, whose type depends on the platform. */
  // biome-ignore lint/suspicious/noExplicitAny: no type fits each platform's AbortSignal, and its libraries' own
  signal: any;
  cache: "no-store";
  /** `"manual"` when a key or extra headers are sent: they must not go where a redirect points. */
  redirect: "follow" | "manual";
  /** Only with `useCookieAuth`. */
  credentials?: "include";
}

/** What is needed of an answer. */
export interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: BodyLike | null;
}

/** What is needed of an answer's body: a `ReadableStream` of bytes. */
export interface BodyLike {
  getReader(): {
    read(): PromiseLike<{ done: boolean; value?: ArrayBufferView | undefined }>;
    cancel(reason?: unknown): PromiseLike<unknown>;
  };
}

/**
 * Which CVM. One of the five is required; `undefined`, `null` and `""` are not given. If several are given, the first one
 * (in this order) is used.
 */
export interface CvmIdentifiers {
  /** Any of the forms below. A UUID loses its hyphens, 40 hexadecimal digits get the prefix `app_`. */
  id?: string | null | undefined;
  /** A version 4 UUID, each hyphen optional. */
  uuid?: string | null | undefined;
  /** The app's id: 40 hexadecimal digits, with or without the prefix `app_`. */
  app_id?: string | null | undefined;
  /** The instance's id. */
  instance_id?: string | null | undefined;
  /**
   * The CVM's name: 5 to 63 letters, digits and hyphens (an RFC 1123 label) that start with a letter
   * and neither end with a hyphen nor hold two in a row.
   */
  name?: string | null | undefined;
}

/** At least one identifier that is certainly a string. `id` is last: a compiler's error speaks of the last one. */
export type OneIdentifier =
  | (CvmIdentifiers & { name: string })
  | (CvmIdentifiers & { instance_id: string })
  | (CvmIdentifiers & { app_id: string })
  | (CvmIdentifiers & { uuid: string })
  | (CvmIdentifiers & { id: string });

/** The statuses that have been seen. There is no closed list: a server may tell others. */
export type KnownStatus =
  | "running"
  | "stopped"
  | "exited"
  | "starting"
  | "stopping"
  | "restarting"
  | "shutting_down"
  | "removing"
  | "error"
  | "unknown";

/** Any status. Editors complete the known ones. */
export type CvmStatus = KnownStatus | (string & {});

/** Options of a watch besides the request. They take precedence over the fields of the request. */
export interface WatchOptions {
  /** Cancels the watch: the promise rejects with {@link WatchAbortedError} and the connection is closed. */
  signal?: AbortSignalLike | null | undefined;
  /**
   * Called with every event, in order, and never after the promise has settled. What it throws, or rejects with if it is
   * async, is reported as an uncaught error (`reportError`, where there is one) and changes nothing else.
   */
  onEvent?: ((event: WatchEvent) => unknown) | undefined;
}

/** What to wait for, with which timeouts and retries. */
export type WatchRequest = OneIdentifier &
  WatchOptions & {
    /**
     * The status to wait for, such as `"running"`; or an array of 1 to 16 different ones, any of which will do. Compared
     * exactly. The server is told the first one.
     *
     * @example
     * ```js
     * const state = await client.watchCvmState({ id: "my-app", target: ["stopped", "exited"] });
     * ```
     */
    target: CvmStatus | readonly CvmStatus[];
    /**
     * Called for each state whose status is a target: the state counts if this gives true. It must be synchronous; a promise,
     * or an exception, ends the watch with a {@link ValidationError}.
     *
     * @defaultValue every state with a target's status counts
     *
     * @example
     * ```js
     * await client.watchCvmState({ id: "my-app", target: "running", until: (state) => !state.in_progress });
     * ```
     */
    until?: ((state: CvmState) => boolean) | undefined;
    /**
     * Which states say that the target will not come: a status, an array of statuses (none of them a target), or a synchronous
     * function such as {@link bootFailed}. At the first such state the watch rejects with
     * {@link CvmFailedError}. A function that gives a promise, or throws, ends the watch with a {@link ValidationError}.
     *
     * @defaultValue no state does
     *
     * @example
     * ```js
     * await client.watchCvmState({ id: "my-app", target: "running", failOn: ["error", "exited"] });
     * ```
     */
    failOn?: CvmStatus | readonly CvmStatus[] | ((state: CvmState) => boolean) | undefined;
    /**
     * For a CVM that has just been told to restart, start or stop: the first status that this watch sees does not count,
     * neither for `target` nor for `failOn`. From the first other status on, everything counts.
     *
     * If the CVM leaves its status and comes back to it between two reads, the watch misses that and goes on waiting: begin
     * the watch before you ask for the restart, and set a deadline.
     *
     * @defaultValue `false`
     *
     * @example
     * ```js
     * const signal = AbortSignal.timeout(600_000);
     * const isBack = client.watchCvmState({ id: "my-app", target: "running", leaveFirst: true, signal });
     * await fetch("/api/v1/cvms/my-app/restart", { method: "POST" });
     * await isBack;
     * ```
     */
    leaveFirst?: boolean | undefined;
    /**
     * How often the server looks at the CVM, and how often the state is read where there is no event stream: in seconds
     * from 5 to 30.
     *
     * @defaultValue `5`
     */
    interval?: number | undefined;
    /**
     * How long one attempt may last, connecting included, in seconds from 10 to 600. For a deadline of the whole watch see
     * `signal`.
     *
     * @defaultValue `300`
     */
    timeout?: number | undefined;
    /**
     * How many attempts may follow the first one: an integer from 0, or `Infinity`. After the last one the watch rejects
     * with {@link MaxRetriesExceededError}.
     *
     * @defaultValue `Infinity`
     */
    maxRetries?: number | undefined;
    /**
     * The pause before each retry, in milliseconds from 0 to 2147483647; or a function that gives it, such as
     * {@link exponentialBackoff} makes. A longer `Retry-After` from the server takes precedence (up to ten minutes). A function
     * that throws or gives no such number ends the watch with a {@link ValidationError}.
     *
     * `failures` counts the attempts that have failed since the last one that brought a state, that one included: attempts that
     * bring none, none, a state, none give 1, 2, 1, 2. `error` is why the last one failed.
     *
     * @defaultValue `5000`
     *
     * @example
     * ```js
     * const retryDelay = (failures, error) => (error.code === "timeout" ? 0 : 1000 * failures);
     * await client.watchCvmState({ id: "my-app", target: "running", retryDelay });
     * ```
     */
    retryDelay?: number | RetryDelay | undefined;
    /**
     * Called for each refusal that would end the watch (204, a 4xx other than 408, 425 and 429; not for a redirect). If it
     * gives true, a retry follows instead, unless the retries are used up. It must be synchronous; a promise, or an exception,
     * ends the watch with a {@link ValidationError}.
     *
     * @defaultValue such a refusal ends the watch with a {@link RequestError}
     *
     * @example
     * ```js
     * // A CVM that is just being created.
     * const shouldRetry = (error) => error.status === 404;
     * await client.watchCvmState({ id: "my-app", target: "running", shouldRetry });
     * ```
     */
    shouldRetry?: ((error: RequestError) => boolean) | undefined;
  };

/** Gives a pause in milliseconds from 0 to 2147483647: see `retryDelay` of {@link WatchRequest}. */
export type RetryDelay = (failures: number, error: AttemptError) => number;

/** Which CVM's states to give, and how often to look. */
export type StatesRequest = OneIdentifier & {
  /**
   * How often the state is read, in seconds from 5 to 30.
   *
   * @defaultValue `5`
   */
  interval?: number | undefined;
  /**
   * The pause after a read that has failed, in milliseconds from 0 to 2147483647; or a function that gives it from the number of
   * failures since the last answer. A longer `Retry-After` from the server takes precedence (up to ten minutes).
   *
   * @defaultValue `exponentialBackoff({ base: 1000, max: 30_000 })`
   */
  retryDelay?: number | RetryDelay | undefined;
  /**
   * Called for each refusal that would end the loop (204, a 4xx other than 408, 425 and 429). If it gives true, the loop
   * goes on.
   *
   * @defaultValue such a refusal ends the loop with a {@link RequestError}
   */
  shouldRetry?: ((error: RequestError) => boolean) | undefined;
  /** Ends the loop with a {@link WatchAbortedError}. */
  signal?: AbortSignalLike | null | undefined;
  /**
   * Called after each read that was answered, with a `state` event, also where nothing has changed: for a view that shows
   * whether it is up to date. What it throws, or rejects with, is reported as uncaught.
   */
  onRead?: ((event: StateEvent) => unknown) | undefined;
  /** Called with each read that has failed. What it throws, or rejects with, is reported as uncaught. */
  onEvent?: ((event: ReadErrorEvent) => unknown) | undefined;
};

/** What to read. */
export type ReadRequest = OneIdentifier & {
  /**
   * How long the answer may take, in seconds from 10 to 600.
   *
   * @defaultValue `300`
   */
  timeout?: number | undefined;
  /** Cancels the read. */
  signal?: AbortSignalLike | null | undefined;
};

/** The fields of a CVM's state that the API documents. */
export type CvmStateFields = {
  /** The one field that is always there. */
  status: CvmStatus;
  id?: string | null;
  instance_id?: string | null;
  name?: string | null;
  /** How long it has been running, in words, such as `"1m 20s"`. */
  uptime?: string | null;
  exited_at?: string | null;
  /** The step of the boot that it is in, such as `"starting containers"`. */
  boot_progress?: string | null;
  /** Why the boot has failed, in words. Newer CVMs also set it for faults that they survive. */
  boot_error?: string | null;
  shutdown_progress?: string | null;
};

/** A CVM as the server describes it. Fields that are not documented are kept as they came. */
export interface CvmState extends CvmStateFields {
  [field: string]: unknown;
}

/** The server says that the target is reached. */
export interface CompletePayload {
  status?: CvmStatus;
  /** Seconds since the attempt began. */
  elapsed?: number;
  target?: CvmStatus;
}

/** An attempt ran out of time: sent by the server, or made here when the server stays silent. */
export interface TimeoutPayload {
  error?: string;
  /** Seconds since the attempt began. */
  elapsed?: number;
  target?: CvmStatus;
}

/** Something went wrong: sent by the server, or made here for a connection or an event that failed. */
export interface ErrorPayload {
  error?: string;
  /** Seconds since the attempt began. */
  elapsed?: number;
  message?: string;
}

/**
 * What kind of failure it was. [docs/errors.md](https://github.com/Phala-Network/cvm-watch/blob/main/docs/errors.md) has cause
 * and remedy of each.
 *
 * - `"timeout"`: the attempt took longer than its timeout
 * - `"ended"`: the event stream came to a clean end before the target
 * - `"broken"`: there was no answer, the connection broke, or a function for `apiKey` or `headers` failed
 * - `"refused"`: EventSource was refused, which tells no reason, and a read of the state failed too
 * - `"status"`: an HTTP status that is no success
 * - `"not_reached"`: the server says that the target is reached, but a read of the state says otherwise
 * - `"malformed"`: another content type, no JSON, or a state without a status
 */
export type FailureCode = "timeout" | "ended" | "broken" | "refused" | "status" | "not_reached" | "malformed";

/** Why an attempt, or a read, has failed: a {@link RequestError} if the server answered, else a plain error with a `code`. */
export interface AttemptError extends Error {
  /** What kind of failure it was. The package always sets it. */
  readonly code?: FailureCode;
}

/** What every event carries, besides the fields of its payload. */
type EventBase<Type extends string, Payload> = {
  type: Type;
  /**
   * The payload as it came. Do not change it: the promise may resolve with the same object.
   */
  data: Payload;
  /** The attempt that this belongs to, from 1. */
  attempt: number;
  /** Milliseconds until the next attempt; only on an event that ends an attempt when another one follows. */
  retryIn?: number;
  /** The payload's status; if it has none, that of the last state, once there was one. */
  status?: CvmStatus;
  /** The payload's step of the boot; if it has none, that of the last state, once there was one. */
  boot_progress?: string | null;
};

/** The CVM's state, now and then. It can stand wherever a {@link CvmState} is wanted. */
export type StateEvent = EventBase<"state", CvmState> & CvmStateFields;
/** The server says that the target is reached. */
export interface CompleteEvent extends EventBase<"complete", CompletePayload>, CompletePayload {}
/** An attempt ran out of time. */
export interface TimeoutEvent extends EventBase<"timeout", TimeoutPayload>, TimeoutPayload {
  /** Only on an event that is made here, not on one of the server's. */
  code?: "timeout";
}
/** Something went wrong. */
export interface ErrorEvent extends EventBase<"error", ErrorPayload>, ErrorPayload {
  /** What kind of failure it was. Only on an event that is made here, not on one of the server's. */
  code?: Exclude<FailureCode, "timeout">;
  /** With `code: "status"`: the HTTP status; 0 for a redirect that the browser does not show. */
  httpStatus?: number;
}

/** `cvmStates`: a read has failed. `attempt` counts the reads; `retryIn` is missing if no other follows. */
export interface ReadErrorEvent extends ErrorEvent {
  code: Exclude<FailureCode, "timeout">;
  /** The reads that have failed since the last answer, this one included. */
  failures: number;
}

/** What `onEvent` is called with: `type` tells which of the four it is. */
export type WatchEvent = StateEvent | CompleteEvent | TimeoutEvent | ErrorEvent;

/** A client of the API. */
export interface Client {
  /**
   * Waits until the CVM has the status `target`, through timeouts and broken connections.
   *
   * Never throws: everything that can go wrong rejects the promise. By the time it settles, the connection is closed, and
   * the timers and listeners of the watch are removed.
   *
   * @param request - What to wait for, with which timeouts and retries. Its own fields are read, not inherited ones.
   * @param options - `signal` and `onEvent`; they take precedence over those of the request.
   * @returns The state that has reached the target: its `status` is a target, and `until` (if given) agreed.
   * @throws {@link ValidationError} when the configuration or the request has bad fields: all are listed, and no
   * request is made. Also when a function of the request throws or gives something that cannot be used.
   * @throws {@link WatchAbortedError} when the signal aborts.
   * @throws {@link CvmFailedError} at a state that `failOn` names.
   * @throws {@link RequestError} when the server refuses permanently, and `shouldRetry` does not ask to go on.
   * @throws {@link MaxRetriesExceededError} when `maxRetries` retries have failed too.
   * @throws {@link WatchError} itself, when the WebAssembly module could not be loaded, or has crashed, which would be a
   * bug; the next call loads it anew. Also when the platform lacks a global that is needed.
   *
   * @example
   * ```js
   * try {
   *   const state = await client.watchCvmState({
   *     id: "my-app",
   *     target: "running",
   *     failOn: bootFailed,
   *     signal: AbortSignal.timeout(600_000),
   *     onEvent: (event) => console.log(event.status, event.boot_progress),
   *   });
   *   console.log(`running for ${state.uptime}`);
   * } catch (error) {
   *   if (error instanceof CvmFailedError) console.log(error.state.boot_error);
   *   else throw error;
   * }
   * ```
   */
  watchCvmState(request: WatchRequest, options?: WatchOptions): Promise<CvmState>;

  /**
   * Reads the CVM's present state, once, without retries.
   *
   * @param request - Which CVM.
   * @param options - `signal`; it takes precedence over that of the request.
   * @throws {@link ValidationError} when the configuration or the request has bad fields.
   * @throws {@link WatchAbortedError} when the signal aborts.
   * @throws {@link RequestError} when the server answers with a status that is no success.
   * @throws {@link WatchError} when there is no answer in time, or none that is a state; `cause` tells more.
   *
   * @example
   * ```js
   * const { status } = await client.getCvmState({ id: "my-app" });
   * ```
   */
  getCvmState(request: ReadRequest, options?: { signal?: AbortSignalLike | null | undefined }): Promise<CvmState>;

  /**
   * The CVM's states, one after the other, for a page that shows the CVM as it is: no target, and no end of its own.
   *
   * The state is read only while a `next()` is pending: at once at first, then once an interval. A state is given when any field
   * differs from the one before. Reading rests while the page is hidden. A read that fails is told to `onEvent` and tried
   * again, without end. `break` and `return()` end the loop. Nothing runs while no `next()` is pending, so a loop that is
   * abandoned costs nothing. Each `for await` over it is a loop of its own.
   *
   * @param request - Which CVM, and how often.
   * @throws {@link ValidationError} at the first `next()`, when the configuration or the request has bad fields.
   * @throws {@link WatchAbortedError} out of the loop, when the signal aborts.
   * @throws {@link RequestError} out of the loop, when the server refuses permanently, and `shouldRetry` does not ask to go on.
   * @throws {@link WatchError} out of the loop, for the same reasons as a watch.
   *
   * @example
   * ```js
   * for await (const state of client.cvmStates({ id: "my-app", interval: 10 })) {
   *   console.log(state.status, state.uptime);
   *   if (state.status === "removing") break;
   * }
   * ```
   */
  cvmStates(request: StatesRequest): CvmStates;
}

/** What {@link Client.cvmStates} gives. */
export interface CvmStates {
  [Symbol.asyncIterator](): CvmStatesIterator;
}

/**
 * One loop over a CVM's states. Where the platform has `Symbol.asyncDispose` (and the compiler's `lib` knows it), it can be
 * declared with `await using`.
 */
export interface CvmStatesIterator extends AsyncDisposableIfKnown {
  /** Gives the next state that differs from the one before. */
  next(): Promise<IteratorResult<CvmState, undefined>>;
  /** Ends the loop. A `next()` that is pending settles at once, as done. */
  return(): Promise<IteratorReturnResult<undefined>>;
  /** The iterator itself. */
  [Symbol.asyncIterator](): CvmStatesIterator;
}

/** `AsyncDisposable`, if the compiler's `lib` knows `Symbol.asyncDispose`. */
export type AsyncDisposableIfKnown = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? { [dispose in Key]: () => PromiseLike<void> }
  : object;

/**
 * Makes a client. It never throws and makes no request: bad fields reject the first call.
 *
 * @param config - How to reach the API; everything has a default.
 *
 * @example
 * ```js
 * const client = createClient({ baseURL: "/api/v1" });
 * ```
 */
export function createClient(config?: ClientConfig): Client;

/** `client.watchCvmState(request, options)` in the form of the published SDK. */
export function watchCvmState(client: Client, request: WatchRequest, options?: WatchOptions): Promise<CvmState>;

/** `client.getCvmState(request, options)` in the form of the published SDK. */
export function getCvmState(
  client: Client,
  request: ReadRequest,
  options?: { signal?: AbortSignalLike | null | undefined },
): Promise<CvmState>;

/** `client.cvmStates(request)` in the form of the published SDK. */
export function cvmStates(client: Client, request: StatesRequest): CvmStates;

/**
 * Makes a function for `retryDelay`: delays that grow with each failure, and differ from page to page, so that
 * many pages do not all connect at the same time to a server that has restarted.
 *
 * After `n` failures the delay is `min(max, base × factor^(n - 1))`, less a random share of it up to `jitter`.
 *
 * @throws {@link ValidationError} at once, when an option is out of range.
 *
 * @example
 * ```js
 * const retryDelay = exponentialBackoff({ base: 500, max: 10_000 });
 * await client.watchCvmState({ id: "my-app", target: "running", retryDelay });
 * ```
 */
export function exponentialBackoff(options?: {
  /**
   * The first delay, in milliseconds from 0 to 2147483647.
   *
   * @defaultValue `1000`
   */
  base?: number | undefined;
  /**
   * How much longer each delay is than the one before, from 1.
   *
   * @defaultValue `2`
   */
  factor?: number | undefined;
  /**
   * The longest delay, in milliseconds from 0 to 2147483647.
   *
   * @defaultValue `60000`
   */
  max?: number | undefined;
  /**
   * The share of each delay that is random, from 0 (none) to 1 (all of it).
   *
   * @defaultValue `0.5`
   */
  jitter?: number | undefined;
}): (failures: number) => number;

/** What a {@link WatchError} is made with, besides its message. */
export interface WatchErrorFields {
  /**
   * Attempts made.
   *
   * @defaultValue `0`
   */
  attempts?: number | undefined;
  /** The last state that the server told. */
  lastState?: CvmState | undefined;
  /** Why. The error has a field `cause` if this one is here, whatever it holds. */
  cause?: unknown;
}

/**
 * Why a watch ended without its target; base of the five classes below. Itself: the WebAssembly module could not be loaded
 * or has crashed, a global that is needed is missing, or a read had no answer.
 */
export class WatchError extends Error {
  /** Attempts made; 0 when the watch ended before the first, and when the WebAssembly module has crashed. */
  readonly attempts: number;
  /** The last state that the server told, if it told any. */
  readonly lastState?: CvmState;
  readonly cause?: unknown;
  /** The package creates its errors itself. Tests can create their own. */
  constructor(message?: string, fields?: WatchErrorFields);
}

/** The signal aborted. `cause` is the signal's reason itself. */
export class WatchAbortedError extends WatchError {
  readonly cause: unknown;
}

/**
 * The retries are used up. `cause` is the failure of the last attempt. The message counts what the attempts ended with:
 * `gave up after 6 attempts (503 × 4, timed out × 2): …`.
 */
export class MaxRetriesExceededError extends WatchError {
  readonly cause: AttemptError;
  constructor(message: string, fields: WatchErrorFields & { cause: AttemptError });
}

/**
 * A state that `failOn` names: the target will not come. The state's `boot_error`, if it has one, is in the message.
 *
 * @example
 * ```js
 * try {
 *   await client.watchCvmState({ id: "my-app", target: "running", failOn: bootFailed });
 * } catch (error) {
 *   if (error instanceof CvmFailedError) console.log(error.state.boot_error);
 * }
 * ```
 */
export class CvmFailedError extends WatchError {
  /** The state that `failOn` named. */
  readonly state: CvmState;
  constructor(message: string, fields: WatchErrorFields & { state: CvmState });
}

/**
 * The server refused: for a watch 204, any 4xx but 408, 425 and 429, or a redirect of a request with a key or extra
 * headers; for a read any status that is no success. Also the `cause` of a {@link MaxRetriesExceededError} whose last
 * attempt was answered with a passing status, such as 503.
 */
export class RequestError extends WatchError {
  /** As the `cause` of a {@link MaxRetriesExceededError}, in `retryDelay` and in `shouldRetry`. */
  readonly code?: "status";
  /** The HTTP status; 0 for a redirect that the browser does not show. */
  readonly status: number;
  /** The field `detail` of the JSON body, if there is one: often a string, or a list of what was invalid. */
  readonly detail?: unknown;
  constructor(message: string, fields: WatchErrorFields & { status: number; detail?: unknown });
}

/**
 * Bad arguments: no request was made. Or a function of the request (`until`, `failOn`, `shouldRetry`, `retryDelay`) threw
 * (`cause` is what it threw) or gave something that cannot be used.
 */
export class ValidationError extends WatchError {
  /** Every bad field, not only the first. */
  readonly validationErrors: readonly FieldError[];
  constructor(message: string, fields: WatchErrorFields & { validationErrors: readonly FieldError[] });
}

/** One bad field. */
export interface FieldError {
  /** Its name, such as `"interval"`. */
  field: string;
  /** What is wrong with which value, and what is allowed. */
  message: string;
}

/**
 * The steps of a boot that are known, as `boot_progress` names them, from the first to the last. A boot need not take all
 * of them, nor in this order.
 */
export const BOOT_STEPS: readonly string[];

/**
 * How far a boot is, from 0 (the first of {@link BOOT_STEPS}) to 1 (`"done"`); undefined for a step that is not known, and
 * where none is told. A bar shows the largest that a boot has come to, since a step may come late.
 */
export function bootProgress(state: { boot_progress?: string | null } | null | undefined): number | undefined;

/** Whether a state tells that the boot has failed (`boot_error`): a predicate for `failOn`. */
export function bootFailed(state: { boot_error?: string | null } | null | undefined): boolean;
