// The dry run of a release finds what is wrong.

import assert from "node:assert/strict";
import { test } from "node:test";
import { faultsOf } from "../../scripts/release.js";

const crate = 'name = "cvm-watch"\nversion = "1.2.3"\n';
const good = {
  "package.json": '{ "version": "1.2.3" }',
  "package-lock.json": '{ "version": "1.2.3" }',
  "Cargo.toml": `[package]\n${crate}`,
  "Cargo.lock": `[[package]]\nname = "other"\nversion = "9.0.0"\n\n[[package]]\n${crate}`,
  "CHANGELOG.md":
    "# Changelog\n\n## Unreleased\n\n## 1.2.3 – 2026-11-26\n\n- It waits.\n\n## 1.2.2 – 2026-11-01\n\n- Old.\n",
};
const faults = (changed) => faultsOf({ ...good, ...changed });

test("a project that is ready has no faults", () => assert.deepEqual(faultsOf(good), []));

test("each file must have the same version", () => {
  const found = faults({ "package.json": '{ "version": "1.2.4" }' });
  assert.equal(found.length, 4);
  assert.match(found[0], /^package-lock.json has the version 1.2.3, and package.json 1.2.4$/);
  assert.match(faults({ "Cargo.lock": good["Cargo.lock"].replace("1.2.3", "1.2.2") })[0], /^Cargo.lock/);
});

test("the changelog must have a section with a date, which says something", () => {
  const changelog = (text) => faults({ "CHANGELOG.md": text });
  assert.match(changelog("## Unreleased\n\n- It waits.\n")[0], /no section/);
  assert.match(changelog("## 1.2.3\n\n- It waits.\n")[0], /no section/);
  assert.match(changelog("## 11.2.3 – 2026-11-26\n\n- It waits.\n")[0], /no section/);
  assert.match(changelog("## 1.2.3 – 2026-11-26\n\n## 1.2.2 – 2026-11-01\n\n- Old.\n")[0], /says nothing/);
});
