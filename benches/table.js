/** A table in Markdown: names to the left, figures to the right. */
export function table([first, ...heads], rows) {
  const lines = rows.map((row) => row.join(" | "));
  return [[first, ...heads].join(" | "), `---${heads.map(() => "|---:").join("")}`, ...lines]
    .map((line, i) => (i === 1 ? `|${line}|` : `| ${line} |`))
    .join("\n");
}

/** A number with about three digits that mean something. */
export function figure(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
