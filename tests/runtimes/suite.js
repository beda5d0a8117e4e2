// What the package must do wherever it runs: one suite for every runtime, which needs nothing but `fetch`, timers, and
// the simulator's address. It tells how each behaviour went, in a form that can be sent to the test.

/**
 * Runs the suite; gives `[{ name, error?, skip? }]`, where `skip` is the reason. `without` has the reasons, by name, for
 * tests that a runtime's own parts cannot pass.
 */
export async function runSuite({ api, origin, without = {} }) {
  const run = Math.random().toString(36).slice(2);
  const results = Object.entries(behaviours).flatMap(([behaviour, action]) =>
    transports().map(async (transport, i) => {
      const name = `${behaviour} (${transport})`;
      const skip = without[name] ?? (action.byFetch && transport === "eventsource" && NEEDS_FETCH);
      if (skip) return { name, skip };
      const prefix = `${run}-${behaviour.replaceAll(/\W+/g, "-")}-${i}`;
      try {
        await (action.byFetch ?? action)(new World({ api, origin, transport, prefix }));
        return { name };
      } catch (error) {
        return { name, error: String(error?.stack ?? error) };
      }
    }),
  );
  return Promise.all(results);
}

const NEEDS_FETCH = "EventSource sends no headers and tells no status";

const transports = () => (globalThis.EventSource ? ["fetch", "eventsource", "auto"] : ["fetch", "auto"]);

