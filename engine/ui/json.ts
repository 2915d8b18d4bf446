/**
 * Events as JSON, one record a line: exactly the union of base/event.ts, as
 * schemas/events.schema.json describes it.
 */
import {singly, type Told} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import type {Reporter} from './parts.ts';

export function jsonReporter(host: Host): Reporter {
  const listener = (told: Told): void => {
    const lines = singly(told).map((event) => `${JSON.stringify(event)}\n`);
    host.stderr.write(lines.join(''));
  };
  return {listener, close: () => undefined};
}
