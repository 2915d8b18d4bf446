/**
 * Runs AVA on the compiled tests and shows what it says in a readable way (tap.ts).
 * The last line is `N passed, N failed`; the exit status says the same.
 */
import {spawn} from 'node:child_process';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';
import {TapReport} from './tap.ts';

/** Says that work goes on: a run takes minutes. */
const SIGN_OF_LIFE = 15_000;

const root = fileURLToPath(new URL('../../../', import.meta.url));
const report = new TapReport((line) => {
  console.log(line);
});
const child = spawn('node_modules/.bin/ava', ['--tap', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const timer = setInterval(() => {
  console.log(`    ... ${report.figures} so far`);
}, SIGN_OF_LIFE);
const status = new Promise<number | null>((resolve) => {
  child.once('error', () => {
    resolve(127);
  });
  child.once('close', resolve);
});
for await (const line of readline.createInterface({input: child.stdout})) report.line(line);
const ended = await status;
clearInterval(timer);
process.exitCode = report.end(ended);
