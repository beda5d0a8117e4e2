/**
 * Wait in a web page for a confidential VM (CVM) on Phala Cloud to reach a state.
 *
 * @packageDocumentation
 */

/** How to reach the Phala Cloud API. */
export interface ClientConfig {
  /**
   * Where the API is: an absolute `http(s)` URL, or a path relative to the page such as `"/api/v1"`.
   * It takes no query, no fragment and no user name. A slash at its end makes no difference.
   *
   * @defaultValue `"https://cloud-api.phala.com/api/v1"`
   */
  baseURL?: string | undefined;
  /**
   * Sent as `X-API-Key`: a string, or a function that is asked for one before each request. One that throws or rejects
   * fails that attempt. Never part of a message, an event or a URL, and never sent on to where a redirect points.
   */
  apiKey?: string | (() => string | PromiseLike<string>) | undefined;
  /** Headers to send besides, or a function that is asked for them before each request; as secret as a key. */
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
   * What to send requests with, in place of the global `fetch`: one with a proxy or an agent, or a test's mock.
   * `transport: "auto"` is `"fetch"` then; with `"eventsource"` only the reads use it.
   *
   * @defaultValue the global `fetch`, looked up at each request
   *
   * @example
   * ```js
   * import { fetch, ProxyAgent } from "undici";
   *
   * const dispatcher = new ProxyAgent("http://proxy.example:3128");
   * const client = createClient({ fetch: (url, init) => fetch(url, { ...init, dispatcher }) });
   * ```
   */
  fetch?: FetchLike | undefined;
  /**
   * What carries the event stream: `"eventsource"`, the browser's own, which can send no header; `"fetch"`; or
   * `"auto"`: EventSource, unless headers are needed, `fetch` is given, there is no EventSource, or it is workerd's.
   *
   * @defaultValue `"auto"`
   */
  transport?: "auto" | "eventsource" | "fetch" | undefined;
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

/** What a watch may be given besides the request. These win over the fields of the request. */
export interface WatchOptions {
  /** Cancels the watch: the promise rejects with {@link WatchAbortedError} and the connection is closed. */
  signal?: AbortSignalLike | null | undefined;
  /**
   * Called with every event, in order, and never after the promise has settled. What it throws, or rejects with if it is
   * async, is reported as an uncaught error (`reportError`, where there is one) and changes nothing else.
   */
  onEvent?: ((event: WatchEvent) => unknown) | undefined;
}

/** What to wait for, and how patiently. */
export type WatchRequest = OneIdentifier &
  WatchOptions & {
    /** The status to wait for, such as `"running"`. Compared exactly. */
    target: CvmStatus;
    /**
     * How often the server looks at the CVM, in seconds from 5 to 30.
     *
     * @defaultValue `5`
     */
    interval?: number | undefined;
    /**
     * How long one attempt may last, connecting included, in seconds from 10 to 600.
     *
     * @defaultValue `300`
     */
    timeout?: number | undefined;
    /**
     * How many attempts may follow the first one: an integer from 0, or `Infinity`.
     *
     * @defaultValue `Infinity`
     */
    maxRetries?: number | undefined;
    /**
     * The pause before each retry, in milliseconds from 0 to 2147483647; or a function that gives it, from the number
     * of the attempt that has failed (from 1) and its error, such as {@link exponentialBackoff} makes.
     * A longer `Retry-After` from the server wins. A function that throws or gives no such number ends the watch with
     * a {@link ValidationError}.
     *
     * @defaultValue `5000`
     */
    retryDelay?: number | ((attempt: number, error: Error) => number) | undefined;
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
  boot_error?: string | null;
  shutdown_progress?: string | null;
};

/** A CVM as the server describes it. Fields that are not documented are kept as they came. */
export interface CvmState extends CvmStateFields {
  [field: string]: unknown;
}

/** The server's word that the target is reached. */
export interface CompletePayload {
  status?: CvmStatus;
  /** Seconds since the attempt began. */
  elapsed?: number;
  target?: CvmStatus;
}

/** An attempt ran out of time: the server's word, or made here when the server stays silent. */
export interface TimeoutPayload {
  error?: string;
  /** Seconds since the attempt began. */
  elapsed?: number;
  target?: CvmStatus;
}

/** Something went wrong: the server's word, or made here for a connection or an event that failed. */
export interface ErrorPayload {
  error?: string;
  /** Seconds since the attempt began. */
  elapsed?: number;
  message?: string;
}

/** What every event carries, besides the fields of its payload. */
type EventBase<Type extends string, Payload> = {
  type: Type;
  /**
   * The payload as it came. A state is the very object that the promise may resolve with: look, but do not change it.
   */
  data: Payload;
  /** The attempt that this belongs to, from 1. */
  attempt: number;
  /** Milliseconds until the next attempt; only on an event that ends an attempt when another one follows. */
  retryIn?: number;
  /** The CVM's status, where the event tells one. */
  status?: CvmStatus;
  /** The step of the boot, where the event tells one. */
  boot_progress?: string | null;
};

/** The CVM's state, now and then. It can stand wherever a {@link CvmState} is wanted. */
export type StateEvent = EventBase<"state", CvmState> & CvmStateFields;
/** The server says that the target is reached. */
export interface CompleteEvent extends EventBase<"complete", CompletePayload>, CompletePayload {}
/** An attempt ran out of time. */
export interface TimeoutEvent extends EventBase<"timeout", TimeoutPayload>, TimeoutPayload {}
/** Something went wrong. */
export interface ErrorEvent extends EventBase<"error", ErrorPayload>, ErrorPayload {}

/** What `onEvent` is called with: `type` tells which of the four it is. */
export type WatchEvent = StateEvent | CompleteEvent | TimeoutEvent | ErrorEvent;

/** A client of the API. */
export interface Client {
  /**
   * Waits until the CVM has the status `target`, through timeouts and broken connections.
   *
   * Never throws: everything that can go wrong rejects the promise. By the time it settles,
   * the connection is closed and nothing of the watch is left behind.
   *
   * @param request - What to wait for, and how patiently. Its own fields count, not inherited ones.
   * @param options - `signal` and `onEvent`; they win over those of the request.
   * @returns The state whose `status` is the target.
   * @throws {@link ValidationError} when the configuration or the request has bad fields: all are listed, and no
   * request is made.
   * @throws {@link WatchAbortedError} when the signal aborts.
   * @throws {@link RequestError} when the server refuses for good: 204, or any 4xx but 408, 425 and 429.
   * @throws {@link MaxRetriesExceededError} when `maxRetries` retries have failed too.
   * @throws {@link WatchError} itself, when the WebAssembly module could not be loaded, or has crashed, which would be a
   * bug; the next call loads it anew.
   *
   * @example
   * ```js
   * const state = await client.watchCvmState({ id: "my-app", target: "running" });
   * ```
   */
  watchCvmState(request: WatchRequest, options?: WatchOptions): Promise<CvmState>;

