const process = require("node:process");
const { createClient } = require("cvm-watch");
const { check } = require("./check.js");

const baseURL = process.argv.at(-1);
check(baseURL).then(async (outcome) => {
  // One module for who requires it and who imports it.
  await createClient({ baseURL }).getCvmState({ id: "my-app" });
  console.log(JSON.stringify(outcome));
});
