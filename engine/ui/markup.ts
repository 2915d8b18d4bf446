/**
 * HTML and SVG as values: elements close, text is escaped. Pure; knows nothing of pages.
 */
import {harmless} from './text.ts';

/** Text that is markup already. */
export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | readonly Child[];

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** `<name …>children</name>`; attributes that are undefined are left out. */
export function el(name: string, attributes: Attributes = {}, ...children: Child[]): Markup {
  const open = `<${name}${attributesText(attributes)}`;
  if (EMPTY.has(name)) return {markup: `${open} />`};
  return {markup: `${open}>${children.map(childText).join('')}</${name}>`};
}

/** Elements of HTML that have no end. */
const EMPTY: ReadonlySet<string> = new Set(['meta', 'input', 'br']);

/** Style and script of our own, which HTML reads without escapes. */
export function verbatim(name: 'style' | 'script', text: string): Markup {
  return {markup: `<${name}>${text}</${name}>`};
}

export function documentText(root: Markup): string {
  return `<!doctype html>\n${root.markup}\n`;
}

function attributesText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escapeText(String(value))}"`))
    .join('');
}

function childText(child: Child): string {
  if (typeof child === 'object') {
    return 'markup' in child ? child.markup : child.map(childText).join('');
  }
  return escapeText(String(child));
}

/** Foreign text as HTML shows it: no markup, no control characters. */
export function escapeText(text: string): string {
  return harmless(text).replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