/** By name; what takes headers or statuses of its own is done by fetch alone. */
export const behaviours = {
  async "waits for the target and hears every event"(world) {
    const id = await world.script({ streams: [[state("starting", { name: "café 😀" }), state("running"), complete]] });
    const { state: reached, events } = await world.watch({ id });
    equal(reached.status, "running");
    equal(events.map(({ type }) => type).join(), "state,state,complete");
    equal(events[0].name, "café 😀");
    await world.left(id, 1);
  },

  async "decodes what comes in pieces"(world) {
    const text = new TextEncoder().encode(
      '\ufeffevent: state\r\ndata: {"status":"running",\r\ndata: "name":"é"}\r\n\r\n',
    );
    const bytes = Array.from(text, (byte) => ({ sendBase64: btoa(String.fromCharCode(byte)) }));
    const id = await world.script({ streams: [[...bytes, complete]] });
    equal(JSON.stringify((await world.watch({ id })).state), '{"status":"running","name":"é"}');
  },

  async "retries, N + 1 attempts in all, and tells how the last one failed"(world) {
    const id = await world.script({ streams: Array(5).fill([state("starting"), "end"]) });
    const { error, events } = await world.watch({ id, maxRetries: 2, retryDelay: 20 });
    ok(error instanceof world.api.MaxRetriesExceededError, error);
    equal(error.attempts, 3);
    equal(error.lastState.status, "starting");
    ok(error.cause instanceof Error, error.cause);
    equal(
      events
        .filter(({ type }) => type === "error")
        .map(({ retryIn }) => retryIn)
        .join(),
      "20,20,",
    );
    await world.left(id, 3);
  },

  async "gives up on a silent server"(world) {
    const id = await world.script({ streams: [["hold"]] });
    const { error, events } = await world.watch({ id, timeout: 10, maxRetries: 0 });
    equal(error.cause?.name, "TimeoutError");
    equal(events.map(({ type }) => type).join(), "timeout");
    await world.left(id, 1);
  },

  async "aborts while it streams, and the server sees the client leave"(world) {
    const id = await world.script({ streams: [[state("starting"), "hold"]] });
    const controller = new AbortController();
    const reason = new Error("enough");
    const { error } = await world.watch({ id, onEvent: () => controller.abort(reason), signal: controller.signal });
    ok(error instanceof world.api.WatchAbortedError, error);
    equal(error.cause, reason);
    await world.left(id, 1);
  },

  async "makes no request when the signal has aborted before"(world) {
    const id = await world.script({ streams: [["hold"]] });
    const { error } = await world.watch({ id, signal: AbortSignal.abort() });
    ok(error instanceof world.api.WatchAbortedError, error);
    equal((await world.requests(id)).length, 0);
  },

  async "rejects at once when the server refuses permanently"(world) {
    const refusal = [json(404), { send: '{"detail":"CVM not found"}' }];
    const id = await world.script({ streams: [refusal], reads: [refusal] });
    const { error } = await world.watch({ id });
    ok(error instanceof world.api.RequestError, error);
    equal(`${error.status} ${error.detail} ${error.attempts}`, "404 CVM not found 1");
  },

  async "waits as long as Retry-After says"(world) {
    const refusal = [json(503, { "retry-after": "1" }), { send: "{}" }];
    const id = await world.script({ streams: [refusal, [state("running"), complete]], reads: [refusal] });
    const { events } = await world.watch({ id, retryDelay: 0 });
    equal(events[0].retryIn, 1000);
  },

  async "names every bad field, and makes no request"(world) {
    const { error } = await world.watch({ target: "", interval: "5" }, { baseURL: "ftp://x" });
    ok(error instanceof world.api.ValidationError, error);
    equal(error.validationErrors.map(({ field }) => field).join(), "baseURL,id,target,interval");
  },

  async "reads the present state"(world) {
    const id = await world.script({ reads: [[{ send: '{"status":"stopped","new":[1]}' }]] });
    const { getCvmState } = world.client();
    equal(JSON.stringify(await getCvmState({ id })), '{"status":"stopped","new":[1]}');
    const error = await getCvmState({ id: `${id}-unknown` }).catch((error) => error);
    ok(error instanceof world.api.RequestError, error);
    equal(error.status, 404);
  },

  "asks for the key before each attempt, and sends it": {
    async byFetch(world) {
      const id = await world.script({ streams: [["end"], ["end"], [state("running"), complete]] });
      let asked = 0;
      const config = {
        apiKey: async () => `key-${++asked}`,
        headers: () => ({ "x-extra": `extra-${asked}` }),
        version: "1",
      };
      await world.watch({ id, retryDelay: 0 }, config);
      const sent = (await world.requests(id)).map(({ headers }) => headers);
      equal(sent.map((headers) => headers["x-api-key"]).join(), "key-1,key-2,key-3");
      equal(sent.map((headers) => headers["x-extra"]).join(), "extra-0,extra-1,extra-2");
      equal(sent[0]["x-phala-version"], "1");
      equal(sent[0].accept, "text/event-stream");
    },
  },

  "never takes a key along when it is redirected": {
    async byFetch(world) {
      const elsewhere = await world.script({ streams: [[state("running"), complete]] });
      const location = `${world.origin.replace("localhost", "127.0.0.1")}/api/v1/cvms/${elsewhere}/state?target=running`;
      const id = await world.script({ streams: [[{ respond: { status: 307, headers: { location } } }]] });
      const { error } = await world.watch({ id }, { apiKey: "secret" });
      ok(error instanceof world.api.RequestError, error);
      equal((await world.requests(elsewhere)).length, 0);
    },
  },

  "closes the connection whatever the attempt has come to": {
    async byFetch(world) {
      const html = { respond: { status: 200, headers: { "content-type": "text/html" } } };
      const streams = [
        [json(503), "hold"],
        [html, "hold"],
        [state("running"), complete, "hold"],
      ];
      // If the answer is not an event stream, a read follows.
      const id = await world.script({ streams, reads: [[json(503), "hold"]] });
      // A header takes fetch, whatever "auto" would choose.
      const { state: reached, events } = await world.watch({ id, retryDelay: 0 }, { version: "1" });
      equal(reached?.status, "running");
      equal(events.map(({ type }) => type).join(), "error,error,state,complete");
      await world.left(id, 3);
    },
  },

  "shows no key and no header's value when they cannot be had or sent": {
    async byFetch(world) {
      const secret = "s3cret";
      const id = await world.script({ streams: [["hold"]] });
      const configs = [
        { apiKey: () => JSON.parse(secret) },
        { apiKey: () => `${secret}\n` },
        { headers: () => new Headers({ authorization: `${secret}\nx` }) },
        { headers: () => ({ authorization: `${secret}\u0001` }) },
        { headers: { authorization: `${secret}\nx` } },
      ];
      for (const config of configs) {
        const { error, events } = await world.watch({ id, maxRetries: 0 }, config);
        const told = [error, error.cause].map((error) => `${error} ${error?.stack} ${JSON.stringify(error)}`);
        if ([...told, JSON.stringify(events)].join().includes(secret)) throw new Error(`a secret in ${told}`);
      }
      equal((await world.requests(id)).length, 0);
    },
  },

  async "reads where there is no stream, and tells what it reads"(world) {
    const reads = [{ send: '{"status":"starting"}' }, { send: '{"status":"running","new":[1]}' }].map((step) => [step]);
    const id = await world.script({ reads });
    const { state: reached, events } = await world.watch({ id }, { maxStreams: 0 });
    equal(JSON.stringify(reached), '{"status":"running","new":[1]}');
    equal(
      events.map(({ type, status, attempt }) => `${type} ${status} ${attempt}`).join(),
      "state starting 1,state running 1",
    );
    equal((await world.requests(id)).map(({ kind }) => kind).join(), "read,read");
  },

  async "goes on by reads when streams are refused"(world) {
    const refusal = [json(429), { send: '{"detail":"too many"}' }];
    const id = await world.script({ streams: [refusal], reads: [[{ send: '{"status":"running"}' }]] });
    // An origin of its own: the page's other watches would try no stream for a while.
    const baseURL = `${world.origin.replace("localhost", "127.0.0.1")}/api/v1`;
    const { state: reached, events } = await world.watch({ id }, { baseURL });
    equal(reached?.status, "running");
    equal(events.map(({ type }) => type).join(), "state");
  },

  async "rejects when the CVM has failed, and leaves a state that it had before"(world) {
    const states = ["error", "starting", "error"].map((status) => state(status));
    const id = await world.script({ streams: [[...states, "hold"]] });
    const { error, events } = await world.watch({ id, failOn: "error", leaveFirst: true });
    ok(error instanceof world.api.CvmFailedError, error);
    equal(error.state.status, "error");
    equal(events.length, 3);
    await world.left(id, 1);
  },

  async "gives every state of a CVM, until the loop is left"(world) {
    const id = await world.script({
      reads: ["stopped", "running"].map((status) => [{ send: JSON.stringify({ status }) }]),
    });
    const statuses = [];
    for await (const { status } of world.client().cvmStates({ id })) {
      statuses.push(status);
      if (status === "running") break;
    }
    equal(statuses.join(), "stopped,running");
    await world.left(id, 0);
  },

  async "runs many watches at once"(world) {
    // A browser opens six connections to an origin, and the rest wait their turn.
    const id = await world.script({ streams: Array(20).fill([state("running"), complete]) });
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => world.watch({ id })));
    equal(outcomes.filter(({ state }) => state?.status === "running").length, 20);
  },
};

