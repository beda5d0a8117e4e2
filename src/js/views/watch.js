const NOTHING = { state: undefined, event: undefined, attempt: 0, retryIn: undefined, error: undefined };

/** For a view: a watch, until the CVM has reached the target. */
export const watch = {
  name: "watch",
  fields: ["target", "until", "failOn", "leaveFirst", "interval", "timeout", "maxRetries", "retryDelay", "shouldRetry"],
  idle: { ...NOTHING, phase: "idle" },
  begun: { ...NOTHING, phase: "watching", attempt: 1 },

  /** @returns how it has ended */
  async run(client, request, { signal, show, tell }) {
    const onEvent = (event) => {
      const { attempt, retryIn } = event;
      const phase = retryIn === undefined ? "watching" : "retrying";
      show({ phase, event, attempt, retryIn, ...(event.type === "state" && { state: event.data }) });
      tell(event);
    };
    try {
      const state = await client.watchCvmState(request, { signal, onEvent });
      return { phase: "reached", state, retryIn: undefined };
    } catch (error) {
      const end = signal.aborted ? { phase: "aborted" } : { phase: "failed", error };
      return { ...end, retryIn: undefined };
    }
  },
};
