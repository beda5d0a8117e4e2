// A test as an app has it: it calls the app's code, which watches.

import { writeFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "../runner.js";
import { check } from "../src/check.js";

test("waits, and gives up", async () => {
  const outcome = await check(process.env.API_URL);
  expect(outcome.givenUp).toBe("the watch was cancelled");
  writeFileSync("outcome.json", JSON.stringify(outcome));
}, 30_000);
