/**
 * Configuration files through cosmiconfig, with our own loader for YAML and JSON: nothing a
 * folder holds is ever executed. The one file that loads cosmiconfig.
 *
 * cosmiconfig's public entry looks for settings of its own below the current folder first, and
 * runs `.config/config.js` if it finds one. Hence its explorer class is used directly.
 */
import {createRequire} from 'node:module';
import path from 'node:path';
import {orUnreadable, readDocument, type DocumentResult} from './document.ts';
import {CONFIG_NAMES} from './root.ts';
import {MAX_BYTES, readBytes} from './text.ts';

const require = createRequire(import.meta.url);

type Loader = (file: string) => DocumentResult<'config'>;

interface Explorer {
  load(file: string): {readonly config?: DocumentResult<'config'>} | null;
}

interface ExplorerModule {
  readonly ExplorerSync: new (options: Readonly<Record<string, unknown>>) => Explorer;
}

/** Reads one configuration file; `shown` is how its path appears in messages. */
export function readConfigFile(file: string, shown: string): DocumentResult<'config'> {
  const {ExplorerSync} = require('cosmiconfig/dist/ExplorerSync.js') as ExplorerModule;
  const load: Loader = (found) => readDocument('config', shown, readBytes(found));
  const explorer = new ExplorerSync({
    moduleName: 'recipes',
    searchPlaces: [...CONFIG_NAMES],
    loaders: {'.yaml': load, '.json': load},
    transform: (found: unknown) => found,
    cache: false,
    searchStrategy: 'none',
    stopDir: path.dirname(file),
    metaConfigFilePath: null,
  });
  // A file of blanks never reaches the loader: nothing is set, nothing is wrong.
  const nothing = {document: undefined, problems: []};
  return orUnreadable(shown, () => {
    // cosmiconfig reads files whole, and waits for those that never end.
    const bytes = readBytes(file);
    const isLarge = bytes.length > MAX_BYTES;
    return isLarge
      ? readDocument('config', shown, bytes)
      : (explorer.load(file)?.config ?? nothing);
  });
}
