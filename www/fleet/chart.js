import { element, say } from "../elements.js";

/** How many values a chart shows: a minute, with one a second. */
const LENGTH = 60;

const SVG = "http://www.w3.org/2000/svg";

/** A small chart of the last minute, with a line at the most that is allowed. */
export class Chart {
  /** @type {number[]} */
  #values = [];
  #limit;
  #title;
  #value = element("strong", {}, "–");
  #area = shape("path", { class: "area" });
  #line = shape("path", { class: "curve" });
  #picture;

  /**
   * @param {string} title
   * @param {number} limit - the most that is allowed
   */
  constructor(title, limit) {
    this.#title = title;
    this.#limit = limit;
    const top = limit * 1.25;
    const most = shape("path", { class: "most", d: `M0 ${top - limit}H${LENGTH - 1}` });
    const attributes = { viewBox: `0 0 ${LENGTH - 1} ${top}`, preserveAspectRatio: "none", role: "img" };
    this.#picture = shape("svg", attributes, this.#area, most, this.#line);
    this.element = element(
      "figure",
      { class: "chart" },
      element("figcaption", {}, element("span", {}, title), element("span", {}, this.#value, ` of ${limit}`)),
      this.#picture,
    );
    this.#describe();
  }

  /** @param {number} value - the next one */
  add(value) {
    this.#values = [...this.#values, value].slice(-LENGTH);
    say(this.#value, String(value));
    const d = this.#path();
    this.#line.setAttribute("d", d);
    this.#area.setAttribute("d", `${d}V${this.#limit * 1.25}H${LENGTH - this.#values.length}Z`);
    this.#describe();
  }

  #path() {
    const y = (value) => this.#limit * 1.25 - Math.min(value, this.#limit * 1.2);
    const first = LENGTH - this.#values.length;
    return this.#values.map((value, index) => `${index ? `H${first + index}V` : `M${first} `}${y(value)}`).join("");
  }

  #describe() {
    const most = this.#values.length ? Math.max(...this.#values) : 0;
    this.#picture.setAttribute("aria-label", `${this.#title} in the last minute: at most ${most} of ${this.#limit}`);
  }
}

function shape(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}
