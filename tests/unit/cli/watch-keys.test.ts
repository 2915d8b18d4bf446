/** The keys of a watch, and who has the terminal when. */
import test from 'ava';
import type {Host} from '../../../engine/base/host.ts';
import {listenToKeys} from '../../../engine/cli/watch-keys.ts';
import {fakeScreen} from '../../support/screen.ts';

function keyboard(): {host: Host; log: string[]; type: (keys: string) => void; goOn: () => void} {
  const log: string[] = [];
  let listener: ((keys: string) => void) | undefined;
  let goOn: (() => void) | undefined;
  const host: Host = {
    ...fakeScreen().host,
    stdin: {
      isTerminal: true,
      onKeys: (call) => {
        log.push('taken');
        listener = call;
        return () => {
          log.push('given back');
          listener = undefined;
        };
      },
    },
    raise: (signal) => void log.push(signal),
    onContinue: (call) => {
      goOn = call;
      return () => (goOn = undefined);
    },
  };
  return {host, log, type: (keys) => listener?.(keys), goOn: () => goOn?.()};
}

test('each key, also many at once, and those that mean nothing', (t) => {
  const {host, log, type} = keyboard();
  const giveBack = listenToKeys(host, (command) => void log.push(command));
  type('r\r\nxl');
  type('q');
  type('\x03');
  giveBack?.();
  type('r');
  const obeyed = ['rebuild', 'rebuild', 'rebuild', 'log', 'quit', 'SIGINT'];
  t.deepEqual(log, ['taken', ...obeyed, 'given back']);
});

test('a stop gives the terminal back, going on takes it again', (t) => {
  const {host, log, type, goOn} = keyboard();
  const giveBack = listenToKeys(host, (command) => void log.push(command));
  type('\x1a');
  type('r');
  goOn();
  type('r');
  // Stopped from outside: the shell has changed the terminal.
  goOn();
  giveBack?.();
  goOn();
  const again = ['taken', 'rebuild', 'given back', 'taken', 'given back'];
  t.deepEqual(log, ['taken', 'given back', 'SIGTSTP', ...again]);
});

test('without a terminal there are no keys', (t) => {
  t.is(
    listenToKeys(fakeScreen().host, () => t.fail()),
    undefined,
  );
});
