/**
 * Cuts a stream of bytes into lines.
 */

/** Gives the function to feed chunks to; `take` gets each whole line without its end. */
export function lineSplitter(take: (line: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const parts = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = parts.indexOf(10); at >= 0; at = parts.indexOf(10, from)) {
      take(parts.subarray(from, at).toString('utf8'));
      from = at + 1;
    }
    rest = Buffer.from(parts.subarray(from));
  };
}
