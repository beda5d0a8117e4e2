// The size of the screen, the colour scheme and the motion that a page is shown with, and axe's findings in it.

import axe from "axe-core";

/** The screens that each page is made for. */
export const screens = ["light", "dark"].flatMap((scheme) => [
  { width: 400, height: 800, scheme },
  { width: 1400, height: 900, scheme },
]);

/** Shows pages on such a screen from now on; without one, as the browser itself does. */
export async function setScreen(driver, screen) {
  const { width, height, scheme = "", motion = "" } = screen ?? {};
  const features = [
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: motion },
  ];
  await driver.sendDevToolsCommand("Emulation.setEmulatedMedia", { features });
  if (!screen) return driver.sendDevToolsCommand("Emulation.clearDeviceMetricsOverride");
  const metrics = { width, height, deviceScaleFactor: 1, mobile: width < 1000 };
  await driver.sendDevToolsCommand("Emulation.setDeviceMetricsOverride", metrics);
}

/** What axe finds: a line for each place. */
export async function violations(driver) {
  await driver.executeScript(axe.source);
  return driver.executeAsyncScript((done) => {
    const lines = ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`);
    // A colour that fades in is not yet the final one.
    const settled = Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
    const run = () => axe.run().then(({ violations }) => done(violations.flatMap(lines)));
    Promise.race([settled, new Promise((resolve) => setTimeout(resolve, 2000))]).then(run);
  });
}

/** Whether anything has to be scrolled sideways. */
export function isTooWide(driver) {
  return driver.executeScript(() => document.documentElement.scrollWidth > innerWidth);
}
