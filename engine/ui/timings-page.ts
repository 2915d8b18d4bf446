/**
 * Timings as one page for a browser that needs nothing else: no network, no library. Pure.
 */
import {documentText, el, verbatim, type Markup} from './markup.ts';
import {count, formatSize} from './text.ts';
import {chart} from './timings-chart.ts';
import {SCRIPT, STYLE} from './timings-style.ts';
import {GROUPS, timeText} from './timings-text.ts';
import {chainOf, inOrder, splitOf, totalsOf, type NodeTime, type Timings} from './timings.ts';

/** The page may load nothing, whatever a label says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

export function pageText(timings: Timings): string {
  const chain = chainOf(timings.nodes);
  const head = el(
    'head',
    {},
    el('meta', {charset: 'utf-8'}),
    el('meta', {'http-equiv': 'Content-Security-Policy', content: POLICY}),
    el('meta', {name: 'viewport', content: 'width=device-width'}),
    el('title', {}, `timings: ${timings.command}`),
    verbatim('style', STYLE),
  );
  const body = el(
    'body',
    {},
    ...heading(timings),
    el('h2', {}, 'What happened when'),
    tools(),
    chart(timings, new Set(chain)),
    ...held(chain, timings),
    el('h2', {}, 'Nodes'),
    nodeTable(timings.nodes),
    ...rest(timings),
    el('h2', {}, 'The engine itself'),
    engineTable(timings),
    verbatim('script', SCRIPT),
  );
  return documentText(el('html', {lang: 'en'}, head, body));
}

// --- the sum of it -------------------------------------------------------------------------------

function heading(timings: Timings): Markup[] {
  const {nodes, milliseconds, jobs, machine} = timings;
  const {wall, sum, chain, most} = totalsOf(nodes);
  const gained = wall === 0 ? '–' : `${(sum / wall).toFixed(2)} ×`;
  const facts: readonly (readonly [string, string])[] = [
    ['whole command', timeText(milliseconds)],
    ['first node to last', timeText(wall)],
    ['sum of all nodes', timeText(sum)],
    ['parallelism gained', gained],
    ['critical path', timeText(chain)],
    ['most at a time', `${most} (${count(jobs, 'job')}, ${count(machine.cores, 'core')})`],
    ['memory of the machine', formatSize(machine.memoryBytes)],
  ];
  return [
    el('h1', {}, timings.command),
    el(
      'p',
      {class: 'soft'},
      `${timings.date} · ${count(nodes.length, 'node')} · ${timings.outcome}`,
    ),
    el(
      'dl',
      {class: 'facts'},
      facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
    ),
  ];
}

function tools(): Markup {
  const keys = GROUPS.map(([group, means]) =>
    el('span', {}, el('span', {class: `key ${group}`}), `${group}: ${means}`),
  );
  const zoom = el('input', {type: 'range', id: 'zoom', min: 1, max: 40, step: 0.5, value: 1});
  return el('div', {class: 'tools'}, el('label', {}, 'zoom ', zoom), ...keys);
}

// --- the critical path ---------------------------------------------------------------------------

function held(chain: readonly NodeTime[], {nodes}: Timings): Markup[] {
  if (chain.length === 0) return [];
  const {wall, chain: length} = totalsOf(nodes);
  const share = wall === 0 ? '' : `, ${Math.round((length / wall) * 100)} % of the time`;
  const words = `${count(chain.length, 'node')}, ${timeText(length)}${share}. Each needed the one before it; the rest of the time was waiting for a turn.`;
  return [
    el('h2', {}, 'Critical path'),
    el('p', {class: 'soft'}, words),
    el(
      'ol',
      {},
      chain.map(({label, since, until}) => el('li', {}, `${label}: ${timeText(until - since)}`)),
    ),
  ];
}

// --- tables --------------------------------------------------------------------------------------

function nodeTable(nodes: readonly NodeTime[]): Markup {
  const groups = GROUPS.map(([group]) => group);
  const heads = ['node', 'kind', 'outcome', 'began', 'queued', 'wall', 'cpu', 'memory'];
  const rows = nodes.map((node) => {
    const split = splitOf(node);
    const queued = node.waits.reduce((sum, one) => sum + one.until - one.since, 0);
    return el(
      'tr',
      {title: node.reason},
      el('td', {}, node.label),
      el('td', {class: 'text'}, node.kind),
      el('td', {class: 'text'}, node.outcome),
      time(node.since),
      time(queued),
      time(node.until - node.since),
      node.cpuMilliseconds === undefined ? none() : time(node.cpuMilliseconds),
      (node.peakBytes ?? 0) === 0 ? none() : bytes(node.peakBytes ?? 0),
      groups.map((group) => (split[group] === undefined ? none() : time(split[group]))),
    );
  });
  return table([...heads, ...groups], rows);
}

function time(milliseconds: number): Markup {
  return el('td', {'data-value': milliseconds.toFixed(3)}, timeText(milliseconds));
}

function bytes(value: number): Markup {
  return el('td', {'data-value': value}, formatSize(value));
}

function none(): Markup {
  return el('td', {'data-value': -1, class: 'soft'}, '–');
}

function rest({others}: Timings): Markup[] {
  if (others.length === 0) return [];
  const rows = others.map(({label, outcome}) =>
    el('tr', {}, el('td', {}, label), el('td', {class: 'text'}, outcome)),
  );
  return [
    el('h2', {}, 'Nodes that did not run'),
    el(
      'details',
      {},
      el('summary', {}, count(others.length, 'node')),
      table(['node', 'outcome'], rows),
    ),
  ];
}

function engineTable({engine, worker}: Timings): Markup {
  const row =
    (who: string) =>
    ({name, since, until}: Timings['engine'][number]): Markup =>
      el(
        'tr',
        {},
        el('td', {}, name),
        el('td', {class: 'text'}, who),
        time(since),
        time(until - since),
      );
  const rows = [...inOrder(engine).map(row('engine')), ...inOrder(worker).map(row('worker'))];
  return table(['what', 'where', 'began', 'took'], rows);
}

function table(heads: readonly string[], rows: readonly Markup[]): Markup {
  const head = el(
    'thead',
    {},
    el(
      'tr',
      {},
      heads.map((one) => el('th', {scope: 'col'}, one)),
    ),
  );
  return el('div', {class: 'over'}, el('table', {class: 'sortable'}, head, el('tbody', {}, rows)));
}
