// What a page with a framework asks for, and what it shows of that, whichever the framework is.

import { WatchError } from "cvm-watch";

export const requests = {
  /** Reached. */
  app: { id: "my-app", target: "running" },
  /** Never reached: a component that is loaded lazily aborts it. */
  database: { id: "my-database", target: "stopped" },
  /** Refused. */
  bad: { id: "my-app", target: 5 },
  now: { id: "my-database" },
};

/** How far each request is; and when all are over, the outcome as JSON. */
export function tell({ app, database, bad, now }) {
  const progress = [app.phase, database.phase, bad.phase, now.state?.status].join(" ");
  if (progress !== "reached aborted failed running") return progress;
  const refused = `${bad.error.name}, ${bad.error instanceof WatchError ? "a WatchError" : "no WatchError of this entry"}`;
  return JSON.stringify({ reached: `${app.state.status}, heard ${app.event.type}`, refused, now: now.state.status });
}
