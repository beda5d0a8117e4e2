import { useEffect, useRef, useState } from "react";

const IDLE = { status: "idle", state: undefined, event: undefined, error: undefined };

/**
 * Watches a CVM for as long as the component is mounted.
 *
 * A new client, id or target is a new watch: make the client outside of components. The other fields of the request
 * count when a watch begins. Nothing is watched while the id is null or undefined.
 *
 * @param {import("cvm-watch").Client} client
 * @param {import("cvm-watch").WatchRequest} request
 * @returns `status`: "idle", "watching", "reached" or "failed"; `state`: the CVM's last one; `event`: the last one;
 *   `error`: why the watch has failed
 */
export function useCvmState(client, request) {
  const { id, target } = request;
  const [watch, setWatch] = useState({ of: [], told: IDLE });
  const latest = useRef(request);
  useEffect(() => {
    latest.current = request;
  });

  useEffect(() => {
    if (id == null) return;
    const controller = new AbortController();
    const { signal } = controller;
    const of = [client, id, target];
    let told = { ...IDLE, status: "watching" };
    const show = (news) => {
      // An aborted watch still rejects, when this is unmounted or about another CVM.
      if (signal.aborted) return;
      told = { ...told, ...news };
      setWatch({ of, told });
    };
    show();
    const onEvent = (event) => show(event.type === "state" ? { event, state: event.data } : { event });
    client.watchCvmState(latest.current, { signal, onEvent }).then(
      (state) => show({ status: "reached", state }),
      (error) => show({ status: "failed", error }),
    );
    return () => controller.abort();
  }, [client, id, target]);

  // Before the effect has run, what is there is about the CVM of the render before.
  const isCurrent = [client, id, target].every((value, i) => value === watch.of[i]);
  return isCurrent ? watch.told : { ...IDLE, status: id == null ? "idle" : "watching" };
}