/** One behaviour's client, and its CVMs on the simulator. */
class World {
  constructor({ api, origin, transport, prefix }) {
    Object.assign(this, { api, origin, transport, prefix, next: 1 });
  }

  client(config) {
    return this.api.createClient({ baseURL: `${this.origin}/api/v1`, transport: this.transport, ...config });
  }

  async watch({ onEvent, ...request }, config) {
    const events = [];
    const listen = (event) => {
      events.push(event);
      onEvent?.(event);
    };
    try {
      // All behaviours are tried at once, and each of them wants a stream.
      const state = await this.client({ maxStreams: Number.POSITIVE_INFINITY, ...config }).watchCvmState(
        { target: "running", ...request },
        { onEvent: listen },
      );
      return { state, events };
    } catch (error) {
      return { error, events };
    }
  }

  async script(script) {
    const id = `${this.prefix}-${this.next++}`;
    const [method, body] = ["PUT", JSON.stringify(script)];
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${this.origin}/simulator/cvms/${id}/script`, { method, headers, body });
    if (!answer.ok) throw new Error(`script: ${answer.status} ${await answer.text()}`);
    return id;
  }

  async requests(id) {
    const answer = await fetch(`${this.origin}/simulator/requests?cvm=${id}`);
    return (await answer.json()).filter(({ kind }) => kind !== "preflight");
  }

  /** Waits until so many streams have been opened and every connection is closed. */
  async left(id, count) {
    for (let tries = 0; tries < 500; tries++) {
      const requests = await this.requests(id);
      const streams = requests.filter(({ kind }) => kind === "stream");
      if (streams.length > count) throw new Error(`${streams.length} streams instead of ${count}`);
      if (streams.length === count && requests.every(({ leftAt }) => leftAt !== null)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`never left: ${JSON.stringify(await this.requests(id))}`);
  }
}

const state = (status, more) => ({ send: `event: state\ndata: ${JSON.stringify({ status, ...more })}\n\n` });
const complete = { send: 'event: complete\ndata: {"status":"running"}\n\n' };
const json = (status, headers) => ({
  respond: { status, headers: { "content-type": "application/json", ...headers } },
});

function ok(condition, value) {
  if (!condition) throw new Error(`unexpected: ${value?.stack ?? JSON.stringify(value)}`);
}

function equal(actual, expected) {
  if (actual !== expected) throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}
