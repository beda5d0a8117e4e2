// The types that the framework entries share.

import type { CvmState, ReadRequest, WatchEvent, WatchRequest } from "../index.js";

/** What is needed of a client: `createClient` of `cvm-watch` or `cvm-watch/url` makes one. */
export interface WatchClient {
  watchCvmState(
    request: WatchRequest,
    options: { signal: AbortSignal; onEvent: (event: WatchEvent) => void },
  ): Promise<CvmState>;
}

/** What is needed of a client: `createClient` of `cvm-watch` or `cvm-watch/url` makes one. */
export interface StatesClient {
  cvmStates(request: never): AsyncIterable<CvmState>;
}

/**
 * What to wait for. Another client, or a field with other data, is another watch. Functions may be written inline: a new one
 * takes the old one's place.
 */
export type WatchViewRequest = WatchRequest & {
  /** Not taken: a watch ends with its component, and by `abort`. */
  signal?: undefined;
};

/** Which CVM to show. Another client, or a field with other data, begins anew. Functions may be written inline. */
export type StatesViewRequest = ReadRequest & {
  /**
   * How often to read, in seconds from 5 to 30.
   *
   * @defaultValue `5`
   */
  interval?: number | undefined;
  /** The pause after a read that has failed, in milliseconds; or a function that gives it. */
  retryDelay?: number | ((failures: number, error: Error) => number) | undefined;
  /** Asked for a refusal that would end the reading: whether to go on. */
  shouldRetry?: ((error: Error & { status: number }) => boolean) | undefined;
  /** Called with what happens. */
  onEvent?: ((event: WatchEvent) => unknown) | undefined;
  /** Not taken: a read without an answer has failed after ten seconds. */
  timeout?: undefined;
  /** Not taken: reading ends with its component. */
  signal?: undefined;
};

/**
 * How a watch goes.
 *
 * - `idle`: the request is null or undefined
 * - `watching`: an attempt is under way
 * - `retrying`: the last attempt has failed, and nothing has come of the next one yet
 * - `reached`, `failed`, `aborted`: it is over
 */
export type WatchPhase = "idle" | "watching" | "retrying" | "reached" | "failed" | "aborted";

/** What a view of a watch tells. */
export interface WatchValues {
  phase: WatchPhase;
  /** The CVM's last state. */
  state: CvmState | undefined;
  /** The last event. */
  event: WatchEvent | undefined;
  /** The attempt that this is about, from 1; 0 when it is idle. */
  attempt: number;
  /** When `retrying`: the pause before the next attempt, in milliseconds from the last event on. */
  retryIn: number | undefined;
  /** When `failed`: why. */
  error: Error | undefined;
}

/** What a view of a watch can do. Both functions stay the same while the request does. */
export interface WatchActions {
  /** Begins the watch anew, over or not. */
  restart(): void;
  /** Ends the watch: it is `aborted`. */
  abort(): void;
}

type Is<Phase extends WatchPhase, More> = Omit<WatchValues, "phase" | keyof More> & { phase: Phase } & More;

/** A watch as a component sees it; `phase` tells which fields there are. */
export type WatchView = WatchActions &
  (
    | Is<"idle", { state: undefined; event: undefined; attempt: 0; retryIn: undefined; error: undefined }>
    | Is<"watching", { retryIn: undefined; error: undefined }>
    | Is<"retrying", { event: WatchEvent; retryIn: number; error: undefined }>
    | Is<"reached", { state: CvmState; retryIn: undefined; error: undefined }>
    | Is<"failed", { retryIn: undefined; error: Error }>
    | Is<"aborted", { retryIn: undefined; error: undefined }>
  );

/** A CVM as a component sees it. */
export interface CvmStateView {
  /** The CVM's last state; undefined until the first one has come. */
  state: CvmState | undefined;
  /** Why nothing more is read, if that is so. */
  error: Error | undefined;
  /** Whether the last read has failed, or there was no answer for three intervals. */
  isStale: boolean;
}
