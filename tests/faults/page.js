// What runs in the page. These functions go there as text: they use nothing but their arguments and the lab.

/**
 * Plays watches, a few at a time, and tells how each went.
 *
 * A browser opens six connections to an origin, and one is left for whatever a watch needs besides its stream.
 */
export async function play(plays) {
  const watches = [];
  const next = plays.entries();
  const worker = async () => {
    for (const [i, { request, config }] of next) {
      watches[i] = lab.begin(request, config);
      await Promise.race([watches[i].settled, lab.within(90_000)]);
      watches[i].heard = watches[i].events.length;
    }
  };
  await Promise.all(Array.from({ length: 5 }, worker));
  return Promise.all(watches.map(lab.tell));
}

/** Adds to the lab what tells of a watch in few words. */
export function install() {
  const hung = Symbol("hung");
  const within = (ms) => new Promise((resolve) => setTimeout(resolve, ms, hung));

  /** How a watch went, as far as it has come; one that has not settled by now never will. */
  async function tell({ events, settled, heard = events.length, began, controller }) {
    const outcome = await Promise.race([settled, within(0)]);
    if (outcome === hung) {
      controller.abort();
      return { hung: true, events: inShort(events) };
    }
    const { state, error, at } = outcome;
    return {
      state: state && Object.fromEntries(Object.entries(state).map(([name, value]) => [name, short(value)])),
      error,
      events: inShort(events.slice(0, heard)),
      late: events.length - heard,
      attempts: events.map(({ event }) => event.attempt),
      retries: events.filter(({ event }) => "retryIn" in event).length,
      took: at - began,
    };
  }

  const short = (value) => (typeof value === "string" && value.length > 100 ? `${value.length} characters` : value);

  /** The types of events, with "×2" after one that comes twice in a row. */
  function inShort(events) {
    const runs = [];
    for (const { event } of events) {
      const last = runs.at(-1);
      if (last?.type === event.type) last.times++;
      else runs.push({ type: event.type, times: 1 });
    }
    return runs.map(({ type, times }) => (times === 1 ? type : `${type}×${times}`)).join(" ");
  }

  Object.assign(lab, { tell, within, inShort });
}
