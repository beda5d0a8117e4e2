// What runs in the page. These functions go there as text: they use nothing but their arguments and the lab.

/** Plays watches, a few at a time, and tells how each went. */
export async function play(plays, players) {
  const watches = [];
  const outcomes = [];
  const next = plays.entries();
  const worker = async () => {
    for (const [i, { request, config }] of next) {
      watches[i] = lab.begin(request, config);
      outcomes[i] = await lab.tell(watches[i]);
    }
  };
  await Promise.all(Array.from({ length: players }, worker));
  return outcomes.map((outcome, i) => ({ ...outcome, late: watches[i].events.length - outcome.heard }));
}

/** Adds to the lab what tells of a watch in few words. */
export function install() {
  const within = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** How a watch went, once it has settled. One that takes minutes, however busy the machine, hangs. */
  async function tell({ events, settled, began, controller }) {
    const outcome = await Promise.race([settled, within(120_000)]);
    if (!outcome) {
      controller.abort();
      return { hung: true, heard: events.length, events: inShort(events) };
    }
    const { state, error, at } = outcome;
    return {
      state: state && Object.fromEntries(Object.entries(state).map(([name, value]) => [name, short(value)])),
      error,
      heard: events.length,
      events: inShort(events),
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
