import {PassThrough} from 'node:stream';
import test from 'ava';
import {converse, type DialogueStep} from '../../../engine/boot/dialogue.ts';

/** A machine that says something for each line it is sent. */
class Puppet {
  readonly output = new PassThrough({encoding: 'utf8'});
  readonly sent: string[] = [];
  readonly #answers: string[];

  constructor(first: string, ...answers: string[]) {
    this.#answers = answers;
    this.output.write(first);
  }

  write(text: string): void {
    this.sent.push(text);
    const answer = this.#answers.shift();
    if (answer === undefined) this.output.end();
    else this.output.write(answer);
  }
}

function step(
  expect: string | RegExp | undefined,
  send?: string,
  milliseconds = 5000,
): DialogueStep {
  return {expect, send, milliseconds};
}

test('every step waits for what it expects, then sends', async (t) => {
  const puppet = new Puppet('login: ', 'root\r\nhello\r\n# ', '6\r\n# ');
  const done = await converse(puppet, [
    step('login: ', 'root\n'),
    step('hello\n'),
    step(/^# $/m, 'echo 6\n'),
    step('6\n'),
  ]);
  t.deepEqual(done, {ok: true, value: undefined});
  t.deepEqual(puppet.sent, ['root\n', 'echo 6\n']);
});

test('what was seen is not seen again', async (t) => {
  const puppet = new Puppet('# ');
  const done = await converse(puppet, [step('# '), step('# ', undefined, 50)]);
  t.false(done.ok);
});

test('a text in two pieces is one', async (t) => {
  const puppet = new Puppet('log', 'in: ');
  const done = await converse(puppet, [step(undefined, 'x'), step('login: ')]);
  t.true(done.ok);
});

test('too late: what was awaited, and how the console ended', async (t) => {
  const puppet = new Puppet('Kernel panic\r\n');
  const done = await converse(puppet, [step('Kernel'), step('login: ', undefined, 50)]);
  const [problem] = done.ok ? [] : done.error;
  t.is(problem?.code, 'boot/dialogue');
  t.is(problem?.message, 'step 2: "login: " was not seen within 0.05 s');
  t.deepEqual(problem?.notes, [{message: 'the console ended with:\nKernel panic'}]);
});

test('the machine has ended before', async (t) => {
  const puppet = new Puppet('bye');
  puppet.output.end();
  const done = await converse(puppet, [step(/x/)]);
  t.is(
    done.ok ? '' : done.error[0]?.message,
    'step 1: /x/ was not seen, and the machine has ended',
  );
});

test('much that is said does not stay in memory, and the end is found', async (t) => {
  const puppet = new Puppet('x'.repeat(300_000));
  puppet.output.write('the end');
  t.true((await converse(puppet, [step('the end')])).ok);
});

test('what terminals are told is not seen, also in pieces', async (t) => {
  const puppet = new Puppet('\x1b[?2004h\x1b[1;32m# ', '\x1b[?2004l\r42\r\n\x1b', '[?2004h# ', 'x');
  const done = await converse(puppet, [
    step('# ', 'echo 42\n'),
    step(/^42\n$/m, 'a\n'),
    step(/^# $/, 'b\n'),
  ]);
  t.deepEqual(done, {ok: true, value: undefined});
});
