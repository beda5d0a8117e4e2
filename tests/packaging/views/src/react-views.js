import { useCvmState, useWatchCvmState } from "cvm-watch/react";
import { createElement, Fragment, lazy, Suspense } from "react";
import { requests, tell } from "./requests.js";

const Abort = lazy(() => import("./react-abort.js"));

export function Views({ client }) {
  const app = useWatchCvmState(client, requests.app);
  const database = useWatchCvmState(client, requests.database);
  const bad = useWatchCvmState(client, requests.bad);
  const now = useCvmState(client, requests.now);
  const outcome = createElement("pre", { id: "outcome" }, tell({ app, database, bad, now }));
  return createElement(Fragment, null, outcome, createElement(Suspense, null, createElement(Abort, { client })));
}
