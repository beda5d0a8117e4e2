/** The value's field of that name, if it is a string. */
export function textOf(value, name) {
  const text = value?.[name];
  return typeof text === "string" ? text : undefined;
}