  /**
   * Reads the CVM's present state, once, without retries.
   *
   * @param request - Which CVM.
   * @param options - `signal`; it wins over that of the request.
   * @throws {@link ValidationError} when the configuration or the request has bad fields.
   * @throws {@link WatchAbortedError} when the signal aborts.
   * @throws {@link RequestError} when the server answers with a status that is no success.
   * @throws {@link WatchError} when there is no answer in time, or none that is a state; `cause` tells more.
   */
  getCvmState(request: ReadRequest, options?: { signal?: AbortSignalLike | null | undefined }): Promise<CvmState>;
}

/**
 * Makes a client. It never throws and makes no request: bad fields reject the first watch.
 *
 * @param config - How to reach the API; everything has a default.
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

/**
 * Makes a function for `retryDelay`: delays that grow from attempt to attempt, and differ from page to page, so that
 * many pages do not come back to a restarted server in the same instant.
 *
 * After attempt number `n` the delay is `min(max, base × factor^(n - 1))`, less a random share of it up to `jitter`.
 *
 * @throws {@link ValidationError} at once, when an option is out of range.
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
   * The share of each delay that is left to chance, from 0 (none) to 1 (all of it).
   *
   * @defaultValue `0.5`
   */
  jitter?: number | undefined;
}): (attempt: number) => number;

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
 * Why a watch ended without its target; base of the four classes below. Itself: the WebAssembly module could not be loaded
 * or has crashed, a global that is needed is missing, or a read had no answer.
 */
export class WatchError extends Error {
  /** Attempts made; 0 when the watch ended before the first, and when the WebAssembly module has crashed. */
  readonly attempts: number;
  /** The last state that the server told, if it told any. */
  readonly lastState?: CvmState;
  readonly cause?: unknown;
  /** The package makes them by itself. Tests may make their own. */
  constructor(message?: string, fields?: WatchErrorFields);
}

/** The signal aborted. `cause` is the signal's reason itself. */
export class WatchAbortedError extends WatchError {
  readonly cause: unknown;
}

/** The retries are used up. `cause` is the failure of the last attempt. */
export class MaxRetriesExceededError extends WatchError {
  readonly cause: Error;
  constructor(message: string, fields: WatchErrorFields & { cause: Error });
}

/**
 * The server refused: for a watch 204, any 4xx but 408, 425 and 429, or a redirect of a request with a key or extra
 * headers; for a read any status that is no success. Also the `cause` of a {@link MaxRetriesExceededError} whose last
 * attempt was answered with a passing status, such as 503.
 */
export class RequestError extends WatchError {
  /** The HTTP status; 0 for a redirect that the browser does not show. */
  readonly status: number;
  /** The field `detail` of the JSON body, if there is one: often a string, or a list of what was invalid. */
  readonly detail?: unknown;
  constructor(message: string, fields: WatchErrorFields & { status: number; detail?: unknown });
}

/** Bad arguments: no request was made. Or `retryDelay` was a function, and gave no delay: `cause` is what it threw. */
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
