export class WatchError extends Error {
  constructor(message, attempts, lastState, options) {
    super(message, options);
    this.attempts = attempts;
    if (lastState !== undefined) this.lastState = lastState;
  }
}

export class WatchAbortedError extends WatchError {}

export class MaxRetriesExceededError extends WatchError {}

export class RequestError extends WatchError {
  constructor(message, attempts, lastState, status, detail) {
    super(message, attempts, lastState);
    this.status = status;
    if (detail !== undefined) this.detail = detail;
  }
}

export class ValidationError extends WatchError {
  constructor(validationErrors, attempts, lastState, options) {
    super(validationErrors.map(({ field, message }) => `${field} ${message}`).join("; "), attempts, lastState, options);
    this.validationErrors = validationErrors;
  }
}

// As the built-in classes have it; written out, since minifiers rename classes.
const classes = { WatchError, WatchAbortedError, MaxRetriesExceededError, RequestError, ValidationError };
for (const [value, { prototype }] of Object.entries(classes)) {
  Object.defineProperty(prototype, "name", { value, configurable: true, writable: true });
}

// What WebAssembly makes.

/** The kinds that have nothing of their own but a cause, in the order in which WebAssembly counts all kinds. */
const CAUSED = [WatchError, WatchAbortedError, MaxRetriesExceededError];
const REQUEST_ERROR = 3;
const TIMEOUT = 4;

export function makeError(kind, message, attempts, lastState, cause, status) {
  if (kind in CAUSED) return new CAUSED[kind](message, attempts, lastState, { cause });
  if (kind === REQUEST_ERROR) return new RequestError(message, attempts, lastState, status, cause);
  // How an attempt failed; as a DOMException for a time-out is called.
  const error = new Error(message);
  if (kind === TIMEOUT) error.name = "TimeoutError";
  return error;
}
