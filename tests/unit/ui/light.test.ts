/** A run with nothing to do loads none of the packages of the screen. */
import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import {codeFiles, importsOf} from '../../lint/sources.ts';

test('no file of engine/ui imports a package up front', (t) => {
  const eager = codeFiles(['engine/ui']).flatMap((file) =>
    importsOf(file)
      .filter((one) => !one.typeOnly && !/^(\.|node:)/.test(one.specifier))
      .map((one) => `${file.path}: ${one.specifier}`),
  );
  t.deepEqual(eager, []);
});

/** Plays events to a reporter in a process of its own and prints the packages it has loaded. */
const PROBE = `
import {createRequire} from 'node:module';
const {createReporter} = await import(process.argv[1]);
const output = {isTerminal: true, columns: 80, write: () => undefined};
const host = {env: {}, cwd: '/', stdout: output, stderr: output, now: () => 0, tick: () => 0};
const ui = {host, color: 'auto', verbose: false, readText: () => undefined};
const {listener, close} = createReporter('fancy', ui);
const pending = Number(process.argv[2]);
listener({type: 'run-started', targets: [], nodes: 312, pending, jobs: 2});
const lists = {executed: [], fresh: [], failed: [], skipped: [], cancelled: []};
const summary = {ok: true, ...lists, milliseconds: 1, savedMilliseconds: 0, interrupted: null};
listener({type: 'run-finished', summary});
close();
const loaded = Object.keys(createRequire(import.meta.url).cache);
console.log(JSON.stringify(loaded.filter((file) => file.includes('/node_modules/'))));
`;

function packagesLoaded(pending: number): readonly string[] {
  const reporter = fileURLToPath(new URL('../../../engine/ui/reporter.js', import.meta.url));
  const probe = ['--input-type=module', '-e', PROBE, reporter, String(pending)];
  const ran = spawnSync(process.execPath, probe, {encoding: 'utf8'});
  return JSON.parse(ran.stdout) as string[];
}

test('nothing to do loads no package', (t) => {
  t.deepEqual(packagesLoaded(0), []);
});

test('the probe sees packages where there are any', (t) => {
  t.true(packagesLoaded(1).some((file) => file.includes('/log-update/')));
});
