import { createClient } from "cvm-watch";

export const client = createClient({ baseURL: "/api/v1" });
