import "./cvm-state.js";

const form = document.getElementById("request");
const cvm = document.getElementById("cvm");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const shown = cvm.querySelector("cvm-state") ?? document.createElement("cvm-state");
  shown.className = "cvm";
  shown.setAttribute("cvm-id", form.elements.id.value);
  shown.setAttribute("target", form.elements.target.value);
  if (!shown.isConnected) cvm.replaceChildren(shown);
});

document.getElementById("unmount").addEventListener("click", () => {
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.textContent = "Nothing is in the document, so nothing is watched.";
  cvm.replaceChildren(hint);
});
