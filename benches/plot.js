// Line plots as SVG: small, readable on a light and on a dark page, from the width of a phone on.

const [WIDTH, HEIGHT] = [640, 420];
const BOX = { left: 92, right: WIDTH - 24, top: 96, bottom: HEIGHT - 70 };

const STYLE = `
  text { font: 17px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 20px; font-weight: 600 }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .s0 { stroke: #0550ae } .s1 { stroke: #bc4c00; stroke-dasharray: 8 4 } .s2 { stroke: #6e7781; stroke-dasharray: 2 4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .grid { stroke: #3d444d }
    .s0 { stroke: #79c0ff } .s1 { stroke: #ffa657 } .s2 { stroke: #b1bac4 }
  }`;

/** An axis has a `label`, the `ticks` that it shows from end to end, and may be logarithmic (`log`). */
export function plot({ title, x, y, series }) {
  const across = scale(x, BOX.left, BOX.right);
  const up = scale(y, BOX.bottom, BOX.top);
  const parts = [
    text(24, 34, title, { class: "title" }),
    ...legend(series),
    ...y.ticks.flatMap((tick) => [
      `<path class="grid" d="M${BOX.left} ${up(tick)}H${BOX.right}"/>`,
      text(BOX.left - 10, up(tick) + 6, short(tick), { "text-anchor": "end" }),
    ]),
    ...x.ticks.map((tick) => text(across(tick), BOX.bottom + 26, short(tick), { "text-anchor": "middle" })),
    text((BOX.left + BOX.right) / 2, HEIGHT - 14, x.label, { "text-anchor": "middle" }),
    text(-(BOX.top + BOX.bottom) / 2, 22, y.label, { "text-anchor": "middle", transform: "rotate(-90)" }),
    ...series.map(({ points }, i) => `<path class="line s${i}" d="M${points.map(at).join("L")}"/>`),
  ];
  const size = `viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"`;
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="${escaped(title)}">`;
  return `${head}\n<style>${STYLE}\n</style>\n${parts.join("\n")}\n</svg>\n`;

  function at([valueX, valueY]) {
    return `${across(valueX)} ${up(valueY)}`;
  }
}

/** The place of a value in the plot. A value beyond the end of the axis is drawn at that end. */
function scale({ ticks, log }, from, to) {
  const position = log ? Math.log10 : (value) => value;
  const [low, high] = [ticks[0], ticks.at(-1)];
  return (value) => {
    const inside = Math.min(high, Math.max(low, value));
    const share = (position(inside) - position(low)) / (position(high) - position(low));
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
}

function legend(series) {
  let left = 24;
  return series.flatMap(({ name }, i) => {
    const entry = [`<path class="line s${i}" d="M${left} 63h34"/>`, text(left + 42, 69, name)];
    left += 42 + name.length * 9 + 24;
    return entry;
  });
}

function text(x, y, content, attributes = {}) {
  const more = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<text x="${x}" y="${y}"${more.join("")}>${escaped(content)}</text>`;
}

const short = (value) => (value >= 1000 ? `${value / 1000}k` : String(value));
const escaped = (content) => content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

/** Ticks from 0 to at least `most`, at round numbers. */
export function roundTicks(most) {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
