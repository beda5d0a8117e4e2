/** Whether a value is an abort signal, be it of another frame: only a real one lets itself be asked like this. */
export function isSignal(value) {
  try {
    const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted");
    return typeof get.call(value) === "boolean";
  } catch {
    return false;
  }
}
