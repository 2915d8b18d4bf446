/**
 * Reads pages of ours strictly: every element closes where it should, attributes are quoted.
 * Throws at the first thing that is not well-formed.
 */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** All text inside. */
  text: string;
}

/** `<name a="b" …>`, `<name … />` or `</name>`. */
const TAG = /<(\/?)([a-z][a-z0-9]*)((?:\s[a-zA-Z0-9-]+="[^"<>]*")*)\s?(\/?)>/y;
const RAW: ReadonlySet<string> = new Set(['script', 'style']);

/** Every element, in the order they begin. */
export function elementsOf(page: string): readonly Element[] {
  const start = '<!doctype html>\n';
  if (!page.startsWith(start)) throw new Error('no doctype');
  const all: Element[] = [];
  const open: Element[] = [];
  for (let at = start.length; at < page.length;) {
    const end = endOfText(page, at, open.at(-1)?.name);
    for (const one of open) one.text += unescaped(page.slice(at, end));
    at = end === page.length ? end : readTag(page, end, open, all);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)?.name ?? ''}> is not closed`);
  return all;
}

function endOfText(page: string, at: number, name: string | undefined): number {
  const mark = name !== undefined && RAW.has(name) ? `</${name}>` : '<';
  const end = page.indexOf(mark, at);
  return end < 0 ? page.length : end;
}

/** Where it ends. */
function readTag(page: string, at: number, open: Element[], all: Element[]): number {
  TAG.lastIndex = at;
  const found = TAG.exec(page);
  if (found === null) throw new Error(`no tag: ${page.slice(at, at + 60)}`);
  const [whole, closes, name = '', attributes = '', alone] = found;
  if (closes === '/') {
    const last = open.pop();
    if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name ?? ''}>`);
  } else {
    const element = {name, attributes: attributesIn(attributes), text: ''};
    all.push(element);
    if (alone !== '/') open.push(element);
  }
  return at + whole.length;
}

function attributesIn(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-zA-Z-]+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, unescaped(value)]));
}

function unescaped(text: string): string {
  return text.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
}
