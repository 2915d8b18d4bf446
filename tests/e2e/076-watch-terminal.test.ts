/** `watch` at a terminal: its keys, and a terminal that is as it was however it ends. */
import test, {type ExecutionContext} from 'ava';
import {recipe, recipes} from '../support/recipes.ts';
import {processesLike, remains} from '../support/remains.ts';
import {MAIN, Space} from '../support/space.ts';
import {hasScript, Terminal} from '../support/terminal.ts';

const WATCH = `"${process.execPath}" "${MAIN}" watch`;

/** The settings of the terminal around a watch, and how it ended. */
const AROUND = `stty -g > before; ${WATCH} "$@"; echo "status $?"; stty -g > after; echo over`;

function skips(t: ExecutionContext): boolean {
  if (hasScript) return false;
  t.log('skipped: script is missing (package bsdutils)');
  t.pass();
  return true;
}

function restored(t: ExecutionContext, space: Space): void {
  t.is(space.read('after'), space.read('before'));
}

const WAITS = /watching \d+ folders? for changes \(r rebuild, l log, q quit\)/;

test.serial('r and Enter repeat what failed, l shows its log, q ends', async (t) => {
  if (skips(t)) return;
  const steps = 'echo "what it says"\nexit 3\n';
  await using space = Space.create(recipes({'t/bad': {steps}}));
  await using terminal = new Terminal(space, AROUND);
  await terminal.shows(/t\/bad . install failed[^]*?/);
  await terminal.shows(WAITS);
  space.write('recipes/t/good.yaml', recipe('t/good'));
  const shown = await terminal.shows(WAITS);
  t.regex(shown, /recipes\/t\/good\.yaml changed: building t\/good/);
  t.regex(shown, /t\/bad still fails: nothing of it has changed/);
  for (const key of ['r', '\r']) {
    terminal.type(key);
    t.regex(await terminal.shows(WAITS), /t\/bad . install failed/);
  }
  terminal.type('l');
  await terminal.shows(/\.log:\s[^]*what it says/);
  terminal.type('q');
  t.regex(await terminal.shows(/over/), /status 0/);
  restored(t, space);
  await terminal.ended();
  t.deepEqual(remains(space), []);
});

test.serial('Ctrl-C, a signal, and a mistake at the start give the terminal back', async (t) => {
  if (skips(t)) return;
  await using space = Space.create(recipes({'t/a': {}}));
  const ends: readonly (readonly [RegExp, (terminal: Terminal) => void])[] = [
    [/status 130/, (terminal) => terminal.type('\x03')],
    [
      /status 143/,
      () => {
        for (const pid of processesLike(space, /main\.cjs watch *$/)) {
          process.kill(pid, 'SIGTERM');
        }
      },
    ],
  ];
  for (const [status, end] of ends) {
    await using terminal = new Terminal(space, AROUND);
    await terminal.shows(WAITS);
    end(terminal);
    t.regex(await terminal.shows(/over/), status);
    restored(t, space);
  }
  await using terminal = new Terminal(space, `set -- nobody; ${AROUND}`);
  t.regex(await terminal.shows(/over/), /status 2/);
  restored(t, space);
});

test.serial('Ctrl-Z gives the terminal to the shell, fg takes it again', async (t) => {
  if (skips(t)) return;
  await using space = Space.create(recipes({'t/a': {}}));
  await using terminal = new Terminal(space);
  terminal.type(`stty -g > before; ${WATCH}\n`);
  await terminal.shows(WAITS);
  terminal.type('\x1a');
  await terminal.shows(/Stopped/);
  terminal.type('stty -g > after; echo is-back\n');
  await terminal.shows(/is-back\r?\n[^]*is-back\r?\n/);
  // bash sets what it needs itself: only that it has lines again can be seen.
  t.true(space.exists('after'));
  terminal.type('fg\n');
  await terminal.shows(/watch/);
  space.write('recipes/t/b.yaml', recipe('t/b'));
  await terminal.shows(/building t\/b/);
  await terminal.shows(WAITS);
  terminal.type('q');
  // What is typed before it has gone is typed to it.
  await terminal.shows(/\$ /);
  terminal.type('echo "status $?"; exit\n');
  await terminal.shows(/status 0/);
});

test.serial('in the background it has no keys, and is not stopped', async (t) => {
  if (skips(t)) return;
  await using space = Space.create(recipes({'t/a': {}}));
  await using terminal = new Terminal(space);
  terminal.type(`${WATCH} &\n`);
  await terminal.shows(/watching \d+ folders for changes\r?\n/);
  terminal.type('jobs; kill %1; wait %1; echo "status $?"; exit\n');
  t.regex(await terminal.shows(/status 143/), /Running/);
});
