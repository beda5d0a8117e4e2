import { onChoose } from "../choose.js";
import "./cvm-state.js";

const cvm = document.getElementById("cvm");

onChoose((id) => {
  if (id === undefined) return cvm?.replaceChildren();
  const element = cvm?.querySelector("cvm-state") ?? document.createElement("cvm-state");
  element.setAttribute("cvm-id", id);
  element.setAttribute("target", "running");
  if (!element.isConnected) cvm?.replaceChildren(element);
});
