import { useWatchCvmState } from "cvm-watch/vue";
import { onMounted } from "vue";
import { requests } from "./requests.js";

/** Aborts a watch that the page has too. The page sees it only if both have the same instance of the entry. */
export default {
  props: ["client"],
  setup({ client }) {
    const { abort } = useWatchCvmState(client, requests.database);
    onMounted(abort);
    return () => null;
  },
};
