/** Values that exist by construction, which types cannot express. Pure. */

/** Returns the value; a missing one is a bug and throws. */
export function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new Error("A value is missing that must be there.");
  return value;
}
