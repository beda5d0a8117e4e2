import { createClient } from "cvm-watch";

const client = createClient({ baseURL: "/api/v1" });

/**
 * `<cvm-state cvm-id="my-app" target="running">` watches a CVM, and shows it, for as long as it is in the document.
 *
 * A new id or target is a new watch. Nothing is watched without an id. At every change there is an event `change`, with
 * `element.status`: "idle", "watching", "reached" or "failed"; `element.state`: the CVM's last one; `element.event`: the
 * last one; `element.error`: why the watch has failed.
 */
export class CvmStateElement extends HTMLElement {
  static observedAttributes = ["cvm-id", "target"];

  status = "idle";
  state;
  event;
  error;
  #controller;

  connectedCallback() {
    this.#watch();
  }

  attributeChangedCallback() {
    if (this.#controller) this.#watch();
  }

  disconnectedCallback() {
    this.#controller.abort();
    this.#controller = undefined;
  }

  #watch() {
    this.#controller?.abort();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    const [id, target] = [this.getAttribute("cvm-id"), this.getAttribute("target")];
    const show = (news) => {
      // An aborted watch still rejects, when this is out of the document or about another CVM.
      if (!signal.aborted) this.#show(news);
    };
    show({ status: id === null ? "idle" : "watching", state: undefined, event: undefined, error: undefined });
    if (id === null) return;
    const onEvent = (event) => show(event.type === "state" ? { event, state: event.data } : { event });
    client.watchCvmState({ id, target }, { signal, onEvent }).then(
      (state) => show({ status: "reached", state }),
      (error) => show({ status: "failed", error }),
    );
  }

  #show(news) {
    Object.assign(this, news);
    const { status, state, error } = this;
    const [word, more] = error ? [error.name, error.message] : [state?.status, state?.boot_progress];
    this.dataset.status = status;
    const strong = element("strong", {}, word ?? "");
    this.replaceChildren(element("p", { className: "watch" }, status), element("p", {}, strong, ` ${more ?? ""}`));
    this.dispatchEvent(new Event("change"));
  }
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

customElements.define("cvm-state", CvmStateElement);
