/**
 * Composables for Vue 3.4 and newer, for the clients of `cvm-watch` and `cvm-watch/url`.
 *
 * @packageDocumentation
 */

import type { MaybeRefOrGetter, Ref } from "vue";
import type {
  CvmStateView,
  StatesClient,
  StatesViewRequest,
  WatchActions,
  WatchClient,
  WatchValues,
  WatchViewRequest,
} from "../views/index.js";

export type {
  StatesClient,
  StatesViewRequest,
  WatchActions,
  WatchClient,
  WatchPhase,
  WatchViewRequest,
} from "../views/index.js";

type Refs<Values> = { readonly [Name in keyof Values]: Readonly<Ref<Values[Name]>> };

/** A watch as refs, which cannot be written. */
export interface WatchRefs extends Refs<WatchValues>, WatchActions {}

/** A CVM as refs, which cannot be written. */
export interface CvmStateRefs extends Refs<CvmStateView> {}

/**
 * Watches a CVM until it has reached a state, for as long as the component is mounted or the scope is active.
 *
 * Components whose requests are equal share one watch, with `restart` and `abort`; a request with functions other than
 * `onEvent` has a watch of its own. On a server nothing is asked: the phase is `watching`.
 *
 * @param client - May be a ref or a getter.
 * @param request - What to wait for; null or undefined: nothing yet. May be a ref, a getter, or reactive.
 *
 * @example
 * ```js
 * const { phase, state, error } = useWatchCvmState(client, () => ({ id: props.id, target: "running" }));
 * ```
 */
export function useWatchCvmState(
  client: MaybeRefOrGetter<WatchClient>,
  request: MaybeRefOrGetter<WatchViewRequest | null | undefined>,
): WatchRefs;

/**
 * Shows a CVM as it is, for as long as the component is mounted or the scope is active.
 *
 * Components whose requests are equal share what is read; a request with functions other than `onEvent` is read for itself.
 * Nothing is read on a server, nor while the page is hidden.
 *
 * @param client - May be a ref or a getter.
 * @param request - Which CVM; null or undefined: none yet. May be a ref, a getter, or reactive.
 *
 * @example
 * ```js
 * const { state, isStale } = useCvmState(client, () => ({ id: props.id }));
 * ```
 */
export function useCvmState(
  client: MaybeRefOrGetter<StatesClient>,
  request: MaybeRefOrGetter<StatesViewRequest | null | undefined>,
): CvmStateRefs;
