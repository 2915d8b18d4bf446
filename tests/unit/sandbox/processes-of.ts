/**
 * Processes as tests see them: who descends from whom, who is still there.
 */
import fs from 'node:fs';

export interface Seen {
  readonly pid: number;
  readonly name: string;
  /** Tells a process from a later one with its id. */
  readonly started: string;
}

interface Row extends Seen {
  readonly parent: number;
  readonly state: string;
}

function rowOf(pid: string): Row[] {
  try {
    const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    const [state = '', parent = ''] = fields;
    return [{pid: Number(pid), name, state, parent: Number(parent), started: fields[19] ?? ''}];
  } catch {
    return [];
  }
}

function rows(): Row[] {
  return fs.readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? rowOf(name) : []));
}

/** All below a process, itself left out. */
export function descendants(of: number): Seen[] {
  const all = rows();
  const found: Row[] = [];
  for (let parents = new Set([of]); parents.size > 0;) {
    const children = all.filter((row) => parents.has(row.parent));
    found.push(...children);
    parents = new Set(children.map((row) => row.pid));
  }
  return found;
}

/** Of some processes seen before, those that are still there; zombies are gone. */
export function alive(seen: readonly Seen[]): Seen[] {
  const all = new Map(rows().map((row) => [row.pid, row]));
  return seen.filter(({pid, started}) => {
    const now = all.get(pid);
    return now !== undefined && now.started === started && !/[ZX]/.test(now.state);
  });
}

/** Asks again and again until the answer is true; false after ten seconds. */
export async function eventually(question: () => boolean): Promise<boolean> {
  for (let tries = 0; tries < 400; tries++) {
    if (question()) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return false;
}
