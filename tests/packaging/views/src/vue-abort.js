import { useWatchCvmState } from "cvm-watch/vue";
import { nextTick, onMounted } from "vue";
import { requests } from "./requests.js";

/** Aborts a watch that the page has too. The page sees it only if both have the same instance of the entry. */
export default {
  props: ["client"],
  setup({ client }) {
    const { abort } = useWatchCvmState(client, requests.database);
    // It takes part in the watch a little later than `mounted` is called.
    onMounted(() => nextTick(abort));
    return () => null;
  },
};
