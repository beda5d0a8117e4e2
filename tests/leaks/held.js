// The memory and the objects of a page after a garbage collection.

/** Calls the browser's developer tools. */
const tools = ({ driver }, command, parameters = {}) => driver.sendAndGetDevToolsCommand(command, parameters);

/** The value of an expression in the page. Unlike `browser.run`, it leaves nothing there that would be counted. */
export async function evaluate(browser, expression) {
  const options = { awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await tools(browser, "Runtime.evaluate", { expression, ...options });
  if (exceptionDetails) throw new Error(`in the page: ${exceptionDetails.exception?.description}`);
  return result.value;
}

export async function collectGarbage(browser) {
  // Finalizers may release more, which only the next collection frees.
  for (let round = 0; round < 3; round++) {
    await tools(browser, "HeapProfiler.collectGarbage");
    await evaluate(browser, "new Promise((resolve) => setTimeout(resolve))");
  }
}

export async function held(browser) {
  await collectGarbage(browser);
  const heap = await tools(browser, "Runtime.getHeapUsage");
  await tools(browser, "Performance.enable");
  const { metrics } = await tools(browser, "Performance.getMetrics");
  const metric = (wanted) => metrics.find(({ name }) => name === wanted).value;
  return {
    /** Bytes: of JavaScript's objects, of what the browser has for them, and of WebAssembly's memory. */
    heap: heap.usedSize + heap.backingStorageSize,
    browser: heap.embedderHeapUsedSize,
    wasm: await evaluate(browser, "lab.memoryBytes()"),
    /** How many of the page's listeners are there, and of its objects that are up to something, such as connections. */
    listeners: metric("JSEventListeners"),
    active: metric("ContextLifecycleStateObservers"),
  };
}
