/**
 * The layered graph as a project of ours, as texts by path; the sources are not in here. One recipe
 * for each node, with the smallest kind there can be: one tool, one step. Writes nothing.
 */
import {TAKEN, type Layered, type Node} from './layered.ts';
import type {Texts} from './peer-files.ts';

const KIND = `kind: take
summary: The first bytes of each input, joined
tools: [head]
steps: any
`;

export function recipeFiles({nodes}: Layered): Texts {
  const recipes = nodes.map((node) => [`recipes/bench/${node.name}.yaml`, recipeOf(node)]);
  return {
    'recipes.config.yaml': 'aliases: {}\n',
    'recipes/kinds/take.yaml': KIND,
    ...(Object.fromEntries(recipes) as Texts),
  };
}

function recipeOf({name, source, needs}: Node): string {
  const inputs = [`../${name}.txt`, ...needs.map((need) => `/sysroot/${need}`)].join(' ');
  const list = needs.map((need) => `{build: ${need}, for: build}`).join(', ');
  return `package: ${name}
version: '1'
summary: The node ${name}
sources: [{path: ../../${source}, unpack: false}]
builds:
  main:
    in: host
    uses: take
    needs: [${list}]
    steps:
      take: head -qc ${TAKEN} ${inputs} > "$DESTDIR/${name}"
`;
}
