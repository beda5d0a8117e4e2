export class WatchError extends Error {
  constructor(message, attempts, lastState, options) {
    super(message, options);
    this.attempts = attempts;
    if (lastState !== undefined) this.lastState = lastState;
  }
}

export class WatchAbortedError extends WatchError {
  constructor(message, attempts, lastState, reason) {
    super(message, attempts, lastState, { cause: reason });
  }
}

export class MaxRetriesExceededError extends WatchError {
  constructor(message, attempts, lastState, cause) {
    super(message, attempts, lastState, { cause });
  }
}

export class RequestError extends WatchError {
  constructor(message, attempts, lastState, status, detail) {
    super(message, attempts, lastState);
    this.status = status;
    if (detail !== undefined) this.detail = detail;
  }
}

export class ValidationError extends WatchError {
  constructor(message, validationErrors, attempts, lastState, cause) {
    super(message, attempts, lastState, cause === undefined ? undefined : { cause });
    this.validationErrors = validationErrors;
  }
}

// As the built-in classes have it; written out, since minifiers rename classes.
const classes = { WatchError, WatchAbortedError, MaxRetriesExceededError, RequestError, ValidationError };
for (const [value, { prototype }] of Object.entries(classes)) {
  Object.defineProperty(prototype, "name", { value, configurable: true, writable: true });
}
