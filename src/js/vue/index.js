import {
  computed,
  getCurrentInstance,
  onBeforeMount,
  shallowRef,
  toValue,
  watchPostEffect,
  watch as watchSource,
} from "vue";
import { states } from "../views/states.js";
import { View } from "../views/view.js";
import { watch } from "../views/watch.js";

export function useWatchCvmState(client, request) {
  const { view, refs } = useView(watch, client, request);
  return { ...refs, restart: () => view.value.restart(), abort: () => view.value.abort() };
}

export const useCvmState = (client, request) => useView(states, client, request).refs;

function useView(kind, client, request) {
  let last;
  const view = computed(() => {
    const given = [toValue(client), toValue(request)];
    if (!last?.serves(...given)) last = new View(kind, ...given);
    return last;
  });
  const news = shallowRef({});
  const snapshot = computed(() => news.value && view.value.getSnapshot());
  const tell = () => {
    news.value = {};
  };

  // After the first rendering, so not on a server; but before `mounted` is called, where a component may abort.
  const isLive = shallowRef(false);
  const begin = () => {
    isLive.value = true;
  };
  if (getCurrentInstance()) onBeforeMount(begin);
  watchPostEffect(() => {
    begin();
    view.value.update(toValue(request));
  });
  // Not an effect: Vue 3.4 runs some needlessly, and a view that is added again makes a new request if its watch is over.
  const live = () => isLive.value && view.value;
  const show = (view, _, onCleanup) => {
    if (!view) return;
    onCleanup(view.subscribe(tell));
    // Events since it was rendered, if another component shows the same request.
    tell();
  };
  watchSource(live, show, { flush: "post" });

  const names = Object.keys(kind.idle);
  const refs = Object.fromEntries(names.map((name) => [name, computed(() => snapshot.value[name])]));
  return { view, refs };
}
