// The composables of `cvm-watch/vue`: what must compile, and (under @ts-expect-error) what must not.

import { createClient } from "cvm-watch";
import { useCvmState, useWatchCvmState, type WatchPhase } from "cvm-watch/vue";
import { computed, reactive, ref, shallowRef } from "vue";

const client = createClient();
const id = ref("my-app");

const { phase, state, error, retryIn, restart } = useWatchCvmState(client, () => ({
  id: id.value,
  target: "running",
  onEvent: (event) => event.type.length,
}));
phase.value satisfies WatchPhase;
state.value?.boot_progress satisfies string | null | undefined;
error.value?.message satisfies string | undefined;
retryIn.value satisfies number | undefined;
restart();
// @ts-expect-error: it cannot be written
phase.value = "idle";

useWatchCvmState(
  shallowRef(client),
  computed(() => (id.value ? { id: id.value, target: "running" } : undefined)),
);
useWatchCvmState(client, reactive({ id: "my-app", target: "running" }));
useWatchCvmState(() => client, null);

const states = { cvmStates: async function* () {} };
useCvmState(states, () => ({ id: id.value, interval: 10 })).isStale.value satisfies boolean;

// @ts-expect-error: no target
useWatchCvmState(client, () => ({ id: id.value }));
// @ts-expect-error: a request may be a ref, its fields may not
useWatchCvmState(client, { id, target: "running" });
