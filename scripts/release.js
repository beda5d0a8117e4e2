// `npm run release:check`: a dry run of a release. It changes nothing and sends nothing.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setUpBuild } from "./setup.js";
import { fail, isMain, npm, output, root, run, step } from "./shell.js";

const FILES = ["package.json", "package-lock.json", "Cargo.toml", "Cargo.lock", "CHANGELOG.md"];

/** The reasons why the project's files are not ready for a release. */
export function faultsOf(files) {
  const { version } = JSON.parse(files["package.json"]);
  const crate = /^name = "cvm-watch"\nversion = "(.*)"$/m;
  const versions = {
    "package-lock.json": JSON.parse(files["package-lock.json"]).version,
    "Cargo.toml": files["Cargo.toml"].match(crate)?.[1],
    "Cargo.lock": files["Cargo.lock"].match(crate)?.[1],
  };
  const faults = Object.entries(versions)
    .filter(([, other]) => other !== version)
    .map(([file, other]) => `${file} has the version ${other}, and package.json ${version}`);
  const section = sectionOf(files["CHANGELOG.md"], version);
  if (section === undefined) {
    faults.push(
      `CHANGELOG.md has no section for ${version} with a date: rename "Unreleased" to "${version} – YYYY-MM-DD"`,
    );
  } else if (!/^- /m.test(section)) faults.push(`CHANGELOG.md says nothing about ${version}`);
  return faults;
}

/** The text of a version's section: `## 1.2.3 – 2026-11-26`. */
function sectionOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  return sections.find((section) => /^ – \d{4}-\d\d-\d\d$/.test(section.split("\n")[0].replace(version, "")));
}

if (isMain(import.meta.url)) {
  const files = Object.fromEntries(FILES.map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const faults = faultsOf(files);
  if (existsSync(join(root, ".git")) && output("git", "status", "--porcelain") !== "") {
    faults.push("there are changes that are not committed: `git status` lists them");
  }
  if (faults.length > 0) fail(`this is not ready for a release:\n  ${faults.join("\n  ")}`);
  await setUpBuild();
  await step("what npm would publish (it builds first)", () => npm(["pack", "--dry-run"]));
  await step("what cargo would publish", () =>
    run("cargo", ["package", "--quiet", "--locked", "--package", "cvm-watch"]),
  );
  console.log("\nready for a release");
}
