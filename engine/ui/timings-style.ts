/**
 * The look of the page of timings, and the little it can do: zoom, and sort its tables.
 * Constants; the page's elements are in the files beside it.
 */

/** Colours of the groups of phases (base/span.ts), light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #fff; --text: #1b1f24; --soft: #667; --line: #d9dde3; --card: #f4f6f8;
  --wait: #c9ced6; --prepare: #e0a100; --unpack: #b07cc6; --run: #3f8fd2; --capture: #2fa39a;
  --store: #4c9a3f; --clean: #9a8c7a; --engine: #7d8590; --other: #e6e9ee; --critical: #d1242f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171b; --text: #e3e7ec; --soft: #98a1ad; --line: #2e343c; --card: #1d2228;
    --wait: #4a525d; --prepare: #c99212; --unpack: #a374bd; --run: #4a9be0; --capture: #36b3a8;
    --store: #5bae4d; --clean: #8d8170; --engine: #717a86; --other: #2a3038; --critical: #ff6b6b;
  }
}
body { margin: 1.5rem; background: var(--back); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; }
.facts div { background: var(--card); border-radius: 6px; padding: .5rem .9rem; }
.facts dt { color: var(--soft); font-size: .8rem; } .facts dd { margin: 0; font-size: 1.1rem; }
.tools { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .5rem 0; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .35em; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.wide { width: calc(100% * var(--zoom, 1)); min-width: 100%; display: grid;
  grid-template-columns: 17rem 1fr; }
.name { position: sticky; left: 0; z-index: 1; background: var(--back); padding: 0 .6rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; line-height: 20px;
  border-right: 1px solid var(--line); }
.chart { display: block; width: 100%; height: 20px; }
.tall { height: 70px; } .name.tall { line-height: 1.3; padding-top: .5rem; height: auto; }
.chart text { fill: var(--soft); font-size: 11px; }
.tick { stroke: var(--line); stroke-width: 1; }
.critical { font-weight: 600; color: var(--critical); }
.outline { fill: none; stroke: var(--critical); stroke-width: 2; }
.area { fill: var(--run); opacity: .35; } .curve { fill: none; stroke: var(--run);
  stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.wait { fill: var(--wait); background: var(--wait); } .prepare { fill: var(--prepare);
  background: var(--prepare); } .unpack { fill: var(--unpack); background: var(--unpack); }
.run { fill: var(--run); background: var(--run); } .capture { fill: var(--capture);
  background: var(--capture); } .store { fill: var(--store); background: var(--store); }
.clean { fill: var(--clean); background: var(--clean); } .engine { fill: var(--engine);
  background: var(--engine); } .other { fill: var(--other); background: var(--other); }
table { border-collapse: collapse; } .over { overflow-x: auto; }
th, td { padding: .2rem .6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: var(--card); cursor: pointer; user-select: none; }
th:first-child, td:first-child, .text { text-align: left; }
th[aria-sort=ascending]::after { content: ' \\2191'; }
th[aria-sort=descending]::after { content: ' \\2193'; }
ol { margin: 0; padding-left: 2.2rem; }
`;

export const SCRIPT = `
'use strict';
document.querySelector('#zoom').addEventListener('input', (event) => {
  document.querySelector('.wide').style.setProperty('--zoom', event.target.value);
});
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.querySelectorAll('th')];
  const valueOf = (row, at) => {
    const cell = row.cells[at];
    const {value} = cell.dataset;
    return value === undefined ? cell.textContent : Number(value);
  };
  heads.forEach((head, at) => head.addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') === 'descending';
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({row, value: valueOf(row, at)}));
    rows.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) * (up ? 1 : -1));
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    body.append(...rows.map(({row}) => row));
  }));
}
`;
