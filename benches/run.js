// `npm run bench` measures everything, side by side with what people use today, in real Chromium, and writes RESULTS.md
// and the plots. `npm run bench -- latency` (or another part) runs one part, and renews its section alone.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { build } from "../scripts/build.js";
import { npmPackages, setUpBuild } from "../scripts/setup.js";
import { fail, help, output, root, seconds, timed } from "../scripts/shell.js";
import { startBrowser } from "./browser.js";
import { bundle } from "./bundle.js";
import { figure, table } from "./table.js";

const folder = join(root, "benches");
const results = join(folder, "RESULTS.md");

/** In the order of RESULTS.md. */
const PARTS = ["size", "cold-start", "latency", "throughput", "scale", "limit", "herd"].filter((part) =>
  existsSync(join(folder, `${part}.js`)),
);

const HOW_TO_READ = `\
\`npm run bench\` writes this page. Times are of this machine, which other work may disturb: what counts is how they
compare. So contenders take turns, each figure is a median of several rounds, and ratios are medians of the rounds' own.
"CPU" is what the page's main thread has computed, which waiting for a busy machine does not change. \`event-source\` and
\`fetch-loop\` are what a page would write by hand; they do less: no check, no retry, no timeout.`;

help(`Measures everything, or the parts that are named, and writes benches/RESULTS.md.

Usage: npm run bench -- [PART…]

Parts: ${PARTS.join(", ")}`);
const given = process.argv.slice(2);
const unknown = given.find((part) => !PARTS.includes(part));
if (unknown) fail(`there is no part "${unknown}": choose from ${PARTS.join(", ")}`);

await setUpBuild();
await npmPackages(folder);
await build();
const files = await bundle();
const sections = readSections();
const began = performance.now();
let version;
for (const part of PARTS.filter((part) => given.length === 0 || given.includes(part))) {
  const { title, measure } = await import(`./${part}.js`);
  // A browser of its own: no part is affected by another.
  const browser = await startBrowser();
  version = await browser.version();
  try {
    sections[part] = section(part, title, await timed(title, () => measure({ browser, files })));
  } finally {
    await browser.stop();
  }
  console.log(`\n${sections[part]}\n`);
  write();
}
console.log(`everything is measured, in ${seconds(performance.now() - began)}: see benches/RESULTS.md`);

/** The sections of an earlier run by their parts. */
function readSections() {
  const text = existsSync(results) ? readFileSync(results, "utf8") : "";
  const found = text.split(/^(?=## )/m).slice(1);
  return Object.fromEntries(found.map((section) => [section.match(/<!-- ([\w-]+) -->/)[1], section.trimEnd()]));
}

function section(part, title, { goals, text, plots = {} }) {
  mkdirSync(join(folder, "plots"), { recursive: true });
  for (const [name, svg] of Object.entries(plots)) writeFileSync(join(folder, "plots", `${name}.svg`), svg);
  const rows = goals.map(({ goal, figure: reached, limit, more }) => {
    const isMet = reached <= limit;
    return [goal, figure(reached), `≤ ${limit.toLocaleString("en")}`, more ?? "", isMet ? "met" : "**missed**"];
  });
  const when = `${new Date().toISOString().slice(0, 10)}, commit ${output("git", "rev-parse", "--short", "HEAD") ?? "unknown"}`;
  const how = `Measured on ${when}. Again: \`npm run bench -- ${part}\``;
  const verdicts = table(["goal", "reached", "to reach", "", ""], rows);
  return [`## ${title}`, `<!-- ${part} -->\n${how}`, verdicts, text].join("\n\n");
}

/** The results so far are kept, even if a later part fails. */
function write() {
  const head = `# What it costs, and what others cost\n\n${machine()}\n\n${HOW_TO_READ}`;
  const all = PARTS.filter((part) => part in sections).map((part) => sections[part]);
  writeFileSync(results, `${[head, ...all].join("\n\n")}\n`);
}

function machine() {
  const { devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const peers = Object.entries(devDependencies).map(([name, version]) => `${name} ${version}`);
  const gigabytes = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const computer = `${cpus().length} × ${cpus()[0].model.trim()}, ${gigabytes}, ${process.platform}`;
  return [computer, version, `Node ${process.versions.node}`, output("rustc", "--version"), ...peers].join("; ");
}
