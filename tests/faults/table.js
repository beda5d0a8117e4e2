// The table of faults: the expected results (for the docs), and the actual ones (for the terminal).

import { engines } from "../e2e/engines.js";
import { applies } from "./check.js";
import { TRANSPORTS } from "./faults.js";

export const columns = Object.keys(engines).flatMap((engine) => TRANSPORTS.map((transport) => ({ engine, transport })));

/** Reasons for what is different in an engine, numbered as they come up. */
class Notes {
  #reasons = [];

  /** The number of a reason. */
  number(reason) {
    if (!this.#reasons.includes(reason)) this.#reasons.push(reason);
    return this.#reasons.indexOf(reason) + 1;
  }

  lines(format) {
    return this.#reasons.map((reason, i) => format(i + 1, reason));
  }
}

/** Why a cell differs from the rest of its row, if it does. */
function reasonOf({ but = [], unable }, { engine, transport }) {
  return unable?.(engine) || but.find((difference) => applies(difference, transport, engine))?.because;
}

/** The actual results, for the terminal; `results` has an error or undefined for each cell that was run. */
export function table(faults, results) {
  const notes = new Notes();
  const rows = faults.map((fault) => {
    const cells = columns.map((column) => {
      const key = cell(fault, column);
      if (results.get(key)) return "FAIL";
      const mark = results.has(key) ? "pass" : "–";
      const reason = reasonOf(fault, column);
      return reason ? `${mark} [${notes.number(reason)}]` : mark;
    });
    return [fault.name, ...cells];
  });
  const heads = [
    ["", ...columns.map(({ engine }) => engines[engine].title)],
    ["fault", ...columns.map(({ transport }) => transport)],
  ];
  const all = [...heads, ...rows];
  const widths = all[0].map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const lines = all.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i]))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, "", ...notes.lines((number, reason) => `[${number}] ${reason}`)].join("\n");
}

export const cell = ({ name }, { engine, transport }) => `${name} / ${engine} / ${transport}`;

/** The expected results, for the page in the docs. */
export function docsTable(faults) {
  const notes = new Notes();
  const rows = faults.map((fault) => {
    const cells = columns.map((column) => {
      if (!fault.transports.includes(column.transport)) return "–";
      const reason = reasonOf(fault, column);
      const mark = fault.unable?.(column.engine) ? "–" : "✓";
      return reason ? `${mark} [${notes.number(reason)}]` : mark;
    });
    return [fault.name, inWords(fault), ...cells];
  });
  const titles = columns.map(({ engine, transport }) => `${engines[engine].title}, ${transport}`);
  const heads = [
    ["fault", "what comes of it", ...titles],
    ["---", "---", ...columns.map(() => "---")],
  ];
  const lines = [...heads, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [...lines, "", ...notes.lines((number, reason) => `${number}. ${reason}`)].join("\n");
}

/** The expected result of a fault. */
function inWords({ comes }) {
  if (typeof comes === "string") return comes;
  const events = comes.events.split(" ").map((event) => event.replace(/^[a-z]+/, "`$&`"));
  return `${comes.error ? `\`${comes.error}\`` : "resolves"}; the callback hears ${events.join(", ")}`;
}
