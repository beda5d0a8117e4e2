// What a page downloads, beside the published SDK.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/shell.js";
import { sizes } from "../scripts/size.js";
import { figure, table } from "./table.js";

export const title = "Size";

/** To reach, in bytes of brotli. */
const GOALS = { "cvm-watch": 43_000, "cvm-watch/url": 41_500 };
const PEERS = ["phala-cloud", "fetch-event-source", "eventsource-client"];

/** The peers are bundled as for all other parts; they are served compressed by brotli 11, too. */
export async function measure({ files }) {
  const ours = Object.entries(await sizes());
  const theirs = PEERS.map((peer) => [peer, files[`/${peer}.js`].length]);
  const rows = ours.flatMap(([entry, parts]) =>
    Object.entries(parts)
      .filter(([part, { raw }]) => raw > 0 && !(part === "sum" && parts.wasm.raw === 0))
      .map(([part, { raw, brotli, gzip }]) => [`${entry}, ${part}`, ...[raw, brotli, gzip].map(bytes)]),
  );
  const ratios = theirs.map(([peer, size]) => [
    peer,
    bytes(size),
    ...ours.map(([, { sum }]) => figure(sum.brotli / size)),
  ]);
  const heads = ["brotli 11", ...ours.map(([entry]) => `${entry} ÷ it`)];
  return {
    goals: ours.map(goal),
    text: [table(["bytes", "raw", "brotli 11", "gzip 9"], rows), table(["", ...heads], ratios)].join("\n\n"),
  };
}

const bytes = (count) => count.toLocaleString("en");

function goal([entry, { sum }]) {
  const { [entry]: budget } = JSON.parse(readFileSync(join(root, "size-budget.json"), "utf8"));
  const more = `budget in CI: ${bytes(budget.brotli)}`;
  return { goal: `${entry}, bytes of brotli`, figure: sum.brotli, limit: GOALS[entry], more };
}
