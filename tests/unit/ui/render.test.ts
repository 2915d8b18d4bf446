/** The picture of the live status, at several widths. */
import test from 'ava';
import {lookOf} from '../../../engine/ui/look.ts';
import {downloadText, progressBar, renderStatus} from '../../../engine/ui/render.ts';
import {IDLE, type RunningNode, type StatusModel} from '../../../engine/ui/status-model.ts';
import {widthOf} from '../../../engine/ui/text.ts';
import {matchesGolden} from '../../support/golden.ts';

const UNICODE = lookOf(false, true);
const ASCII = lookOf(false, false);

function node(label: string, since: number, change: Partial<RunningNode> = {}): RunningNode {
  return {
    ...{label, since, kind: 'build', phase: 'running', step: 'compile', line: undefined},
    ...change,
  };
}

function model(change: Partial<StatusModel> = {}): StatusModel {
  const ended = {...IDLE.ended, built: 38, failed: 2, cut: 1};
  return {...IDLE, pending: 96, ended, ...change};
}

const BUSY = model({
  expectedEnd: 560_000,
  running: [
    node('lfs/gcc', 8000, {line: '[CC] gcc/tree-vect-loop.o'}),
    node('lfs/glibc', 152_000, {step: 'check', line: 'PASS: nptl/tst-cond25'}),
    node('lfs/perl', 191_000, {step: 'configure', line: 'checking for getpwnam_r… yes'}),
    node('lfs/zlib', 199_000, {step: undefined, phase: 'unpacking'}),
    node('lfs/curl@curl-8.11.tar.xz', 190_000, {kind: 'fetch', step: undefined, phase: 'fetching'}),
  ],
  downloads: [
    {name: 'curl-8.11.tar.xz', bytes: 1_200_000, total: 2_700_000, since: 198_000, from: 0},
  ],
});

function picture(width: number, change: Partial<Parameters<typeof renderStatus>[1]> = {}): string {
  const lines = renderStatus(BUSY, {width, now: 200_000, look: UNICODE, ...change});
  return `--- ${width} columns\n${lines.join('\n')}\n`;
}

test('the status at several widths', (t) => {
  const texts = [
    picture(100),
    picture(80, {most: 4}),
    picture(50, {most: 2}),
    picture(24, {most: 1}),
    picture(80, {most: 1, look: ASCII}),
  ];
  matchesGolden(t, 'ui/status.txt', texts.join('\n'));
});

test('no line ever reaches the last column', (t) => {
  for (let width = 2; width < 130; width += 1) {
    const lines = renderStatus(BUSY, {width, now: 200_000, look: UNICODE});
    t.true(
      lines.every((line) => widthOf(line) < width),
      String(width),
    );
  }
});

test('a node shows its time only after two seconds', (t) => {
  const one = model({running: [node('a/b', 0)]});
  const at = (now: number): string => renderStatus(one, {width: 90, now, look: ASCII})[1] ?? '';
  t.is(at(1999), '  a/b - compile');
  t.is(at(2000), '  a/b - compile     2s');
});

test('output of a build cannot draw on the screen', (t) => {
  const evil = model({running: [node('a/b', 0, {line: '50%\r\x1b[2J\x1b]0;t\x07a\tb\r\n'})]});
  t.is(renderStatus(evil, {width: 90, now: 0, look: ASCII})[1], '  a/b - compile         a b');
});

test('the head line tells what it knows and nothing else', (t) => {
  const head = (change: Partial<StatusModel>, now = 0): string =>
    renderStatus(model(change), {width: 60, now, look: ASCII})[0] ?? '';
  t.is(head({ended: IDLE.ended}), '0/96 done');
  t.is(head({}), '41/96 done, 2 failed');
  t.is(head({expectedEnd: 5000}, 6000), '41/96 done, 2 failed');
  t.is(head({expectedEnd: 90_000, stopping: true}), '41/96 done, 2 failed, stopping');
});

test('what is waited for has a line of its own', (t) => {
  const lines = renderStatus(model({waiting: 'the store: recipes build (pid 4121, 12 s)'}), {
    ...{width: 80, now: 0, look: ASCII},
  });
  t.is(lines[1], '  waiting for the store: recipes build (pid 4121, 12 s)');
});

test('the bar', (t) => {
  const bar = (built: number, running: number, pending = 10): string =>
    progressBar(
      {
        ...IDLE,
        pending,
        ended: {...IDLE.ended, built},
        running: Array.from({length: running}, () => node('a/b', 0)),
      },
      10,
    );
  t.is(bar(0, 0), '[          ]');
  t.is(bar(0, 2), '[--        ]');
  t.is(bar(1, 2), '[>--       ]');
  t.is(bar(2, 0), '[=>        ]');
  t.is(bar(5, 1), '[====>-    ]');
  t.is(bar(10, 0), '[==========]');
  t.is(bar(0, 0, 0), '[          ]');
  t.is(bar(9, 4), '[========>-]');
});

test('a download shows its rate after a second, from where it began', (t) => {
  const download = {name: 'z', bytes: 3_000_000, total: 4_000_000, since: 0, from: 1_000_000};
  t.is(downloadText(download, 500), '3 MB of 4 MB');
  t.is(downloadText(download, 2000), '3 MB of 4 MB, 1 MB/s');
  t.is(downloadText({...download, total: null, bytes: 1_000_000}, 2000), '1 MB');
});
