/** A gc of a build's own accord is no reason not to build, whatever it meets with. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type {Event} from '../../../engine/base/event.ts';
import {collectForSpace} from '../../../engine/run/low-space.ts';
import {emptyStore} from '../store/rig.ts';
import {bedOf, contextFor} from './rig.ts';

test('where not even the claim can be made, it says why and goes on', (t) => {
  const bed = bedOf(t, {'x/a': {}}, {store: emptyStore(t)});
  const events: Event[] = [];
  const context = contextFor(bed, {events});
  const claims = path.join(bed.store.root, 'claims');
  fs.rmSync(claims, {recursive: true});
  fs.writeFileSync(claims, '');
  collectForSpace(context);
  fs.rmSync(claims);
  fs.mkdirSync(claims);
  t.is(events.length, 1);
  t.regex(JSON.stringify(events), /nothing was removed: .*claims/);
});
