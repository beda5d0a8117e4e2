import { useCvmState, useWatchCvmState } from "cvm-watch/vue";
import * as vue from "vue";
import { makePage, note } from "./probes.js";

const { createApp, h, shallowRef, watch } = vue;
const composables = { watch: useWatchCvmState, states: useCvmState };

const Probe = {
  props: ["name", "kind", "client", "request"],
  setup(props) {
    const refs = composables[props.kind](
      () => props.client,
      () => props.request,
    );
    const values = () => Object.fromEntries(Object.entries(refs).map(([name, ref]) => [name, ref.value ?? ref]));
    // What is undefined would be the ref itself.
    const view = () => Object.fromEntries(Object.entries(values()).filter(([, value]) => !vue.isRef(value)));
    watch(view, (view) => note(props.name, view), { immediate: true, flush: "post" });
    return () => h("p", refs.phase?.value ?? refs.state.value?.status);
  },
};

const probes = shallowRef([]);
let app;
function render(next) {
  probes.value = next;
  if (app) return;
  app = createApp(() => probes.value.map((probe) => h(Probe, probe)));
  app.mount(document.body.appendChild(document.createElement("main")));
}

globalThis.page = makePage(render);
globalThis.vue = { ...vue, useCvmState, useWatchCvmState };
