import { check } from "./check.js";

const baseURL = new URLSearchParams(location.search).get("baseURL");
const show = (outcome) => {
  document.querySelector("#outcome").textContent = JSON.stringify(outcome);
};
check(baseURL).then(show, (error) => show(String(error?.stack ?? error)));
