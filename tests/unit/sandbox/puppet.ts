/**
 * An engine of its own for tests that kill it, stop it, or run it as somebody else: opens a rig,
 * does what its first argument says, prints one line of JSON for each thing that happens.
 */
import fs from 'node:fs';
import {openRig, type BuildPlan} from './rig.ts';

function say(what: unknown): void {
  fs.writeSync(1, `${JSON.stringify(what)}\n`);
}

interface Orders {
  readonly umask?: number;
  readonly terminal?: boolean;
  readonly builds?: readonly BuildPlan[];
  readonly shells?: readonly {readonly plan: BuildPlan; readonly command?: readonly string[]}[];
}

const orders = JSON.parse(process.argv[2] ?? '{}') as Orders;
if (orders.umask !== undefined) process.umask(orders.umask);
const ends: (() => Promise<void>)[] = [];
const log = (...words: unknown[]): void => say({skipped: words.join(' ')});
const terminal = orders.terminal ?? false;
const rig = await openRig({log}, (end) => ends.push(end), {terminal});
if (rig !== undefined) {
  say({ready: rig.worker.idMode});
  void rig.worker.died.then((how) => say({died: how}));
  for (const plan of orders.builds ?? []) {
    const started = rig.start(plan);
    say({started: started.id});
    const result = await started.result;
    say({result, log: fs.existsSync(started.log) ? fs.readFileSync(started.log, 'utf8') : ''});
  }
  for (const {plan, command} of orders.shells ?? []) {
    const status = await rig.shell(plan, command);
    say({status});
  }
}
for (const end of ends) await end();
