// What must compile, and (under @ts-expect-error) what must not.

import {
  type AttemptError,
  bootFailed,
  type Client,
  type ClientConfig,
  type CompletePayload,
  CvmFailedError,
  type CvmIdentifiers,
  type CvmState,
  type CvmStates,
  type CvmStatesIterator,
  createClient,
  cvmStates,
  exponentialBackoff,
  type FailureCode,
  type FieldError,
  getCvmState,
  type HeaderFields,
  MaxRetriesExceededError,
  type ReadErrorEvent,
  type ReadRequest,
  RequestError,
  type StateEvent,
  type StatesRequest,
  ValidationError,
  WatchAbortedError,
  WatchError,
  type WatchEvent,
  type WatchOptions,
  type WatchRequest,
  watchCvmState,
} from "cvm-watch";

const client: Client = createClient({ baseURL: "/api/v1", useCookieAuth: true, transport: "eventsource" });
createClient();

// Both examples of the quick start.
const state: CvmState = await client.watchCvmState({
  id: "my-app",
  target: "running",
  timeout: 120,
  onEvent: (event) => {
    console.log(`Status: ${event.status}, Progress: ${event.boot_progress}`);
  },
});
console.log(`CVM is now ${state.status}`);

const controller = new AbortController();
try {
  await client.watchCvmState({ id: "my-app", target: "running", signal: controller.signal });
} catch (error) {
  if (error instanceof WatchAbortedError) {
    console.log("Watch was cancelled");
  }
}

// The published SDK's form.
await watchCvmState(client, { app_id: "a", target: "running" }, { signal: controller.signal, onEvent });

// Every field of the request.
const request: WatchRequest = {
  uuid: "550e8400-e29b-41d4-a716-446655440000",
  target: "stopped",
  interval: 5,
  timeout: 10,
  maxRetries: Number.POSITIVE_INFINITY,
  retryDelay: 0,
};
await client.watchCvmState(request);
// What is optional may be undefined as well.
await client.watchCvmState({ id: "my-app", name: undefined, target: "running", timeout: undefined, signal: undefined });
await client.watchCvmState(request, { signal: null, onEvent: undefined });

// Requests are put together from parts.
const options: WatchOptions = { signal: AbortSignal.timeout(1000), onEvent };
for (const which of [{ id: "a" }, { app_id: "a" }, { instance_id: "a" }, { name: "my-app" }]) {
  await client.watchCvmState({ ...which, target: "running", ...options });
}

// Keys, headers and delays may be functions.
createClient({ apiKey: "key", headers: { "x-extra": "1" }, version: "2026-01-21", transport: "fetch" });
createClient({ apiKey: async () => "key", headers: () => new Headers() });
const headers: HeaderFields = { "x-extra": "1" };
const config: ClientConfig = { apiKey: undefined, headers: async () => headers, transport: "auto" };
createClient(config);
await client.watchCvmState({
  ...request,
  retryDelay: (failures, error) => (error instanceof RequestError || error.code === "broken" ? 1 : failures),
});
await client.watchCvmState({ ...request, retryDelay: exponentialBackoff({ base: 500, jitter: 1 }) });

// Which states end a watch.
await client.watchCvmState({ id: "my-app", target: ["stopped", "exited"], failOn: "error" });
const targets: string[] = ["running"];
await client.watchCvmState({ id: "my-app", target: targets, failOn: targets, leaveFirst: true });
await client.watchCvmState({ ...request, target: ["running"] as const, failOn: bootFailed });
await client.watchCvmState({
  ...request,
  until: (state) => !state.in_progress && state.status === "running",
  failOn: (state) => state.boot_error !== null,
  shouldRetry: (error) => error.status === 404 && error.detail === "Not found",
});
await client.watchCvmState({ ...request, until: undefined, failOn: undefined, shouldRetry: undefined });
createClient({ transport: "poll", maxStreams: 0 });
createClient({ maxStreams: Number.POSITIVE_INFINITY });

// @ts-expect-error: it must decide at once
await client.watchCvmState({ ...request, until: async () => true });
// @ts-expect-error: it must decide at once
await client.watchCvmState({ ...request, failOn: async () => true });
// @ts-expect-error: it must decide at once
await client.watchCvmState({ ...request, shouldRetry: async () => true });
// @ts-expect-error: a status is a string
await client.watchCvmState({ ...request, failOn: [7] });
// @ts-expect-error: a flag
await client.watchCvmState({ ...request, leaveFirst: "running" });
// @ts-expect-error: a number
createClient({ maxStreams: "4" });

// Every state, without a target.
const states: CvmStates = client.cvmStates({ id: "my-app", interval: 10 });
for await (const state of states) {
  const status: string = state.status;
  if (status) break;
}
for await (const { status } of cvmStates(client, { name: "my-app", signal: controller.signal })) console.log(status);
const loop: CvmStatesIterator = states[Symbol.asyncIterator]();
const { done, value } = await loop.next();
if (done) value satisfies undefined;
await loop.return();
const inLoop: StatesRequest = {
  uuid: "550e8400-e29b-41d4-a716-446655440000",
  retryDelay: exponentialBackoff(),
  shouldRetry: (error) => error.status === 404,
  onEvent: (event: ReadErrorEvent) => `${event.code} ${event.failures} ${event.retryIn?.toFixed()} ${event.httpStatus}`,
};
client.cvmStates(inLoop) satisfies AsyncIterable<CvmState>;
// @ts-expect-error: no CVM
client.cvmStates({ interval: 5 });
// @ts-expect-error: it waits for nothing
client.cvmStates({ id: "my-app", target: "running" });
// @ts-expect-error: a status is a string
for await (const state of states) state.status satisfies number;

