/** The client's own default, in seconds. */
const INTERVAL = 5;

const NOTHING = { state: undefined, error: undefined, isStale: false };

/** For a view: the CVM's states, without an end. */
export const states = {
  name: "states",
  fields: ["interval", "retryDelay", "shouldRetry"],
  idle: NOTHING,
  begun: NOTHING,

  /** @returns how it has ended */
  async run(client, request, { signal, show, tell }) {
    let timer;
    const hear = (news) => {
      clearTimeout(timer);
      timer = setTimeout(() => show({ isStale: true }), 3 * (request.interval ?? INTERVAL) * 1000);
      show(news);
    };
    const onEvent = (event) => {
      show({ isStale: true });
      tell(event);
    };
    const onRead = () => hear({ isStale: false });
    try {
      hear({});
      for await (const state of client.cvmStates({ ...request, signal, onEvent, onRead })) show({ state });
      return {};
    } catch (error) {
      return signal.aborted ? {} : { error, isStale: true };
    } finally {
      clearTimeout(timer);
    }
  },
};
