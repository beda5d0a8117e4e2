import { Failed } from "./failed.js";
import { BROKEN } from "./news.js";
import { mustBe } from "./show.js";
import { nameOf } from "./thrown.js";

/** What a header's value may hold (RFC 9110, 5.5), in characters that byte strings hold. */
const SENDABLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The value, if it is a string that can be sent as a header's; else undefined. */
function headerValue(value) {
  return typeof value === "string" && value.trim() !== "" && SENDABLE.test(value) ? value : undefined;
}

/** `Headers` from an object of strings or from another `Headers`; undefined for anything else. */
function headerFields(value) {
  try {
    if (typeof value !== "object" || !Object.values(value).every((value) => typeof value === "string"))
      return undefined;
    const headers = new Headers(value);
    return [...headers].every(([, value]) => SENDABLE.test(value)) ? headers : undefined;
  } catch {
    // What is wrong would be said with the value, which may be secret.
    return undefined;
  }
}

const VALUE = "a string that can be sent as an HTTP header";
const FIELDS = "an object of strings that can be sent as HTTP headers";

/** What each field may hold: `read` gives it ready to be sent, or undefined. */
const KINDS = {
  apiKey: { read: headerValue, rule: VALUE, mayBeAsked: true },
  headers: { read: headerFields, rule: FIELDS, mayBeAsked: true },
  version: { read: headerValue, rule: VALUE },
};

/** What a client sends along: the key, extra headers, cookies. No value of a key or a header is ever put in a message. */
export class Credentials {
  /** Whether cookies go along even to another origin. */
  withCookies;
  /** Each field's value, or a function that is asked for it each time. */
  #given = {};

  constructor(config, refuse) {
    for (const [field, { read, rule, mayBeAsked }] of Object.entries(KINDS)) {
      const given = config[field];
      if (given === undefined) continue;
      const value = mayBeAsked && typeof given === "function" ? given : read(given);
      if (value === undefined) refuse(field, `must be ${rule}${mayBeAsked ? ", or a function that gives one" : ""}`);
      this.#given[field] = value;
    }
    const { useCookieAuth = false } = config;
    if (typeof useCookieAuth !== "boolean") refuse("useCookieAuth", mustBe("true or false", useCookieAuth));
    // Cookies say who it is: no key besides.
    if (useCookieAuth) delete this.#given.apiKey;
    this.withCookies = useCookieAuth;
  }

  /** Whether a redirect must not see them. */
  get areSecret() {
    return "apiKey" in this.#given || "headers" in this.#given;
  }

  /** Whether they take headers of our own, which EventSource cannot send. */
  get needHeaders() {
    return this.areSecret || "version" in this.#given;
  }

  /** The headers of the next request; functions are asked anew, unless the request is aborted. */
  async headers(accept, signal) {
    const headers = new Headers(await this.#next("headers", signal));
    headers.set("Accept", accept);
    const ours = { "X-Phala-Version": "version", "X-API-Key": "apiKey" };
    for (const [name, field] of Object.entries(ours)) {
      const value = await this.#next(field, signal);
      if (value !== undefined) headers.set(name, value);
    }
    return headers;
  }

  async #next(field, signal) {
    signal.throwIfAborted();
    const value = this.#given[field];
    if (typeof value !== "function") return value;
    const { read, rule } = KINDS[field];
    let given;
    try {
      given = await value();
    } catch (error) {
      // Its message may quote the value that it stumbled over: the name has to do.
      throw new Failed(BROKEN, `the function ${field} has failed with ${nameOf(error)}`);
    }
    const sendable = read(given);
    if (sendable !== undefined) return sendable;
    throw new Failed(BROKEN, `the function ${field} must give ${rule}, and has given something else`);
  }
}
