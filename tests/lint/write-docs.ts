/**
 * Part of `npm run docs`: writes docs/diagnostics.md. The reference of the files is written by
 * `schemas/compile.ts --update`.
 */
import fs from 'node:fs';
import path from 'node:path';
import {diagnosticsText} from './diagnostics-doc.ts';
import {ROOT} from './sources.ts';

fs.writeFileSync(path.join(ROOT, 'docs/diagnostics.md'), diagnosticsText());
