/** The one line of a run that had nothing to do. By itself, since that run loads nothing else. */

/** `312 fresh, nothing to do (0.14 s)` */
export function nothingToDo(fresh: number, milliseconds: number): string {
  return `${fresh} fresh, nothing to do (${(milliseconds / 1000).toFixed(2)} s)`;
}
