/**
 * Hooks for React 18 and 19, for the clients of `cvm-watch` and `cvm-watch/url`. Make the client outside of components.
 *
 * @packageDocumentation
 */

import type {
  CvmStateView,
  StatesClient,
  StatesViewRequest,
  WatchClient,
  WatchView,
  WatchViewRequest,
} from "../views/index.js";

export type {
  CvmStateView,
  StatesClient,
  StatesViewRequest,
  WatchActions,
  WatchClient,
  WatchPhase,
  WatchView,
  WatchViewRequest,
} from "../views/index.js";

/**
 * Watches a CVM until it has reached a state, for as long as the component is mounted.
 *
 * Components whose requests are equal share one watch, with `restart` and `abort`; a request with functions other than
 * `onEvent` has a watch of its own. On a server nothing is asked: the phase is `watching`.
 *
 * @param request - What to wait for; null or undefined: nothing yet.
 *
 * @example
 * ```jsx
 * function Boot({ id }) {
 *   const { phase, state, error, restart } = useWatchCvmState(client, { id, target: "running", failOn: bootFailed });
 *   if (phase === "failed") return <p>{error.message} <button onClick={restart}>Again</button></p>;
 *   return <p>{phase}: {state?.boot_progress}</p>;
 * }
 * ```
 */
export function useWatchCvmState(client: WatchClient, request: WatchViewRequest | null | undefined): WatchView;

/**
 * Shows a CVM as it is, for as long as the component is mounted.
 *
 * Components whose requests are equal share what is read; a request with functions other than `onEvent` is read for itself.
 * Nothing is read on a server, nor while the page is hidden.
 *
 * @param request - Which CVM; null or undefined: none yet.
 *
 * @example
 * ```jsx
 * function Status({ id }) {
 *   const { state, error, isStale } = useCvmState(client, { id });
 *   if (error) return <p>{error.message}</p>;
 *   return <p className={isStale ? "stale" : ""}>{state?.status ?? "…"}</p>;
 * }
 * ```
 */
export function useCvmState(client: StatesClient, request: StatesViewRequest | null | undefined): CvmStateView;
