/** `${name}` in data fields. */
import test from 'ava';
import type {Diagnostic} from '../../../engine/base/diagnostic.ts';
import {Variables} from '../../../engine/load/expand.ts';
import {scalarsAt} from '../../../engine/load/kinds.ts';
import {readYaml} from '../../../engine/load/yaml.ts';
import {oneLine} from './space.ts';

/** The fields of `data` with the variables of `vars`, and what is wrong. */
function expand(yaml: string): {data: Record<string, string>; problems: string[]} {
  const {node} = readYaml('f', Buffer.from(yaml));
  if (node === undefined) throw new Error('no YAML');
  const problems: Diagnostic[] = [];
  const fixed = new Map([
    ['package', 'hello'],
    ['version', '2.10'],
  ]);
  const scope = {fixed, written: scalarsAt(node, ['vars']), broken: new Set(['bad'])};
  const variables = new Variables(scope, problems);
  const fields = [...scalarsAt(node, ['data'])].map(([name, one]) => [name, variables.expand(one)]);
  return {
    data: Object.fromEntries(fields) as Record<string, string>,
    problems: problems.map(oneLine),
  };
}

test('names are replaced, everything else stays', (t) => {
  const {data, problems} = expand(`
vars: {series: 2.10, top: "\${package}-\${series}", both: "\${top}/\${top}"}
data:
  a: \${package}-\${version}.tar.gz
  b: "\${both}"
  c: $package $(x) $ {x} \${package}}
  d: $\${package}
  e: "$$\${package}"
  f: plain
`);
  t.deepEqual(problems, []);
  t.deepEqual(data, {
    a: 'hello-2.10.tar.gz',
    b: 'hello-2.10/hello-2.10',
    c: '$package $(x) $ {x} hello}',
    d: '${package}',
    e: '$${package}',
    f: 'plain',
  });
});

test('unknown names have their place and a proposal', (t) => {
  const {problems} = expand('vars: {series: 2}\ndata:\n  a: x ${serie}\n  b: "${FOO}"\n  c: ${}\n');
  t.deepEqual(problems, [
    'f:3:8 recipe/unknown-variable: there is no variable `serie` (did you mean series?)',
    'f:4:7 recipe/unknown-variable: there is no variable `FOO` (known here: package, version, series)',
    'f:5:6 recipe/unknown-variable: there is no variable `` (known here: package, version, series)',
  ]);
});

test('a reference that is never closed', (t) => {
  const {problems} = expand('data: {a: "${package"}\n');
  t.deepEqual(problems, [
    'f:1:12 recipe/bad-variable: `${` is never closed (write `$${` where the two signs themselves are meant)',
  ]);
});

test('names whose value is wrong are not unknown', (t) => {
  t.deepEqual(expand('data: {a: "${bad}"}\n').problems, []);
});

test('circles are told once, with the chain', (t) => {
  const yaml =
    'vars:\n  a: ${b}\n  b: x${c}\n  c: ${a}\n  d: ${d}\ndata: {x: "${a} ${b} ${d}", y: "${c}"}\n';
  t.deepEqual(expand(yaml).problems, [
    'f:4:6 recipe/circular-variable: the variable a uses itself: a → b → c → a',
    'f:5:6 recipe/circular-variable: the variable d uses itself: d → d',
  ]);
});

test('chains have an end, and texts do not explode', (t) => {
  const chain = (length: number): string =>
    Array.from({length}, (_, i) => `  v${i}: \${v${i + 1}}\n`).join('') + `  v${length}: end\n`;
  t.deepEqual(expand(`vars:\n${chain(60)}data: {x: "\${v0}"}\n`), {data: {x: 'end'}, problems: []});
  const deep = expand(`vars:\n${chain(2000)}data: {x: "\${v0}"}\n`).problems;
  t.regex(deep[0] ?? '', /bad-variable: variables use each other more than 64 deep/);

  const laughs = Array.from({length: 40}, (_, i) => `  v${i}: \${v${i + 1}}\${v${i + 1}}\n`).join(
    '',
  );
  const {data, problems} = expand(`vars:\n${laughs}  v40: xxxxxxxxxx\ndata: {x: "\${v0}"}\n`);
  t.regex(problems[0] ?? '', /bad-variable: the text gets longer than 65536 characters here/);
  t.true((data['x'] ?? '').length <= 65_536);
});
