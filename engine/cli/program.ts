/**
 * All that the entry point needs once there is something to do: `npm run build` makes few files of
 * it (.ci/bundle.mjs).
 */
export {answer} from './answers.ts';
export {makeProgram, parseWords} from './commands.ts';
export {exitOf, makeWorld} from './world.ts';
