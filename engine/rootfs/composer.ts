/** How roots are laid together, for whoever runs nodes. */
import type {RootComposer} from '../graph/root-parts.ts';
import {composeRoot} from './compose.ts';
import {recomposeRoot} from './recompose.ts';

export const ROOT_COMPOSER: RootComposer = {compose: composeRoot, recompose: recomposeRoot};
