/**
 * `config show` and `schema print`: what holds and where it is from, and the schemas.
 */
import {fail} from '../base/diagnostic.ts';
import {ok} from '../base/result.ts';
import {showConfig} from '../load/config.ts';
import {schemaNames, schemaText} from '../../schemas/shape.ts';
import {loadRequest} from './open.ts';
import {isSet, type Answer, type World} from './world.ts';

export function showConfiguration(world: World): Answer {
  return Promise.resolve(showSettings(world));
}

function showSettings(world: World): Awaited<Answer> {
  const shown = showConfig(loadRequest(world));
  if (!shown.ok) return shown;
  if (world.call.globals.json === true) {
    world.print(JSON.stringify({settings: shown.value}));
    return ok(0);
  }
  for (const {key, value, origin} of shown.value) {
    const from = isSet(world, 'origin') ? `${origin}\t` : '';
    world.print(`${from}${key} = ${JSON.stringify(value)}`);
  }
  return ok(0);
}

export function printSchema(world: World): Answer {
  const [name = 'recipe'] = world.call.words;
  const text = schemaText(name);
  if (text === undefined) {
    const hint = `one of ${schemaNames().join(', ')}`;
    return Promise.resolve(fail('usage/wrong', `there is no schema ${name}`, {hint}));
  }
  world.host.stdout.write(text);
  return Promise.resolve(ok(0));
}
