import { bootFailed, bootProgress, createClient } from "cvm-watch";
import { useCvmState, useWatchCvmState } from "cvm-watch/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { onChoose } from "../choose.js";

// Outside of components: another client would begin anew.
const client = createClient({ baseURL: "/api/v1" });

/** Waits until the CVM runs. */
function Boot({ id }: { id: string }) {
  const { phase, state, error, restart, abort } = useWatchCvmState(client, {
    id,
    target: "running",
    failOn: bootFailed,
  });
  const [last, setLast] = useState(0);
  // Steps may come in another order than usual, and the bar never goes back.
  const progress = state ? Math.max(last, bootProgress(state) ?? 0) : 0;
  if (progress !== last) setLast(progress);
  return (
    <article className="cvm" data-phase={phase}>
      <h2>Boot: {phase}</h2>
      <p>{error?.message ?? state?.boot_progress ?? state?.status}</p>
      <progress aria-label="Boot" value={phase === "reached" ? 1 : progress} />
      <div className="buttons">
        <button type="button" onClick={restart}>
          Watch again
        </button>
        <button type="button" onClick={abort}>
          Abort
        </button>
      </div>
    </article>
  );
}

/** Shows the CVM as it is, for as long as it is mounted. */
function Status({ id }: { id: string }) {
  const { state, error, isStale } = useCvmState(client, { id });
  return (
    <article className="cvm" data-stale={isStale}>
      <h2>Now: {error ? error.name : (state?.status ?? "…")}</h2>
      <p>{error ? error.message : state?.uptime && `up ${state.uptime}`}</p>
    </article>
  );
}

const root = createRoot(document.getElementById("cvm") as HTMLElement);
onChoose((id) => {
  const shown = id !== undefined && (
    <>
      <Boot id={id} />
      <Status id={id} />
    </>
  );
  root.render(<StrictMode>{shown}</StrictMode>);
});
