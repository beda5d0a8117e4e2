"use client";

import { createClient } from "cvm-watch";
import { useState } from "react";
import { Views } from "./react-views.js";

/** Rendered on the server too, with the address of the API: a request could be made there. */
export function ClientViews({ baseURL }) {
  const [client] = useState(() => createClient({ baseURL }));
  return <Views client={client} />;
}
