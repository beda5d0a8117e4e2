// Why a watch ended without its target. Rust names this file: see values.js.

export class WatchError extends Error {
  constructor(message, { attempts = 0, lastState, ...more } = {}) {
    super(message, "cause" in more ? { cause: more.cause } : undefined);
    this.attempts = attempts;
    if (lastState !== undefined) this.lastState = lastState;
  }
}

export class WatchAbortedError extends WatchError {}

export class MaxRetriesExceededError extends WatchError {}

export class CvmFailedError extends WatchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.state = fields.state;
  }
}

export class RequestError extends WatchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.status = fields.status ?? 0;
    if (fields.code !== undefined) this.code = fields.code;
    if (fields.detail !== undefined) this.detail = fields.detail;
  }
}

export class ValidationError extends WatchError {
  constructor(message, fields = {}) {
    super(message, fields);
    this.validationErrors = fields.validationErrors ?? [];
  }
}

// As the built-in classes have it; written out, since minifiers rename classes.
const kinds = { WatchError, WatchAbortedError, MaxRetriesExceededError, CvmFailedError, RequestError, ValidationError };

/** An error of the class of that name. */
export const makeError = (name, message, fields) => new kinds[name](message, fields);

for (const [value, { prototype }] of Object.entries(kinds)) {
  Object.defineProperty(prototype, "name", { value, configurable: true, writable: true });
}
