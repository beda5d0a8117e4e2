// The hooks of `cvm-watch/react`: what must compile, and (under @ts-expect-error) what must not.

import { bootFailed, bootProgress, type Client, type CvmState, createClient, type WatchEvent } from "cvm-watch";
import {
  type CvmStateView,
  useCvmState,
  useWatchCvmState,
  type WatchPhase,
  type WatchView,
  type WatchViewRequest,
} from "cvm-watch/react";
import { createClient as createOther } from "cvm-watch/url";

const client: Client = createClient({ baseURL: "/api/v1" });

// Nothing has to be annotated.
export function Boot(id: string | undefined) {
  const view = useWatchCvmState(client, id === undefined ? undefined : { id, target: "running" });
  switch (view.phase) {
    case "idle":
      return view.attempt satisfies 0;
    case "watching":
      return bootProgress(view.state) satisfies number | undefined;
    case "retrying":
      return `${view.retryIn.toFixed()} ms after ${view.event.type}`;
    case "reached":
      return view.state.status;
    case "failed":
      return view.error.message;
    case "aborted": {
      // @ts-expect-error: an abort is no failure
      view.error.message;
      return view.phase satisfies WatchPhase;
    }
    default:
      return view satisfies never;
  }
}

// The functions of a request know what they get.
useWatchCvmState(createOther(), {
  name: "my-app",
  target: "running",
  retryDelay: (attempt, error) => attempt * error.message.length,
  onEvent: (event) => event.type satisfies WatchEvent["type"],
});
const { restart, abort, phase, error } = useWatchCvmState(client, null);
const handlers: { onClick(event: Event): void }[] = [{ onClick: restart }, { onClick: abort }];
export const shown: unknown[] = [handlers, phase satisfies WatchPhase, error satisfies Error | undefined];

const request: WatchViewRequest = { id: "my-app", target: "running" };
export const view: WatchView = useWatchCvmState(client, request);

// A test's own client will do.
useWatchCvmState({ watchCvmState: async () => ({ status: "running" }) }, request);
async function* states(): AsyncGenerator<CvmState> {
  yield { status: "running" };
}
const { state, isStale }: CvmStateView = useCvmState({ cvmStates: states }, { id: "my-app", interval: 10 });
export const told: [string | undefined, boolean] = [state?.status, isStale];
bootFailed(state) satisfies boolean;

// @ts-expect-error: no CVM
useWatchCvmState(client, { target: "running" });
// @ts-expect-error: no target
useWatchCvmState(client, { id: "my-app" });
// @ts-expect-error: a watch ends with its component
useWatchCvmState(client, { id: "my-app", target: "running", signal: new AbortController().signal });
// @ts-expect-error: no client
useWatchCvmState({}, request);
// @ts-expect-error: a view has no target
useCvmState({ cvmStates: states }, { id: "my-app", target: "running" });
// @ts-expect-error: no CVM
useCvmState({ cvmStates: states }, {});
