/** Proxy variables, their exceptions, and what of a URL may be shown. */
import test from 'ava';
import {
  basicCredentials,
  proxyFor,
  proxyVariables,
  publicUrl,
} from '../../../engine/source/proxy.ts';

const P = 'http://proxy.test:3128';

const CASES: readonly [string, string, Record<string, string>, string | undefined][] = [
  ['none set', 'http://a.test/x', {}, undefined],
  ['http', 'http://a.test/x', {http_proxy: P}, `${P}/`],
  ['http_proxy is not for https', 'https://a.test/x', {http_proxy: P}, undefined],
  ['https', 'https://a.test/x', {https_proxy: P}, `${P}/`],
  ['capitals', 'https://a.test/x', {HTTPS_PROXY: P}, `${P}/`],
  ['all_proxy', 'https://a.test/x', {all_proxy: P}, `${P}/`],
  ['empty means none', 'http://a.test/x', {http_proxy: ''}, undefined],
  ['without a scheme', 'http://a.test/x', {http_proxy: 'proxy.test:3128'}, `${P}/`],
  ['socks is not known', 'http://a.test/x', {http_proxy: 'socks5://s.test:1'}, undefined],
  ['not a URL', 'http://a.test/x', {http_proxy: 'http://'}, undefined],
  ['exempt host', 'http://a.test/x', {http_proxy: P, no_proxy: 'b.test, a.test'}, undefined],
  ['exempt domain', 'http://x.a.test/', {http_proxy: P, no_proxy: 'a.test'}, undefined],
  ['exempt .domain', 'http://x.a.test/', {http_proxy: P, no_proxy: '.a.test'}, undefined],
  ['exempt *.domain', 'http://x.a.test/', {http_proxy: P, no_proxy: '*.a.test'}, undefined],
  ['no part of a name', 'http://xa.test/', {http_proxy: P, no_proxy: 'a.test'}, `${P}/`],
  ['exempt port', 'http://a.test:81/', {http_proxy: P, no_proxy: 'a.test:81'}, undefined],
  ['another port', 'http://a.test/', {http_proxy: P, no_proxy: 'a.test:81'}, `${P}/`],
  ['all exempt', 'http://a.test/', {http_proxy: P, NO_PROXY: '*'}, undefined],
];

for (const [name, url, env, expected] of CASES) {
  test(`proxyFor: ${name}`, (t) => {
    t.is(proxyFor(new URL(url), env)?.href, expected);
  });
}

test('credentials go into a header and nowhere else', (t) => {
  t.is(basicCredentials(new URL('http://me:p%40ss%zz@a.test')), `Basic ${btoa('me:p@ss%zz')}`);
  t.is(basicCredentials(new URL('http://a.test')), undefined);
  t.is(publicUrl('https://me:secret@a.test:1/x?token=abc#f'), 'https://a.test:1/x?…');
  t.is(publicUrl('https://a.test/x'), 'https://a.test/x');
  t.is(publicUrl('gnu:hello.tar.gz'), 'gnu:hello.tar.gz');
  t.is(publicUrl('file:///a/b'), 'file:///a/b');
  t.is(publicUrl('not a url'), 'not a url');
});

test('helpers see proxy variables and nothing else', (t) => {
  t.deepEqual(
    proxyVariables({http_proxy: P, NO_PROXY: 'x', PATH: '/bin', AWS_KEY: 'k', https_proxy: ''}),
    {
      http_proxy: P,
      NO_PROXY: 'x',
    },
  );
});
