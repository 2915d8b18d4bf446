/**
 * Events as JSON, one record a line: exactly the union of base/event.ts, as
 * schemas/events.schema.json describes it.
 */
import type {Event} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import type {Reporter} from './parts.ts';

export function jsonReporter(host: Host): Reporter {
  const listener = (event: Event): void => {
    host.stderr.write(`${JSON.stringify(event)}\n`);
  };
  return {listener, close: () => undefined};
}
