import { Failed } from "./failed.js";
import { NotJson, parse } from "./json.js";
import { BODY, BROKEN, ENDED, REDIRECTED, REFUSED } from "./news.js";
import { Reader } from "./reader.js";
import { source } from "./sources.js";
import { messageOf } from "./thrown.js";

/** How long the body of a refusal is awaited (ms): it only explains what is already known. */
const DETAIL_WITHIN = 3000;

/** Opens an event stream (a source): tells its bytes. Any header can be sent, and every status is seen. */
export const openStream = (client, url, tell) =>
  requesting(tell, async (tell, signal, reader) => {
    const response = await send(client, url, "text/event-stream", signal);
    const type = response.headers.get("Content-Type") ?? "";
    if (!/^\s*text\/event-stream\s*(;|$)/i.test(type)) {
      throw new Failed(BROKEN, `the server's answer is no event stream: its content type is "${type}"`);
    }
    reader.open(response.body);
    for (let bytes = await reader.read(); bytes && !signal.aborted; bytes = await reader.read()) tell(BODY, bytes);
    tell(ENDED);
  });

/** Reads a whole answer (a source). */
export const readJson = (client, url, tell) =>
  requesting(tell, async (tell, signal) => {
    const response = await send(client, url, "application/json", signal);
    const answer = parse(await response.text());
    if (answer instanceof NotJson) throw new Failed(BROKEN, `the server's answer is not JSON: ${answer.reason}`);
    tell(BODY, answer);
  });

/** A source that takes a request. To stop it is to abort the request, its body included. */
const requesting = (tell, work) =>
  source(tell, (tell) => {
    const controller = new AbortController();
    const reader = new Reader();
    work(tell, controller.signal, reader).catch((error) => {
      if (error instanceof Failed) tell(error.kind, error.news);
      else tell(BROKEN, `the connection broke: ${messageOf(error)}`);
    });
    return () => {
      reader.cancel();
      controller.abort();
    };
  });

/** Sends a request, and sees whether it succeeds. */
async function send(client, url, accept, signal) {
  const init = await client.init(accept, signal);
  // A page may have put anything in the place of `fetch`: it may take no notice of the signal.
  signal.throwIfAborted();
  const response = await reach(url, init);
  if (signal.aborted) response.body?.cancel().catch(() => {});
  signal.throwIfAborted();
  const { status } = response;
  // 0 is a redirect that the browser hides.
  if (client.isSecret && (status === 0 || (status >= 300 && status < 400))) throw new Failed(REDIRECTED, status);
  const isEmpty = status === 204;
  if (response.ok && !isEmpty) return response;
  const detail = isEmpty ? undefined : await detailOf(response, signal);
  throw new Failed(REFUSED, [status, detail, retryAfterOf(response)]);
}

async function reach(url, init) {
  try {
    const response = await fetch(url, init);
    if (response instanceof Response) return response;
    throw new TypeError("`fetch` gave no Response");
  } catch (error) {
    throw new Failed(BROKEN, `the server could not be reached: ${messageOf(error)}`);
  }
}

/** What a refusal says for itself, if it does so in time. */
function detailOf(response, signal) {
  const read = async () => (await response.json())?.detail;
  return new Promise((resolve) => {
    const end = (detail) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abandon);
      resolve(detail);
    };
    const abandon = () => end();
    const timer = setTimeout(abandon, DETAIL_WITHIN);
    signal.addEventListener("abort", abandon);
    read().then(end, abandon);
  });
}

/** The milliseconds that the server asks to wait: until a date, or a number of seconds (RFC 9110, 10.2.3); or NaN. */
function retryAfterOf(response) {
  const value = response.headers.get("Retry-After")?.trim() ?? "";
  return /^\d+$/.test(value) ? value * 1000 : Date.parse(value) - Date.now();
}
