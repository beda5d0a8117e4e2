// What the pages of both frameworks share: probes, each a component that shows one view, and all that it has shown.

/** Every value that a probe has shown, by its name. */
export const shown = {};

/** A short form of a view, for comparing. */
export function brief({ phase, state, attempt, retryIn, error, isStale }) {
  const told = { phase, status: state?.status, attempt, retryIn, error: error?.name, isStale };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

/** Notes what a probe shows now, if it is something else. */
export function note(name, view) {
  shown[name] ??= [];
  const last = shown[name].at(-1);
  if (last && JSON.stringify(brief(last)) === JSON.stringify(brief(view))) return;
  shown[name].push(view);
}

/** What the page offers to tests. `render` shows these probes, and no others. */
export function makePage(render) {
  const probes = new Map();
  const show = () => render([...probes.values()]);
  return {
    shown,
    /** Mounts a probe, or gives it another request (or client, or key). */
    put(name, kind, client, request, key = name) {
      probes.set(name, { name, kind, client, request, key });
      show();
    },
    putAll(all) {
      for (const [name, kind, client, request] of all) probes.set(name, { name, kind, client, request, key: name });
      show();
    },
    remove(...names) {
      for (const name of names) probes.delete(name);
      show();
    },
    clear() {
      probes.clear();
      show();
    },
    last: (name) => shown[name]?.at(-1),
    /** All that a probe has shown, in short. */
    told: (name) => (shown[name] ?? []).map(brief),
  };
}
