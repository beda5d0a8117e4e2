import { useCvmState, useWatchCvmState } from "cvm-watch/vue";
import { defineAsyncComponent, h, reactive } from "vue";
import { requests, tell } from "./requests.js";

const Abort = defineAsyncComponent(() => import("./vue-abort.js"));

export const Views = {
  props: ["client"],
  setup({ client }) {
    const app = reactive(useWatchCvmState(client, requests.app));
    const database = reactive(useWatchCvmState(client, requests.database));
    const bad = reactive(useWatchCvmState(client, requests.bad));
    const now = reactive(useCvmState(client, requests.now));
    return () => [h("pre", { id: "outcome" }, tell({ app, database, bad, now })), h(Abort, { client })];
  },
};
