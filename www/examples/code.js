// Shows the code of an example on its page, and where the simulated API is.

for (const code of document.querySelectorAll("code[data-file]")) {
  const response = await fetch(/** @type {HTMLElement} */ (code).dataset.file ?? "");
  code.textContent = await response.text();
}

for (const place of document.querySelectorAll("[data-origin]")) place.textContent = location.origin;
