import { shallowRef, toValue, watchPostEffect } from "vue";

/**
 * Watches a CVM until the component, or the scope, is gone.
 *
 * `client`, `id` and `target` may be refs or getters: when one changes, the old watch is aborted and a new one begins.
 * The other fields of the request are passed on as they are. Nothing is watched while the id is null or undefined.
 *
 * @returns refs. `status`: "idle", "watching", "reached" or "failed"; `state`: the CVM's last one; `event`: the last one;
 *   `error`: why the watch has failed
 */
export function useCvmState(client, { id, target, ...patience }) {
  const status = shallowRef("idle");
  const state = shallowRef();
  const event = shallowRef();
  const error = shallowRef();

  // After the first render, so not on a server.
  watchPostEffect((onCleanup) => {
    const request = { ...patience, id: toValue(id), target: toValue(target) };
    state.value = event.value = error.value = undefined;
    status.value = request.id == null ? "idle" : "watching";
    if (request.id == null) return;

    const controller = new AbortController();
    const { signal } = controller;
    onCleanup(() => controller.abort());
    const onEvent = (latest) => {
      event.value = latest;
      if (latest.type === "state") state.value = latest.data;
    };
    // An aborted watch still rejects, when the scope is gone or this is about another CVM.
    toValue(client)
      .watchCvmState(request, { signal, onEvent })
      .then(
        (reached) => {
          if (signal.aborted) return;
          state.value = reached;
          status.value = "reached";
        },
        (reason) => {
          if (signal.aborted) return;
          error.value = reason;
          status.value = "failed";
        },
      );
  });

  return { status, state, event, error };
}
