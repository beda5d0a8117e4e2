/**
 * Calls `show` with the CVM's id when one is chosen, and with undefined when none is shown any more.
 *
 * @param {(id: string | undefined) => void} show
 */
export function onChoose(show) {
  const form = /** @type {HTMLFormElement} */ (document.getElementById("request"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(String(new FormData(form).get("id")));
  });
  document.getElementById("unmount")?.addEventListener("click", () => show(undefined));
}
