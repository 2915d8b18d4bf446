/** Options of recipes: declarations, values from configuration and flags, where they arrive. */
import test from 'ava';
import {Space, type Changes} from './space.ts';

const OPTIONS = `options:
  nls: {type: bool, default: false, summary: Translated messages}
  tls: {type: enum, values: [openssl, gnutls], default: openssl, summary: Library}
  suffix: {type: text, default: 1.10, summary: Suffix}
`;

const recipe = (name: string): string => `package: ${name}
version: 1
summary: x
${OPTIONS}builds:
  main:
    in: host
    needs: [{build: gettext, when: options.nls}, {build: gnutls, when: "options.tls == 'gnutls'"}]
    env: {SUFFIX: "\${suffix}-\${nls}"}
`;

function space(config: string = ''): Space {
  const files = {'recipes/a/hello.yaml': recipe('hello'), 'recipes/b/hello.yaml': recipe('hello')};
  return Space.with({...files, 'recipes.config.yaml': `${config}\n`});
}

/** What reaches the build of a collection: variables, env, needs. */
function reached(one: Space, changes: Changes = {}, collection: string = 'a'): string {
  const found = one.load(changes).project.recipes.find((each) => each.collection === collection);
  const build = found?.builds[0];
  const {nls, tls, suffix} = build?.variables ?? {};
  const needs = build?.needs.map(({name}) => name).join('+');
  return `${String(nls)} ${String(tls)} ${String(suffix)} ${build?.env['SUFFIX'] ?? ''} ${needs ?? ''}`;
}

test('defaults, configuration, flags; the collection is more exact, the later layer stronger', (t) => {
  using one = space('options: {hello.nls: true, b/hello.tls: gnutls}');
  t.is(reached(one), 'true openssl 1.10 1.10-true gettext');
  t.is(reached(one, {}, 'b'), 'true gnutls 1.10 1.10-true gettext+gnutls');
  const flags = {options: {'hello.nls': 'false', 'hello.suffix': '007', 'a/hello.suffix': 'x'}};
  t.is(reached(one, {flags}), 'false openssl x x-false ');
  t.is(reached(one, {flags}, 'b'), 'false gnutls 007 007-false gnutls');
  const weak = {options: {'hello.tls': 'openssl'}};
  t.is(reached(one, {flags: weak}, 'b'), 'true openssl 1.10 1.10-true gettext');
});

test('wrong values and names, from files and from flags', (t) => {
  using one = space(
    'options: {hello.nls: maybe, a/hello.tls: gnutsl, hello.nlss: true, helo.nls: true}',
  );
  const flags = {options: {'hello.suffx': 'x', 'zzz.nls': 'true', 'hello.nls': '1'}};
  t.deepEqual(one.lines({flags}), [
    'usage/bad-option: the option hello.nls must be true or false, not 1',
    'usage/bad-option: hello has no option `suffx` (did you mean suffix?)',
    'usage/bad-option: there is no package `zzz` with options',
    'recipes.config.yaml:1:29 config/bad-option: the option a/hello.tls must be one of openssl, gnutls, not gnutsl',
    'recipes.config.yaml:1:50 config/bad-option: hello has no option `nlss` (did you mean nls?)',
    'recipes.config.yaml:1:68 config/bad-option: there is no package `helo` with options (did you mean hello?)',
  ]);
});

test("a user's own configuration may speak of packages that are not here", (t) => {
  using one = space();
  one.write({
    'home/.config/recipes/config.yaml': 'options: {other.nls: true, hello.tls: gnutls}\n',
  });
  t.is(reached(one), 'false gnutls 1.10 1.10-false gnutls');
});

test('declarations that contradict themselves', (t) => {
  using one = Space.with({
    'recipes/a/x.yaml': `package: x
version: 1
summary: x
options:
  a: {type: bool, default: 1, summary: x}
  b: {type: enum, default: q, values: [p], summary: x}
  c: {type: enum, default: q, summary: x}
  d: {type: text, default: q, values: [q], summary: x}
  jobs: {type: bool, default: true, summary: x}
  e: {type: enumm, default: q, summary: x}
vars: {with_x: 1, version: 2, b: 3}
builds: {main: {in: host, when: "options.e == 'q' && options.a"}}
`,
  });
  t.deepEqual(one.lines(), [
    'a/x.yaml:5:28 recipe/bad-option: the default of the option `a` must be true or false, not 1',
    'a/x.yaml:6:28 recipe/bad-option: the default of the option `b` must be one of p, not q',
    'a/x.yaml:7:3 recipe/bad-option: the option `c` is an enum without `values`',
    'a/x.yaml:8:31 recipe/bad-option: only an enum has `values`, and `d` is text',
    "a/x.yaml:9:3 recipe/bad-name: the name `jobs` is the engine's own (take another)",
    'a/x.yaml:10:13 schema/wrong-value: `type` must be one of bool, enum, text, not enumm (did you mean enum?)',
    "a/x.yaml:11:8 recipe/bad-name: the name `with_x` is the engine's own (take another)",
    "a/x.yaml:11:19 recipe/bad-name: the name `version` is the engine's own (take another)",
    'a/x.yaml:11:31 recipe/bad-name: `b` is a variable and an option',
  ]);
});

test('a wrong condition has its place within the text', (t) => {
  using one = Space.with({
    'recipes/a/x.yaml': `package: x
version: 1
summary: x
${OPTIONS}sources: [{path: ., when: "options.nlss"}]
builds:
  main:
    in: host
    when: arch = 'x86_64'
    needs: [{build: y, when: "true && options.tls == 'opensl'"}]
`,
  });
  t.deepEqual(one.lines(), [
    'a/x.yaml:8:28 recipe/bad-condition: the recipe has no option `nlss` (did you mean nls?)',
    "a/x.yaml:12:16 recipe/bad-condition: `=` is not expected here (a condition has || && ! == != ( ) options.NAME arch 'text' true false)",
    "a/x.yaml:13:54 recipe/bad-condition: `tls` is never 'opensl' (did you mean openssl?)",
  ]);
});
