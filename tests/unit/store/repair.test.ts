/** Repair does no harm: what was mended since it was found stays, and so do roots. */
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import {recordIn, treeIn} from '../../../store/layout.ts';
import {isWholeNow, repairFindings} from '../../../store/repair.ts';
import {surveyStore} from '../../../store/verify.ts';
import {dangling, gc, partsOf, pin, published} from './collect-rig.ts';
import {emptyStore} from './rig.ts';

for (const [what, placeOf] of Object.entries({tree: treeIn, record: recordIn})) {
  test(`a ${what} that somebody has made again since it was found damaged stays`, (t) => {
    const store = emptyStore(t);
    const made = published(store, 'made', ['x']);
    const place = (placeOf as (...all: unknown[]) => string)(
      store,
      what === 'tree' ? made.tree : made.key,
    );
    const right = fs.readFileSync(place);
    fs.writeFileSync(place, 'wrong');
    const {findings} = surveyStore(store, true);
    t.true(findings.length > 0);
    fs.writeFileSync(place, right);
    repairFindings(store, findings, undefined);
    t.is(partsOf(store, made), 'record tree blob0');
    t.deepEqual(surveyStore(store, true).findings, []);
  });
}

test('a folder that is one again stays, with all that is in it', (t) => {
  const store = emptyStore(t);
  const made = published(store, 'made', ['x']);
  const folder = path.dirname(treeIn(store, made.tree));
  fs.renameSync(folder, `${store.root}-aside`);
  fs.writeFileSync(folder, '');
  const {findings} = surveyStore(store, true);
  fs.unlinkSync(folder);
  fs.renameSync(`${store.root}-aside`, folder);
  repairFindings(store, findings, undefined);
  t.is(partsOf(store, made), 'record tree blob0');
});

test('a damaged root is left: only it says what gc has to keep', (t) => {
  const store = emptyStore(t);
  const made = published(store, 'made', ['x']);
  pin(store, 'made', made);
  const root = path.join(store.root, 'roots/pins/made');
  const right = fs.readFileSync(root);
  fs.appendFileSync(root, ' ');
  const {findings} = surveyStore(store, false);
  t.deepEqual(
    findings.map((one) => one.place),
    ['roots/pins/made'],
  );
  for (const one of findings) {
    t.false(repairFindings(store, findings, undefined).get(one));
    t.false(isWholeNow(store, one));
  }
  t.throws(() => gc(store));
  fs.writeFileSync(root, right);
  for (const one of findings) t.true(isWholeNow(store, one));
  gc(store);
  t.is(partsOf(store, made), 'record tree blob0');
  t.deepEqual(dangling(store), []);
});
