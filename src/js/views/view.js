import { decides, keyOf } from "./request.js";
import { findRun, Run } from "./run.js";

/**
 * The values of one request that one component shows. The request is made at the first subscription: a rendering that is
 * discarded, or one on a server, only creates and reads a view, and that has no effect.
 */
export class View {
  #client;
  #key;
  #run;

  /** @param request - null or undefined: nothing is asked */
  constructor(kind, client, request) {
    this.kind = kind;
    this.#client = client;
    this.#key = this.#keyOf(request);
    this.update(request);
  }

  /** Whether it shows what this request asks of this client. */
  serves(client, request) {
    return client === this.#client && this.#keyOf(request) === this.#key;
  }

  /** Takes the newest functions. */
  update(request) {
    this.request = request;
  }

  subscribe = (notify) => {
    if (this.#key === undefined) return () => {};
    this.notify = notify;
    if (!this.#run?.isOpen) this.#run = this.#open();
    const run = this.#run;
    run.join(this);
    return () => run.leave(this);
  };

  /** The same object until something changes. */
  getSnapshot = () => {
    const run = this.#run ?? (this.#isShared && findRun(this.#client, this.#key));
    return run ? run.snapshot : this.getServerSnapshot();
  };

  getServerSnapshot = () => (this.#key === undefined ? this.kind.idle : this.kind.begun);

  restart = () => {
    if (this.#isShown) this.#run.restart();
  };

  abort = () => {
    if (this.#isShown) this.#run.abort();
  };

  get #isShown() {
    return this.#run?.views.has(this);
  }

  get #isShared() {
    return this.#key !== undefined && !decides(this.request, this.kind.fields);
  }

  #open() {
    if (!this.#isShared) return new Run(this.kind, this.#client);
    return findRun(this.#client, this.#key) ?? new Run(this.kind, this.#client, this.#key);
  }

  #keyOf(request) {
    return request == null ? undefined : this.kind.name + keyOf(request, this.kind.fields);
  }
}
