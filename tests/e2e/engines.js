// The browser engines, and how each is started with its driver.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Builder, Capabilities } from "selenium-webdriver";
import { findFreePort } from "selenium-webdriver/net/portprober.js";
import { startChild } from "./child.js";

/** The same flags as wasm-pack's browser has. */
const webdriver = JSON.parse(readFileSync(new URL("../../webdriver.json", import.meta.url), "utf8"));

/** `variable` names the environment's variable that says where the driver is, if it is not on the PATH. */
export const engines = {
  chromium: {
    title: "Chromium",
    driver: "chromedriver",
    variable: "CHROMEDRIVER",
    capabilities: { browserName: "chrome", ...webdriver, "goog:loggingPrefs": { browser: "ALL" } },
  },
  firefox: {
    title: "Firefox",
    driver: "geckodriver",
    variable: "GECKODRIVER",
    capabilities: { browserName: "firefox", "moz:firefoxOptions": { args: ["-headless"] } },
  },
  webkit: {
    title: "WebKitGTK",
    driver: "WebKitWebDriver",
    variable: "WEBKITDRIVER",
    capabilities: {
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": { binary: miniBrowser(), args: ["--automation"] },
    },
    // It has no headless mode.
    needsDisplay: true,
  },
};

/** Starts an engine's driver, and with it the browser; on a busy machine that may take longer than the driver waits. */
export async function startEngine(name, capabilities) {
  for (let tries = 3; ; ) {
    try {
      return await tryToStart({ ...engines[name], more: capabilities });
    } catch (error) {
      if (--tries === 0) throw error;
    }
  }
}

async function tryToStart({ driver: program, variable, capabilities, more, needsDisplay }) {
  const display = needsDisplay && (await startDisplay());
  const server = await startDriver(process.env[variable] ?? program, display && { DISPLAY: display.name });
  const stop = () => {
    // A driver whose session has failed may leave its browser behind.
    for (const pid of descendants(server.process.pid)) end(pid);
    server.process.kill();
    display?.process.kill();
  };
  try {
    const driver = await new Builder()
      .usingServer(server.url)
      .withCapabilities(new Capabilities({ ...capabilities, ...more }))
      .build();
    return { driver, stop, processes: () => descendants(server.process.pid) };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Where Debian puts WebKitGTK's own small browser, if it is there. */
export function miniBrowser() {
  const roots = ["/usr/lib", "/usr/libexec"].flatMap((lib) => [lib, ...folders(lib)]);
  const candidates = roots
    .flatMap((root) => folders(root, /^webkit2gtk-\d/))
    .map((folder) => join(folder, "MiniBrowser"));
  return candidates.find(existsSync);
}

function folders(parent, pattern = /-linux-/) {
  if (!existsSync(parent)) return [];
  return readdirSync(parent)
    .filter((name) => pattern.test(name))
    .map((name) => join(parent, name));
}

async function startDriver(program, env) {
  const port = await findFreePort("127.0.0.1");
  const isRoot = process.getuid?.() === 0;
  const process_ = startChild(program, [`--port=${port}`], {
    stdio: "ignore",
    // WebKit's sandbox, like Chromium's, does not work for root.
    env: { ...process.env, ...env, ...(isRoot && { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" }) },
  });
  const url = `http://127.0.0.1:${port}`;
  await listening(process_, `${url}/status`);
  return { process: process_, url };
}

/** Waits until a driver answers. */
async function listening(driver, url) {
  let failure;
  driver.once("error", (error) => {
    failure = error;
  });
  driver.once("exit", (code) => {
    failure = new Error(`${driver.spawnfile} has ended with exit code ${code}`);
  });
  for (;;) {
    if (failure) throw failure;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A virtual screen, on a free display. */
async function startDisplay() {
  const args = ["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"];
  const process_ = startChild("Xvfb", args, { stdio: ["ignore", "pipe", "ignore"] });
  const number = await new Promise((resolve, reject) => {
    createInterface({ input: process_.stdout }).once("line", resolve);
    process_.once("error", reject);
    process_.once("exit", (code) => reject(new Error(`Xvfb has ended with exit code ${code}`)));
  });
  return { process: process_, name: `:${number}` };
}

function end(pid) {
  try {
    process.kill(pid);
  } catch {
    // It has ended meanwhile.
  }
}

/** The processes that a process has started, and those that they have; none where the system does not tell. */
function descendants(ancestor) {
  if (!existsSync("/proc")) return [];
  const parents = new Map();
  for (const pid of readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const parent = parentOf(pid);
    if (parent) parents.set(pid, parent);
  }
  const found = [];
  for (let generation = [ancestor]; generation.length > 0; ) {
    generation = [...parents].filter(([, parent]) => generation.includes(parent)).map(([pid]) => pid);
    found.push(...generation);
  }
  return found;
}

function parentOf(pid) {
  try {
    // "pid (name) state parent …", and the name may hold anything.
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[1]);
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
