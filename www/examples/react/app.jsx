import { createClient } from "cvm-watch";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { useCvmState } from "./use-cvm-state.js";

const client = createClient({ baseURL: "/api/v1" });

function Cvm({ id, target }) {
  const { status, state, error } = useCvmState(client, { id, target, retryDelay: 1000 });
  return (
    <div className="cvm" data-status={status}>
      <p className="watch">{status}</p>
      <p>
        <strong>{error ? error.name : state?.status}</strong> {error ? error.message : state?.boot_progress}
      </p>
    </div>
  );
}

function App() {
  const [watched, setWatched] = useState();
  const submit = (event) => {
    event.preventDefault();
    setWatched(Object.fromEntries(new FormData(event.target)));
  };
  return (
    <>
      <form className="panel" onSubmit={submit}>
        <div className="field">
          <label htmlFor="id">id</label>
          <input id="id" name="id" defaultValue="my-app" />
        </div>
        <div className="field">
          <label htmlFor="target">target</label>
          <input id="target" name="target" defaultValue="running" />
        </div>
        <div className="buttons">
          <button id="mount" type="submit" className="primary">
            Watch
          </button>
          <button id="unmount" type="button" onClick={() => setWatched(undefined)}>
            Unmount
          </button>
        </div>
      </form>
      <section className="panel" aria-live="polite">
        {watched ? <Cvm {...watched} /> : <p className="hint">Nothing is mounted, so nothing is watched.</p>}
      </section>
    </>
  );
}

createRoot(document.getElementById("app")).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
