import { createClient } from "cvm-watch";
import { createApp } from "vue";
import { Views } from "./vue-views.js";

const client = createClient({ baseURL: new URLSearchParams(location.search).get("baseURL") });
createApp(Views, { client }).mount("#app");
