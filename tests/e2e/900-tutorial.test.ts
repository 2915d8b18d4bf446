/** Runs docs/tutorial.md as it stands: every command works and shows what the page says. */
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {cleanEnv, MAIN, Space} from '../support/space.ts';

const PAGE = fileURLToPath(new URL('../../../docs/tutorial.md', import.meta.url));

interface Part {
  readonly commands: string;
  /** Lines that must appear in this order; `…` stands for anything. */
  readonly shown: readonly string[];
}

test('the tutorial', async (t) => {
  t.timeout(240_000);
  await using space = Space.create();
  const folder = space.at('tutorial');
  fs.mkdirSync(folder);
  for (const {output, part} of play(folder)) {
    let from = 0;
    for (const line of part.shown) {
      const at = lineOf(output, line, from);
      t.true(at >= 0, `'${line}' is not in what\n${part.commands}\nprinted:\n${output}`);
      from = at + 1;
    }
  }
});

/** One shell for the whole page: its folder and variables go on from part to part. */
function play(folder: string): {part: Part; output: string}[] {
  const parts = partsOf(fs.readFileSync(PAGE, 'utf8'));
  const mark = '=== part ===';
  const script = [
    'set -euo pipefail',
    `recipes() { "${process.execPath}" "${MAIN}" "$@"; }`,
    ...parts.map((part) => `echo '${mark}'\n${part.commands}`),
  ].join('\n');
  fs.writeFileSync(path.join(folder, 'script.sh'), script);
  const output = execFileSync('bash', ['-c', 'exec bash ./script.sh 2>&1'], {
    cwd: folder,
    env: cleanEnv(),
  });
  const outputs = output.toString('utf8').split(`${mark}\n`).slice(1);
  return parts.map((part, at) => ({part, output: outputs[at] ?? ''}));
}

function partsOf(page: string): Part[] {
  const blocks = [...page.matchAll(/^```(sh|text)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, kind, commands = ''], at) => {
    const next = blocks[at + 1];
    const shown =
      next?.[1] === 'text' ? (next[2] ?? '').split('\n').filter((line) => line !== '') : [];
    return kind === 'sh' ? [{commands, shown}] : [];
  });
}

/** The first line from a place on that fits; -1 without any. */
function lineOf(output: string, wanted: string, from: number): number {
  const pattern = wanted.split('…').map(escape).join('.*');
  const lines = output.split('\n');
  return lines.findIndex(
    (line, at) => at >= from && new RegExp(`^\\s*${pattern.trim()}`).test(line),
  );
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+');
}
