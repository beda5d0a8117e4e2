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

/** Classes that have nothing of their own but a cause. */
const CAUSED = [WatchError, WatchAbortedError, MaxRetriesExceededError];

export function makeError(index, message, attempts, lastState, cause) {
  return new CAUSED[index](message, attempts, lastState, { cause });
}

export function makeRequestError(message, attempts, lastState, status, detail) {
  return new RequestError(message, attempts, lastState, status, detail);
}

export function makeValidationError(errors, attempts, lastState, options) {
  return new ValidationError(errors, attempts, lastState, options);
}

/** The list of errors, and another. */
export const withFieldError = (errors = [], field, message) => [...errors, { field, message }];

/** How an attempt failed. */
export function makeFailure(message, isTimeout) {
  const error = new Error(message);
  // As a DOMException for a time-out is called.
  if (isTimeout) error.name = "TimeoutError";
  return error;
}
