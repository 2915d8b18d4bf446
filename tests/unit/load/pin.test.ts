/** Digests of places: read also where they are missing, written without touching anything else. */
import test from 'ava';
import {placesOf, withDigest, type PinPlace} from '../../../engine/load/pin.ts';
import {DIGEST, oneLine} from './space.ts';

const ABOUT = {collection: 'a', package: 'x', arch: 'x86_64'};

function places(text: string): readonly PinPlace[] {
  const found = placesOf('f', text, ABOUT);
  if (!found.ok) throw new Error(found.error.map(oneLine).join('\n'));
  return found.value;
}

/** The text with all places pinned to the same digest. */
function pinned(text: string): string {
  return places(text).reduce((now, place) => withDigest(now, place, DIGEST), text);
}

const TEXT = `# comment
package: x
version: 1.10   # kept
vars: {series: "1"}
sources:
  - url: gnu:\${package}-\${version}.tar.gz   # first
    or:
      - {url: "debian:x", strip: 1}
      - {url: 'debian:y', sha256: old}
  - {url: "gnu:\${series}"}
  - url: gnu:empty
    sha256:
  - path: ./x
`;

test('places with their digests, also of a file that is not finished', (t) => {
  t.deepEqual(
    places(TEXT).map(({url, sha256}) => [url, sha256]),
    [
      ['gnu:x-1.10.tar.gz', undefined],
      ['debian:x', undefined],
      ['debian:y', 'old'],
      ['gnu:1', undefined],
      ['gnu:empty', ''],
    ],
  );
});

test('digests are set, in block and flow maps, missing and present', (t) => {
  t.is(
    pinned(TEXT),
    `# comment
package: x
version: 1.10   # kept
vars: {series: "1"}
sources:
  - url: gnu:\${package}-\${version}.tar.gz   # first
    sha256: ${DIGEST}
    or:
      - {url: "debian:x", sha256: ${DIGEST}, strip: 1}
      - {url: 'debian:y', sha256: ${DIGEST}}
  - {url: "gnu:\${series}", sha256: ${DIGEST}}
  - url: gnu:empty
    sha256: ${DIGEST}
  - path: ./x
`,
  );
});

test('setting them again changes nothing', (t) => {
  const once = pinned(TEXT);
  t.is(pinned(once), once);
});

test('what cannot be read or has unknown variables is said', (t) => {
  const wrong = (text: string): string[] => {
    const found = placesOf('f', text, ABOUT);
    return found.ok ? [] : found.error.map(({code}) => code);
  };
  t.deepEqual(wrong('sources: ['), ['yaml/syntax']);
  t.deepEqual(wrong('sources: [{url: "gnu:${none}"}]'), ['recipe/unknown-variable']);
  t.is(
    withDigest(
      'sources: [',
      {
        url: '',
        sha256: undefined,
        path: [],
        at: {file: 'f', line: 1, column: 1, endLine: 1, endColumn: 1},
      },
      DIGEST,
    ),
    'sources: [',
  );
});
