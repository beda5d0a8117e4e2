import { computed, shallowRef, toValue, triggerRef, watchPostEffect } from "vue";
import { states } from "../views/states.js";
import { View } from "../views/view.js";
import { watch } from "../views/watch.js";

export const useWatchCvmState = (client, request) => {
  const { view, refs } = useView(watch, client, request);
  return { ...refs, restart: () => view.value.restart(), abort: () => view.value.abort() };
};

export const useCvmState = (client, request) => useView(states, client, request).refs;

function useView(kind, client, request) {
  const view = computed((last) => {
    const given = [toValue(client), toValue(request)];
    return last?.serves(...given) ? last : new View(kind, ...given);
  });
  const news = shallowRef();
  // After the first rendering, so not on a server.
  watchPostEffect(() => view.value.update(toValue(request)));
  watchPostEffect((onCleanup) => {
    onCleanup(view.value.subscribe(() => triggerRef(news)));
    triggerRef(news);
  });
  const snapshot = computed(() => {
    news.value;
    return view.value.getSnapshot();
  });
  const names = Object.keys(kind.idle);
  const refs = Object.fromEntries(names.map((name) => [name, computed(() => snapshot.value[name])]));
  return { view, refs };
}
