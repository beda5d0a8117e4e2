/** @jsxImportSource vue */
import { createClient } from "cvm-watch";
import { createApp, reactive, shallowRef } from "vue";
import { useCvmState } from "./use-cvm-state.js";

const client = createClient({ baseURL: "/api/v1" });

const Cvm = {
  props: ["id", "target"],
  setup(props) {
    const { status, state, error } = useCvmState(client, {
      id: () => props.id,
      target: () => props.target,
      retryDelay: 1000,
    });
    return () => (
      <div class="cvm" data-status={status.value}>
        <p class="watch">{status.value}</p>
        <p>
          <strong>{error.value ? error.value.name : state.value?.status}</strong>{" "}
          {error.value ? error.value.message : state.value?.boot_progress}
        </p>
      </div>
    );
  },
};

const App = {
  setup() {
    const draft = reactive({ id: "my-app", target: "running" });
    const edit = ({ target }) => {
      draft[target.id] = target.value;
    };
    const watched = shallowRef();
    const submit = (event) => {
      event.preventDefault();
      watched.value = { ...draft };
    };
    const unmount = () => {
      watched.value = undefined;
    };
    return () => [
      <form class="panel" onSubmit={submit}>
        <div class="field">
          <label for="id">id</label>
          <input id="id" value={draft.id} onInput={edit} />
        </div>
        <div class="field">
          <label for="target">target</label>
          <input id="target" value={draft.target} onInput={edit} />
        </div>
        <div class="buttons">
          <button id="mount" type="submit" class="primary">
            Watch
          </button>
          <button id="unmount" type="button" onClick={unmount}>
            Unmount
          </button>
        </div>
      </form>,
      <section class="panel" aria-live="polite">
        {watched.value ? <Cvm {...watched.value} /> : <p class="hint">Nothing is mounted, so nothing is watched.</p>}
      </section>,
    ];
  },
};

createApp(App).mount("#app");
