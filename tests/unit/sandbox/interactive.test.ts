import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test, {type ExecutionContext} from 'ava';
import {Engine, startEngine} from './engine.ts';
import {openRig} from './rig.ts';

const PUPPET = path.join(path.dirname(fileURLToPath(import.meta.url)), 'puppet.js');

function skips(t: ExecutionContext, engine: Engine): boolean {
  const skipped = engine.said.find((one) => one.skipped !== undefined);
  if (skipped === undefined) return false;
  t.log(`SKIPPED: ${skipped.skipped ?? ''}`);
  t.pass();
  return true;
}

test('a command has our input and output, and gives its status', async (t) => {
  const plan = {variables: {package: 'it'}, top: 'it-1'};
  const shells = [
    {plan, command: ['bash', '-c', 'pwd; read line; echo "got $line"; exit 5']},
    {plan, command: ['nonesuch-program']},
  ];
  const engine = startEngine({terminal: true, shells});
  engine.child.stdin?.end('hello\n');
  await engine.ended;
  if (skips(t, engine)) return;
  t.regex(engine.output, /\/build\/it-1\ngot hello\n/);
  const statuses = engine.said.flatMap((one) => (one.status === undefined ? [] : [one.status]));
  t.deepEqual(statuses, [5, 1]);
});

/** Runs the puppet at a terminal of its own, made by script(1), and types `input`. */
async function atTerminal(orders: unknown, input: string): Promise<Engine> {
  const command = `${process.execPath} ${PUPPET} "$ORDERS"`;
  const env = {...process.env, ORDERS: JSON.stringify(orders), SHELL: '/bin/sh', TERM: 'dumb'};
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  const child = spawn('script', ['-q', '-e', '-c', command, '/dev/null'], {env, stdio: [...stdio]});
  const engine = new Engine(child);
  child.stdin.write(input);
  await engine.ended;
  return engine;
}

const hasScript = fs.existsSync('/usr/bin/script');

test('a shell at a terminal has job control, the variables, and can repeat a step', async (t) => {
  if (!hasScript) {
    t.log('SKIPPED: script is missing (package bsdutils)');
    return t.pass();
  }
  const plan = {
    variables: {package: 'it'},
    steps: [{name: 'install', text: 'echo "step of $package"; cd /; false; echo never'}],
  };
  const input = [
    'tty; set -o | grep ^monitor',
    'step install; echo "was $?, in $PWD"',
    'step nonesuch',
    'exit 7\n',
  ].join('\n');
  const engine = await atTerminal({terminal: true, shells: [{plan}]}, input);
  if (skips(t, engine)) return;
  t.regex(engine.output, /\/dev\/(pts\/\d|console)/);
  t.regex(engine.output, /monitor\s+on/);
  t.regex(engine.output, /step of it\r?\n/);
  t.regex(engine.output, /was 1, in \/build\/it-1/);
  t.regex(engine.output, /one of:\s+install/);
  t.notRegex(engine.output, /^never/m);
  t.regex(engine.output, /"status":7/);
});

test('what runs at our terminal cannot type into it', async (t) => {
  if (!hasScript) {
    t.log('SKIPPED: script is missing (package bsdutils)');
    return t.pass();
  }
  // TIOCSTI is 0x5412. The line would be echoed, and read by the shell after us.
  const inject = `perl -e 'for (split //, "echo HO"."LE\\n") { ioctl(STDIN, 0x5412, my $c = $_) }'`;
  const shells = [
    {plan: {}, command: ['bash', '-c', inject]},
    {plan: {}, command: ['bash', '-c', 'read -t 0.5 line; echo "next: $line"']},
  ];
  const engine = await atTerminal({terminal: true, shells}, '');
  if (skips(t, engine)) return;
  t.regex(engine.output, /next: \r?\n/);
});

test('a failed build is opened where it failed, and what is done there stays', async (t) => {
  let end: () => Promise<void> = () => Promise.resolve();
  const rig = await openRig(t, (close) => (end = close));
  if (rig === undefined) return t.pass();
  try {
    const plan = {
      layers: [rig.layer('test/low', {conf: 'low\n'})],
      script: 'mkdir -p a/b; cd a/b; echo x >made; echo up >$DESTDIR/up; false',
    };
    const keep = {always: false, folder: 'failed/key'};
    await rig.failing({...plan, request: {keep}});
    const inside =
      'test "$(pwd)" = /build/it-1/a/b && test -e made && cat $DESTDIR/up $DESTDIR/conf';
    const resume = {...plan, request: {resume: 'failed/key'}};
    t.is(await rig.shell(resume, ['bash', '-c', `${inside} >seen && touch $DESTDIR/later`]), 0);
    t.is(fs.readFileSync(rig.inStore('failed/key/build/it-1/a/b/seen'), 'utf8'), 'up\nlow\n');
    t.is(await rig.shell(resume, ['bash', '-c', 'test -e $DESTDIR/later']), 0);
  } finally {
    await end();
  }
});
