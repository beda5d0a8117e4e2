import { createClient } from "cvm-watch";
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Views } from "./react-views.js";

const client = createClient({ baseURL: new URLSearchParams(location.search).get("baseURL") });
const views = createElement(StrictMode, null, createElement(Views, { client }));
createRoot(document.querySelector("#app")).render(views);
