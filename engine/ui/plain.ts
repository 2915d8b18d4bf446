/**
 * One line per event, for pipes, logs and CI: no escapes that move anything, and a sign of life
 * each minute. With `failuresOnly` it is `--quiet`: problems and nothing else.
 */
import type {Told} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import {announce, type Announcing} from './announce.ts';
import {countOf, Cuts, cutsText} from './cuts.ts';
import {NO_RECAP, hasFailure, remember} from './outcome.ts';
import type {Reporter, Timers} from './parts.ts';
import {afterMany, doneOf, IDLE, reduce, type StatusModel} from './status-model.ts';
import {formatElapsed, harmless} from './text.ts';

const HEARTBEAT = 60_000;

export interface PlainParts {
  readonly host: Host;
  readonly timers: Timers;
  readonly style: Announcing;
}

export function plainReporter({host, timers, style}: PlainParts): Reporter {
  let model = IDLE;
  let recap = NO_RECAP;
  let stop: (() => void) | undefined;
  const cuts = new Cuts();
  const flush = (): void => {
    if (cuts.isEmpty) return;
    const told = cuts.release();
    model = afterMany(model, 'cut', countOf(told));
    recap = {...recap, blockIsLast: false};
    host.stderr.write(cutsText(told, style));
  };
  const listener = (event: Told): void => {
    const isFirst = cuts.isEmpty;
    if (cuts.keeps(event)) {
      if (isFirst) timers.soon(flush);
      return;
    }
    flush();
    model = reduce(model, event, host.tick());
    const text = announce(event, recap, style);
    recap = remember(recap, event, text !== '');
    if (text !== '') host.stderr.write(text);
    // Another run may take the place of one that has not ended.
    if (event.type === 'run-finished' || event.type === 'run-started') stop?.();
    if (event.type !== 'run-started' || event.pending === 0) return;
    stop = timers.every(HEARTBEAT, () => {
      flush();
      host.stderr.write(heartbeat(model, host.tick()));
    });
  };
  const close = (): void => {
    flush();
    stop?.();
  };
  return {listener, close};
}

/** `3/12 done; running: tour/gcc compile 3m12s` */
export function heartbeat(model: StatusModel, now: number): string {
  const nodes = model.running.map(
    (node) =>
      `${node.label} ${harmless(node.step ?? node.phase ?? node.kind)} ${formatElapsed(now - node.since)}`,
  );
  const running = nodes.length === 0 ? '' : `; running: ${nodes.join(', ')}`;
  return `${doneOf(model)}/${model.pending} done${running}\n`;
}

/** `--quiet`: failures, errors and an interrupt; nothing when all goes well. */
export function quietReporter(host: Host, style: Announcing): Reporter {
  let recap = NO_RECAP;
  const listener = (event: Told): void => {
    const text = isTrouble(event) ? announce(event, recap, style) : '';
    recap = remember(recap, event, text !== '');
    if (text !== '') host.stderr.write(text);
  };
  return {listener, close: () => undefined};
}

function isTrouble(event: Told): boolean {
  if (event.type === 'diagnostic') return event.diagnostic.severity === 'error';
  if (event.type === 'node-finished') return hasFailure(event);
  return event.type === 'run-finished' && !event.summary.ok;
}
