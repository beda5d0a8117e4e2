// A program for a platform whose types have no DOM: with `types: []`, nothing is known but the language itself.

import {
  type AbortSignalLike,
  type CvmState,
  type CvmStatus,
  createClient,
  type FetchLike,
  type HeadersLike,
  type KnownStatus,
  MaxRetriesExceededError,
  RequestError,
  type ResponseLike,
  type StateEvent,
  ValidationError,
  WatchAbortedError,
  WatchError,
  type WatchRequest,
} from "cvm-watch";

const client = createClient({ baseURL: "https://api.example" });

// What is given is taken by what it can do.
class Signal implements AbortSignalLike {
  aborted = false;
  reason: unknown;
  addEventListener(_type: "abort", _listener: () => void) {}
  removeEventListener(_type: "abort", _listener: () => void) {}
}
const state: CvmState = await client.watchCvmState({ id: "my-app", target: "running", signal: new Signal() });
await client.getCvmState({ id: "my-app" }, { signal: new Signal() });
// @ts-expect-error: no signal
await client.getCvmState({ id: "my-app", signal: { aborted: false } });

declare const headers: HeadersLike;
createClient({ headers });
createClient({ headers: async () => headers });
// @ts-expect-error: a header is a string
createClient({ headers: { "x-extra": 1 } });

// A `fetch` of one's own.
const answer: ResponseLike = { status: 204, headers: { get: () => null }, body: null };
createClient({ fetch: () => answer });
createClient({ fetch: async () => answer });
createClient({ fetch: undefined });
const chunks: FetchLike = async (url, init) => ({
  status: url.length,
  headers: { get: (name) => init.headers[name] ?? null },
  body: {
    getReader: () => ({
      read: async () => ({ done: false, value: new DataView(new ArrayBuffer(8)) }),
      cancel: async () => {},
    }),
  },
});
createClient({ fetch: chunks });
// @ts-expect-error: no answer
createClient({ fetch: async () => "text" });
// @ts-expect-error: a text is no body
createClient({ fetch: async () => ({ ...answer, body: "text" }) });
// @ts-expect-error: no function
createClient({ fetch: answer });

// Any status may be a target; editors complete those that are known.
const known: KnownStatus = "running";
const statuses: CvmStatus[] = [known, "a status of tomorrow", state.status];
// @ts-expect-error: not one of the known
const misspelt: KnownStatus = "runing";
await client.watchCvmState({ id: "my-app", target: String(misspelt) });
// @ts-expect-error: a status is a string
await client.watchCvmState({ id: "my-app", target: statuses.length });

// A state's event is a state, and so is one that a handler is told of.
const show = ({ status }: CvmState) => status.length;
export const ofEvent = (event: StateEvent): CvmState => event;
const request: WatchRequest = {
  id: "my-app",
  target: known,
  onEvent: (event) => event.type === "state" && show(event),
};
await client.watchCvmState(request);
// @ts-expect-error: only a state has surely a status
export const ofAny: WatchRequest = { ...request, onEvent: (event) => show(event) };
await client.watchCvmState({ ...request, onEvent: async (event) => event.attempt });

// A CVM as an API gives it, with a target, is a request.
declare const cvm: { id: string; app_id?: string; instance_id: string | null; name?: string | null; vcpu: number };
await client.watchCvmState({ ...cvm, target: "running" });
await client.watchCvmState({ id: "my-app", uuid: null, name: undefined, app_id: "", target: "running" });
// @ts-expect-error: perhaps no CVM
await client.watchCvmState({ ...state, target: "running" });

// Tests make errors of their own.
const error = new WatchError("cut", { attempts: 2, lastState: state, cause: "why" });
const errors: WatchError[] = [
  error,
  new WatchError(),
  new WatchAbortedError("stopped", { cause: "reason" }),
  new MaxRetriesExceededError("gave up", { attempts: 3, cause: error }),
  new RequestError("refused", { status: 404, detail: ["no such CVM"], attempts: 1 }),
  new ValidationError("bad", { validationErrors: [{ field: "id", message: "is missing" }] }),
];
const why: unknown = error.cause;
// @ts-expect-error: a refusal has a status
new RequestError("refused", { attempts: 1 });
// @ts-expect-error: what was bad
new ValidationError("bad");
// @ts-expect-error: no such field
new WatchError("cut", { attempt: 1 });

export { errors, why };
