"use client";

import { useEffect, useState } from "react";
import { check } from "../src/check";

export function Outcome() {
  const [outcome, setOutcome] = useState("rendered on the server");
  useEffect(() => {
    const baseURL = new URLSearchParams(location.search).get("baseURL");
    check(baseURL).then(setOutcome, (error) => setOutcome(String(error?.stack ?? error)));
  }, []);
  return <pre id="outcome">{JSON.stringify(outcome)}</pre>;
}
