/**
 * How text may look here: with colours or without, with symbols or in ASCII.
 * Colour and symbol never carry a meaning that the words beside them do not.
 */
import type {Host, Output} from '../base/host.ts';
import {colorFunctions} from './packages.ts';

/** What `--color` says. */
export type ColorChoice = 'auto' | 'always' | 'never';

export interface Symbols {
  readonly good: string;
  readonly bad: string;
  readonly idle: string;
  readonly dot: string;
  readonly more: string;
}

export interface Look {
  readonly color: boolean;
  readonly symbols: Symbols;
  /** Paints a text in a colour; the text itself where colours are off. */
  paint(paint: Paint, text: string): string;
}

export type Paint = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

const UNICODE: Symbols = {good: '✔', bad: '✘', idle: '–', dot: '·', more: '…'};
const ASCII: Symbols = {good: '+', bad: 'x', idle: '-', dot: '-', more: '...'};

export function lookOf(color: boolean, unicode: boolean): Look {
  return {
    color,
    symbols: unicode ? UNICODE : ASCII,
    paint: (paint, text) => (color ? colorFunctions()[paint](text) : text),
  };
}

/** The look that fits an output of this process. */
export function lookFor(choice: ColorChoice, host: Host, output: Output): Look {
  return lookOf(wantsColor(choice, host.env, output.isTerminal), isUtf8(host.env));
}

type Env = Host['env'];

/**
 * Whether to use colours: the flag, then NO_COLOR (no-color.org), then FORCE_COLOR, then whether
 * this is a terminal that has any.
 */
export function wantsColor(choice: ColorChoice, env: Env, isTerminal: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  if (isSet(env['NO_COLOR'])) return false;
  const force = env['FORCE_COLOR'];
  if (isSet(force)) return force !== '0' && force !== 'false';
  return isTerminal && env['TERM'] !== 'dumb';
}

/** Whether the locale of this process writes UTF-8 (locale(7): LC_ALL, LC_CTYPE, LANG). */
export function isUtf8(env: Env): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet) ?? '';
  return /utf-?8/i.test(locale);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
