/** The timings of a run of four nodes, two at a time, with hostile words in it. */
import type {Label} from '../../../engine/base/label.ts';
import type {Group, Span} from '../../../engine/base/span.ts';
import type {NodeTime, Timings} from '../../../engine/ui/timings.ts';

export function span(group: Group, name: string, since: number, until: number): Span {
  return {group, name, since, until};
}

export function nodeTime(
  label: string,
  since: number,
  until: number,
  needs: string[] = [],
): NodeTime {
  return {
    ...{label: label as Label, kind: 'build', outcome: 'built', reason: 'never built'},
    ...{since, until, waits: [], spans: [], needs: needs as Label[]},
    ...{cpuMilliseconds: undefined, peakBytes: undefined},
  };
}

export const HOSTILE = '<script>alert(1)</script>"\' & \x1b[31m';

export function sampleTimings(): Timings {
  return {
    command: `recipes build ${HOSTILE}`,
    date: '2026-01-02T03:04:05.000Z',
    outcome: 'failed',
    milliseconds: 2000,
    jobs: 2,
    machine: {cores: 4, memoryBytes: 8e9},
    engine: [
      span('engine', 'start-up', 0, 60),
      span('engine', 'start Node', 0, 40),
      span('engine', 'run', 100, 2000),
    ],
    worker: [span('prepare', 'start the worker', 110, 300)],
    nodes: [
      {
        ...nodeTime('t/a', 110, 900),
        waits: [span('wait', 'queue', 100, 110)],
        spans: [
          span('prepare', 'key', 111, 120),
          span('prepare', 'in the worker', 120, 800),
          span('run', 'compile', 200, 700),
          span('store', 'publish', 720, 800.0004),
        ],
        ...{cpuMilliseconds: 480, peakBytes: 3e6},
      },
      {...nodeTime('t/b', 120, 300), reason: HOSTILE},
      {...nodeTime('t/c', 900, 1900, ['t/a', 't/b']), outcome: 'failed', kind: 'test'},
      nodeTime('t/d', 910, 1000, ['t/b']),
    ],
    others: [{label: 't/e' as Label, outcome: 'skipped'}],
    samples: [
      {at: 500, cpu: 0.5, memoryBytes: 1e9},
      {at: 1000, cpu: 1, memoryBytes: 2e9},
    ],
  };
}
