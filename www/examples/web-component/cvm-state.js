import { bootFailed, createClient } from "cvm-watch";

const client = createClient({ baseURL: "/api/v1" });

/**
 * `<cvm-state cvm-id="my-app" target="running">` watches a CVM, and shows it, for as long as it is in the document.
 *
 * A new id or target is a new watch. Nothing is watched without both. At every change there is an event `change`, with
 * `element.phase`: "idle", "watching", "reached" or "failed"; `element.state`: the CVM's last one; `element.error`: why the
 * watch has failed.
 */
export class CvmStateElement extends HTMLElement {
  static observedAttributes = ["cvm-id", "target"];

  phase = "idle";
  /** @type {import("cvm-watch").CvmState | undefined} */
  state;
  /** @type {Error | undefined} */
  error;
  /** @type {AbortController | undefined} */
  #controller;

  connectedCallback() {
    this.#watch();
  }

  attributeChangedCallback() {
    if (this.#controller) this.#watch();
  }

  disconnectedCallback() {
    this.#controller?.abort();
    this.#controller = undefined;
  }

  async #watch() {
    this.#controller?.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const [id, target] = [this.getAttribute("cvm-id"), this.getAttribute("target")];
    this.#show({ phase: id && target ? "watching" : "idle", state: undefined, error: undefined });
    if (!id || !target) return;
    try {
      const state = await client.watchCvmState(
        { id, target, failOn: bootFailed },
        {
          signal,
          onEvent: (event) => event.type === "state" && this.#show({ state: event.data }),
        },
      );
      this.#show({ phase: "reached", state });
    } catch (error) {
      // When it is aborted, this is out of the document, or about another CVM.
      if (!signal.aborted) this.#show({ phase: "failed", error });
    }
  }

  /** @param {object} news */
  #show(news) {
    Object.assign(this, news);
    const { phase, state, error } = this;
    const [heading, text] = [document.createElement("h2"), document.createElement("p")];
    heading.textContent = `Boot: ${phase}`;
    text.textContent = error?.message ?? state?.boot_progress ?? state?.status ?? "";
    this.dataset.phase = phase;
    this.className = "cvm";
    this.replaceChildren(heading, text);
    this.dispatchEvent(new Event("change"));
  }
}

customElements.define("cvm-state", CvmStateElement);
