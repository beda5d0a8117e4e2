// The main thread's time by kind of code, from the browser's own sampling profiler.

/** Kinds of code; what the profiler calls "program" is everything that is not JavaScript or WebAssembly. */
export const KINDS = ["the browser's own code", "JavaScript and the glue", "WebAssembly", "garbage collection"];

/** Profiles an action of the page: the main thread's ms, and each kind's share of them. */
export async function profile(page, action) {
  await page.send("Profiler.enable");
  await page.send("Profiler.setSamplingInterval", { interval: 250 });
  await page.send("Profiler.start");
  const before = await page.cpuTime();
  await page.run(action);
  const cpu = (await page.cpuTime()) - before;
  const { profile } = await page.send("Profiler.stop");
  return { cpu, shares: sharesOf(profile) };
}

function sharesOf({ nodes, samples, timeDeltas }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const sums = {};
  for (const [i, id] of samples.entries()) {
    const kind = kindOf(frames.get(id));
    if (kind) sums[kind] = (sums[kind] ?? 0) + timeDeltas[i];
  }
  const all = Object.values(sums).reduce((sum, time) => sum + time, 0);
  return Object.fromEntries(Object.entries(sums).map(([kind, time]) => [kind, time / all]));
}

function kindOf({ functionName, url }) {
  if (functionName === "(idle)") return undefined;
  if (functionName === "(garbage collector)") return KINDS[3];
  if (functionName === "(program)") return KINDS[0];
  return url.startsWith("wasm:") || functionName.startsWith("wasm-") ? KINDS[2] : KINDS[1];
}
