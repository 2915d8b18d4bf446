/**
 * What a build reserves when it says nothing: a small package, but two hours for slow machines.
 */
import type {Resources} from './model.ts';

const HOUR = 3_600_000;
const MEBIBYTE = 2 ** 20;

export const USUAL_RESOURCES: Resources = {
  cpu: 1,
  memoryBytes: 512 * MEBIBYTE,
  milliseconds: 2 * HOUR,
};
