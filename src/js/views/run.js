/** The runs that another view may join: by the client, the kind, and what they ask. */
const open = new WeakMap();

export const findRun = (client, key) => open.get(client)?.get(key);

/**
 * One pending request, and the views that show its progress.
 *
 * It begins, and ends, a microtask after its first view was added and its last one removed. So no request is made twice when a
 * view is removed and added again at once, as in React's StrictMode, or when another one replaces it.
 */
export class Run {
  views = new Set();
  #controller;

  /** @param key - under which other views find it; undefined for a run of one view alone */
  constructor(kind, client, key) {
    Object.assign(this, { kind, client, key });
    this.#renew();
  }

  join(view) {
    this.views.add(view);
    this.#settle();
  }

  leave(view) {
    this.views.delete(view);
    this.#settle();
  }

  restart() {
    this.#renew();
    this.#notify();
    this.#settle();
  }

  abort() {
    this.#controller?.abort();
  }

  #renew() {
    this.abort();
    this.#controller = new AbortController();
    this.snapshot = this.kind.begun;
    /** Whether a view that comes now may join. */
    this.isOpen = true;
    this.hasBegun = false;
    if (this.key === undefined || findRun(this.client, this.key)) return;
    if (!open.has(this.client)) open.set(this.client, new Map());
    open.get(this.client).set(this.key, this);
  }

  #close() {
    this.isOpen = false;
    const runs = open.get(this.client);
    if (runs?.get(this.key) === this) runs.delete(this.key);
  }

  async #settle() {
    await undefined;
    if (this.views.size === 0) {
      this.abort();
      this.#controller = undefined;
      this.#close();
    } else if (!this.hasBegun) {
      this.hasBegun = true;
      this.#begin(this.#controller);
    }
  }

  async #begin(controller) {
    const isCurrent = () => controller === this.#controller;
    const [view] = this.views;
    const end = await this.kind.run(this.client, latest(view), {
      signal: controller.signal,
      show: (news) => isCurrent() && this.#show(news),
      tell: (event) => isCurrent() && this.#tell(event),
    });
    if (!isCurrent()) return;
    // Before it is shown: a view that is added then needs a request of its own.
    this.#close();
    this.#show(end);
  }

  #show(news) {
    if (Object.keys(news).every((name) => Object.is(news[name], this.snapshot[name]))) return;
    this.snapshot = { ...this.snapshot, ...news };
    this.#notify();
  }

  #notify() {
    for (const view of [...this.views]) view.notify();
  }

  #tell(event) {
    for (const view of [...this.views]) callBack(view.request.onEvent, event);
  }
}

/** A view's request, with functions that call the newest ones. */
function latest(view) {
  const request = { ...view.request };
  for (const [name, value] of Object.entries(request)) {
    if (typeof value === "function") request[name] = (...args) => view.request[name](...args);
  }
  return request;
}

/** Async, so that what one callback throws is reported as uncaught, and does not stop the others. */
async function callBack(onEvent, event) {
  await onEvent?.(event);
}
