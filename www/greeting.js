import { copy } from "./clipboard.js";
import { byId, element, say } from "./elements.js";

/** What to paste into the browser's console; both run there as they stand. */
const SNIPPETS = [
  {
    title: "Watch a boot",
    code: `const state = await client.watchCvmState({
  id: "my-app", target: "running", timeout: 120,
  onEvent: (event) => { console.log(\`Status: \${event.status}, Progress: \${event.boot_progress}\`); },
});
console.log(\`CVM is now \${state.status}\`);`,
  },
  {
    title: "Give up after a minute",
    code: `const controller = new AbortController();
setTimeout(() => controller.abort(), 60_000);
try {
  const state = await client.watchCvmState({ id: "my-app", target: "running", signal: controller.signal });
} catch (error) {
  if (error instanceof WatchAbortedError) { console.log("Watch was cancelled"); }
}`,
  },
];

/** Greets whoever opens the browser's console. */
export function greet() {
  console.log(
    "%c cvm-watch %c Everything is here to play with: client, createClient, watchCvmState and the error classes.",
    "background: #0b6b6b; color: #fff; border-radius: 4px; padding: 2px 4px; font-weight: bold",
    "",
  );
  for (const { title, code } of SNIPPETS) console.log(`%c${title}%c\n\n${code}\n`, "font-weight: bold", "");
}

/** Shows the same snippets in the page, each with a button that copies it. */
export function showSnippets() {
  byId("snippets").append(...SNIPPETS.map(figure));
}

function figure({ title, code }) {
  const button = element("button", { type: "button", class: "small", "aria-label": `Copy: ${title}` }, "Copy");
  button.addEventListener("click", async () => {
    say(byId("snippet-status"), (await copy(code)) ? `Copied: ${title}.` : "The browser refused to copy.");
  });
  return element(
    "figure",
    {},
    element("figcaption", {}, element("span", {}, title), button),
    element("pre", {}, element("code", {}, code)),
  );
}