// The one-shot read.
const present: CvmState = await client.getCvmState({ name: "my-app" }, { signal: controller.signal });
await getCvmState(client, { id: present.status, timeout: 10 });
const read: ReadRequest = { name: "my-app", signal: null };
await client.getCvmState(read, { signal: undefined });

// @ts-expect-error: a key is a string
createClient({ apiKey: async () => 7 });
// @ts-expect-error: a delay is a number
await client.watchCvmState({ ...request, retryDelay: async () => 5 });
// @ts-expect-error: a header is a string
createClient({ headers: { "x-extra": 1 } });
// @ts-expect-error: no such option
exponentialBackoff({ minimum: 5 });
// @ts-expect-error: no CVM
await client.getCvmState({});
// @ts-expect-error: a read waits for nothing
await client.getCvmState({ id: "my-app", target: "running" });
// @ts-expect-error: a read tells of nothing
await client.getCvmState({ id: "my-app" }, { onEvent });

// @ts-expect-error: no target
await client.watchCvmState({ id: "my-app" });
// @ts-expect-error: no CVM
await client.watchCvmState({ target: "running" });
// @ts-expect-error: no CVM
await client.watchCvmState({ id: undefined, target: "running" });
// @ts-expect-error: perhaps no CVM
await client.watchCvmState({ ...({} as CvmIdentifiers), target: "running" });
// @ts-expect-error: an id is a string
await client.watchCvmState({ id: 7, target: "running" });
// @ts-expect-error: a target is a status
await client.watchCvmState({ id: "my-app", target: ["running", undefined] });
// @ts-expect-error: a signal, not its controller
await client.watchCvmState({ id: "my-app", target: "running", signal: controller });
// @ts-expect-error: no such event
await client.watchCvmState(request, { onEvent: (event: { type: "boot" }) => event });
// @ts-expect-error: a number is wanted
await client.watchCvmState({ id: "my-app", target: "running", interval: "5" });
// @ts-expect-error: no such field
await client.watchCvmState({ id: "my-app", target: "running", maxRetry: 5 });
// @ts-expect-error: no such transport
createClient({ transport: "websocket" });
// @ts-expect-error: not a client
await watchCvmState({}, request);

// A state keeps the fields that are not documented, and their type is not known.
const documented: string | null | undefined = state.boot_progress;
const unknownField: unknown = state.node;
// @ts-expect-error: it must be looked at first
const unlooked: string = state.node;
export const fields = [documented, unknownField, unlooked];

// A callback of one kind is not one of all.
export function show(event: WatchEvent): void {
  if (event.type === "state") showState(event);
  if (event.type === "complete") showEnd(event.data);
  // @ts-expect-error: it may be another
  showState(event);
  // @ts-expect-error: no such type
  if (event.type === "boot") return;
}
const showState = (event: StateEvent) => console.log(event.status.length);
const showEnd = ({ elapsed, status }: CompletePayload) => console.log(elapsed?.toFixed(1), status?.length);

// Events are told apart by `type`.
function onEvent(event: WatchEvent): string | number | undefined {
  const attempt: number = event.attempt;
  const retryIn: number | undefined = event.retryIn;
  switch (event.type) {
    case "state": {
      const status: string = event.status;
      const uptime: string | null | undefined = event.uptime;
      const whole: CvmState = event.data;
      // @ts-expect-error: a state has no error
      event.error;
      return `${status} ${uptime} ${whole["a field of tomorrow"]}`;
    }
    case "complete":
      // @ts-expect-error: it is no failure
      event.code;
      return event.elapsed ?? event.data.elapsed;
    case "timeout": {
      const status: string | undefined = event.status;
      event.code satisfies "timeout" | undefined;
      return event.target ?? status ?? retryIn;
    }
    case "error": {
      const error: string | undefined = event.error;
      const code: FailureCode | undefined = event.code;
      // @ts-expect-error: no such code
      if (code === "closed") return;
      if (code === "status") event.httpStatus satisfies number | undefined;
      // @ts-expect-error: an error has no uptime
      event.uptime;
      return `${error} ${event.message} ${attempt}`;
    }
    default: {
      const nothingElse: never = event;
      return nothingElse;
    }
  }
}

// Errors are told apart by `instanceof`.
export function explain(error: unknown): string {
  if (error instanceof ValidationError) {
    const fields: readonly FieldError[] = error.validationErrors;
    return fields.map(({ field, message }) => `${field} ${message}`).join();
  }
  if (error instanceof RequestError) {
    const status: number = error.status;
    const detail: unknown = error.detail;
    // @ts-expect-error: a status is a number
    const text: string = error.status;
    // @ts-expect-error: a detail must be looked at first
    error.detail.length;
    return `${status} ${detail} ${text}`;
  }
  if (error instanceof MaxRetriesExceededError) {
    const cause: AttemptError = error.cause;
    return cause instanceof RequestError ? `${cause.status}` : `${cause.code} ${cause.message}`;
  }
  if (error instanceof CvmFailedError) {
    const failed: CvmState = error.state;
    return `${failed.status} ${failed.boot_error}`;
  }
  if (error instanceof WatchAbortedError) {
    const reason: unknown = error.cause;
    // @ts-expect-error: a reason is anything
    error.cause.message;
    // @ts-expect-error: what it tells is not to be changed
    error.attempts = 0;
    return `${reason} ${error.name}`;
  }
  if (error instanceof WatchError) {
    const attempts: number = error.attempts;
    const last: CvmState | undefined = error.lastState;
    // @ts-expect-error: only a RequestError has one
    error.status;
    return `${attempts} ${last?.status}`;
  }
  return String(error);
}

// Each is a WatchError too.
export const base = (
  error: WatchAbortedError | MaxRetriesExceededError | CvmFailedError | RequestError | ValidationError,
): WatchError => error;
