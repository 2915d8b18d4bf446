/**
 * The layered graph as other build systems want it, as texts by path; the sources are not in here.
 * In all of them a node is one `head -qc 16 SOURCE NEED… > OUTPUT`. Writes nothing.
 */
import {TAKEN, type Layered, type Node} from './layered.ts';

export type Texts = Readonly<Record<string, string>>;

const TAKE = `head -qc ${TAKEN}`;
const outputs = (node: Node): string[] => node.needs.map((need) => `out/${need}`);

export function ninjaFiles({nodes}: Layered): Texts {
  const rule = `rule take\n  command = ${TAKE} $in > $out\n`;
  const edges = nodes.map(
    (node) => `build out/${node.name}: take ${[node.source, ...outputs(node)].join(' ')}\n`,
  );
  return {'build.ninja': rule + edges.join('')};
}

/** GNU make makes no folders: `out` has to be there. */
export function makeFiles({nodes}: Layered): Texts {
  const all = `all: ${nodes.map((node) => `out/${node.name}`).join(' ')}\n`;
  const rules = nodes.map(
    (node) =>
      `out/${node.name}: ${[node.source, ...outputs(node)].join(' ')}\n\t@${TAKE} $^ > $@\n`,
  );
  return {Makefile: all + rules.join('')};
}

/** One attribute for each node, and `all`. Derivations without a standard environment. */
export function nixFiles({nodes, tops}: Layered): Texts {
  const make = `name: deps: command: derivation {
    inherit name deps;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = ["-c" command];
  }`;
  const lines = nodes.map(
    ({name, source, needs}) =>
      `  ${name} = make "${name}" [./${source} ${needs.join(' ')}] "${TAKE} $deps > $out";\n`,
  );
  const names = tops.map((node) => node.name).join(' ');
  const all = `  all = make "all" [${names}] "echo all > $out";\n`;
  return {'default.nix': `let\n  make = ${make};\nin rec {\n${lines.join('')}${all}}\n`};
}

export function bazelFiles({nodes}: Layered): Texts {
  const quoted = (names: readonly string[]): string =>
    names.map((name) => JSON.stringify(name)).join(', ');
  const rules = nodes.map(
    ({name, source, needs}) =>
      `genrule(name = "${name}", srcs = [${quoted([source, ...needs])}], ` +
      `outs = ["out/${name}"], cmd = "${TAKE} $(SRCS) > $@")\n`,
  );
  const all = `filegroup(name = "all_nodes", srcs = [${quoted(nodes.map((node) => node.name))}])\n`;
  return {WORKSPACE: '', BUILD: rules.join('') + all};
}
