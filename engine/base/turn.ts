/**
 * A pause for what goes on outside. Knows nothing of what that is.
 */

/** After what has happened outside meanwhile was heard of, and what was to be sent is on its way. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
