/** @jsxImportSource vue */
import { bootFailed, bootProgress, createClient } from "cvm-watch";
import { useCvmState, useWatchCvmState } from "cvm-watch/vue";
import { computed, createApp, defineComponent, shallowRef } from "vue";
import { onChoose } from "../choose.js";

const client = createClient({ baseURL: "/api/v1" });
const props = { id: { type: String, required: true } } as const;

/** Waits until the CVM runs. */
const Boot = defineComponent({
  props,
  setup(props) {
    const watch = () => ({ id: props.id, target: "running", failOn: bootFailed });
    const { phase, state, error, restart, abort } = useWatchCvmState(client, watch);
    // Steps may come in another order than usual, and the bar never goes back.
    const progress = computed<number>((last = 0) => (state.value ? Math.max(last, bootProgress(state.value) ?? 0) : 0));
    return () => (
      <article class="cvm" data-phase={phase.value}>
        <h2>Boot: {phase.value}</h2>
        <p>{error.value?.message ?? state.value?.boot_progress ?? state.value?.status}</p>
        <progress aria-label="Boot" value={phase.value === "reached" ? 1 : progress.value} />
        <div class="buttons">
          <button type="button" onClick={restart}>
            Watch again
          </button>
          <button type="button" onClick={abort}>
            Abort
          </button>
        </div>
      </article>
    );
  },
});

/** Shows the CVM as it is, for as long as it is mounted. */
const Status = defineComponent({
  props,
  setup(props) {
    const { state, error, isStale } = useCvmState(client, () => ({ id: props.id }));
    return () => (
      <article class="cvm" data-stale={isStale.value}>
        <h2>Now: {error.value ? error.value.name : (state.value?.status ?? "…")}</h2>
        <p>{error.value ? error.value.message : state.value?.uptime && `up ${state.value.uptime}`}</p>
      </article>
    );
  },
});

const chosen = shallowRef<string>();
const App = () =>
  chosen.value !== undefined && (
    <>
      <Boot id={chosen.value} />
      <Status id={chosen.value} />
    </>
  );
createApp(App).mount("#cvm");
onChoose((id) => {
  chosen.value = id;
});
