import { useEffect, useState, useSyncExternalStore } from "react";
import { states } from "../views/states.js";
import { View } from "../views/view.js";
import { watch } from "../views/watch.js";

export function useWatchCvmState(client, request) {
  const [snapshot, { restart, abort }] = useView(watch, client, request);
  return { ...snapshot, restart, abort };
}

export const useCvmState = (client, request) => useView(states, client, request)[0];

function useView(kind, client, request) {
  const [last, setView] = useState(() => new View(kind, client, request));
  const view = last.serves(client, request) ? last : new View(kind, client, request);
  if (view !== last) setView(view);
  // After the rendering is committed, and before the request can begin.
  useEffect(() => view.update(request));
  return [useSyncExternalStore(view.subscribe, view.getSnapshot, view.getServerSnapshot), view];
}
