import { Credentials } from "./credentials.js";
import { hasEventSource, openEventSource } from "./event_source.js";
import { openStream, readJson } from "./fetch.js";
import { isObject, mustBe } from "./show.js";
import { resolveBase, showBase } from "./url.js";

const BASE_URL = "https://cloud-api.phala.com/api/v1";

/** How to reach the API: what `createClient` was given, checked. */
export class Client {
  /** Absolute, and without a slash at its end. */
  #base = BASE_URL;
  #credentials;
  #isEventSource;

  /** Bad fields are refused, and then it is of no use. `undefined` comes from a client of another make. */
  constructor(config, refuse) {
    if (config === undefined) refuse("client", "must be a client that createClient has made");
    else if (!isObject(config)) refuse("config", mustBe("an object", config));
    const given = isObject(config) ? config : {};
    if (given.baseURL !== undefined) this.#base = readBase(given.baseURL, refuse);
    this.#credentials = new Credentials(given, refuse);
    this.#isEventSource = readTransport(given.transport, this.#credentials.needHeaders, refuse);
  }

  /** Opens an event stream (a source). */
  open(path, tell) {
    const url = `${this.#base}/${path}`;
    const { withCookies } = this.#credentials;
    return this.#isEventSource ? openEventSource(url, withCookies, tell) : openStream(this, url, tell);
  }

  /** Reads once (a source). */
  read(path, tell) {
    return readJson(this, `${this.#base}/${path}`, tell);
  }

  /** What `fetch` is to be called with. */
  async init(accept, signal) {
    const headers = await this.#credentials.headers(accept, signal);
    // Not the redirect mode "error", which workerd does not take, and which looks like a server that cannot be reached.
    const redirect = this.isSecret ? "manual" : "follow";
    const init = { headers, redirect, cache: "no-store", signal };
    return this.#credentials.withCookies ? { ...init, credentials: "include" } : init;
  }

  /** Whether a redirect must not see what is sent along. */
  get isSecret() {
    return this.#credentials.areSecret;
  }
}

function readBase(value, refuse) {
  const base = resolveBase(value);
  const rule = "an http(s) URL, or a path relative to the page, without user name, query and fragment";
  if (base === undefined) refuse("baseURL", `must be ${rule}, but is ${showBase(value)}`);
  return base;
}

/**
 * Whether it is the browser's own EventSource that the configuration names, or else the best there is: unless headers are
 * needed or there is none that is sound.
 */
function readTransport(value = "auto", needHeaders, refuse) {
  const field = "transport";
  if (value === "fetch") return false;
  if (value === "eventsource") {
    const rule = 'must not be "eventsource"';
    if (needHeaders) refuse(field, `${rule} with apiKey, headers or version: it sends no header`);
    if (!hasEventSource(true)) refuse(field, `${rule}: there is no EventSource here`);
    return true;
  }
  if (value !== "auto") refuse(field, mustBe('"auto", "eventsource" or "fetch"', value));
  return !needHeaders && hasEventSource(false);
}
