import { copy } from "./clipboard.js";
import { byId, element, say } from "./elements.js";

/** What to paste into the browser's console. Each runs there as it stands. */
const SNIPPETS = [
  {
    title: "Watch a boot",
    code: `const state = await client.watchCvmState({
  id: "my-app", target: "running",
  onEvent: ({ type, status, boot_progress }) => {
    console.log(type, status, boot_progress ?? "");
  },
});
console.log(\`CVM is now \${state.status}\`);`,
  },
  {
    title: "Give up after ten seconds",
    code: `try {
  const signal = AbortSignal.timeout(10_000);
  await client.watchCvmState({
    id: "my-database", target: "stopped", signal,
  });
} catch ({ name, lastState }) {
  console.log(name, "It is", lastState?.status);
}`,
  },
  {
    title: "Follow every state of a CVM",
    code: `const states = client.cvmStates({ id: "my-app" });
for await (const { status, uptime } of states) {
  console.log(status, uptime ?? "");
  if (status === "stopped") break;
}`,
  },
];

/**
 * Greets a user who opens the browser's console.
 *
 * @param {string[]} names - what is there
 */
export function greet(names) {
  console.log(
    `%c cvm-watch %c Everything is here to play with: client, ${names.join(", ")}.`,
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
