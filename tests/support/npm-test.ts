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

/**
 * So long without a word is the end. AVA has a limit of its own, but does not come back to it where
 * it ran out while a test with `t.timeout` was allowed more.
 */
const SILENCE = Number(process.env['RECIPES_TEST_SILENCE'] ?? 20 * 60_000);

/** So long AVA has to end when it is told to. */
const PATIENCE = 15_000;

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
// On SIGINT AVA ends the processes of its tests.
const watchdog = setTimeout(() => {
  report.hung(SILENCE);
  child.kill('SIGINT');
  // It may wait for what a test has left.
  setTimeout(() => {
    child.kill('SIGKILL');
    child.stdout.destroy();
  }, PATIENCE).unref();
}, SILENCE);
for await (const line of readline.createInterface({input: child.stdout})) {
  watchdog.refresh();
  report.line(line);
}
const ended = await status;
clearInterval(timer);
clearTimeout(watchdog);
process.exitCode = report.end(ended);
