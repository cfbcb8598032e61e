/**
 * Names and values ↔ an object that knows the order of its names.
 *
 * JavaScript moves names such as "2026" to the front of an object. A result keeps the order of its
 * SELECT, so such an object's names are remembered here. A copy (`{ ...row }`) is not.
 */

const namesOf = new WeakMap<object, readonly string[]>();
const INTEGER = /^(0|[1-9]\d*)$/; // the names that JavaScript moves

/** Makes an object of names and their values. */
export function orderedObject(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  const made = Object.fromEntries(names.map((name, i) => [name, values[i]]));
  if (names.some((name) => INTEGER.test(name))) namesOf.set(made, [...names]);
  return made;
}

/** The names of an object, in the order that its maker gave. */
export function keysOf(object: object): readonly string[] {
  return namesOf.get(object) ?? Object.keys(object);
}
