/**
 * The keys of a watch: what each of them means, and a terminal that is given back whatever
 * happens. Without a terminal there are none.
 */
import type {Host} from '../base/host.ts';

export type KeyCommand = 'rebuild' | 'quit' | 'log';

const COMMANDS: Readonly<Record<string, KeyCommand>> = {
  r: 'rebuild',
  '\r': 'rebuild',
  '\n': 'rebuild',
  q: 'quit',
  l: 'log',
};

const CTRL_C = '\x03';
const CTRL_Z = '\x1a';

/** Gives the terminal back when the function it gives is called; undefined where there is none. */
export function listenToKeys(
  host: Host,
  obey: (command: KeyCommand) => void,
): (() => void) | undefined {
  let release: (() => void) | undefined;
  const press = (key: string): void => {
    if (key === CTRL_C) return host.raise('SIGINT');
    if (key === CTRL_Z) {
      // Whoever has the terminal next wants it as it was.
      release?.();
      release = undefined;
      return host.raise('SIGTSTP');
    }
    const command = COMMANDS[key];
    if (command !== undefined) obey(command);
  };
  const take = (): (() => void) | undefined =>
    host.stdin.onKeys((keys) => {
      for (const key of keys) press(key);
    });
  release = take();
  if (release === undefined) return undefined;
  // A shell that lets us go on has set the terminal as it likes it.
  const stop = host.onContinue(() => {
    release?.();
    release = take();
  });
  return () => {
    stop();
    release?.();
    release = undefined;
  };
}
