/**
 * The graph in a folder of its own for one tool: written, edited, built, looked at.
 */
import fs from 'node:fs';
import path from 'node:path';
import {measure, run, type Command, type Cost} from './command.ts';
import {outputText, sourceText, usersOf, type Edit, type Layered} from './layered.ts';
import {waitForQuiet} from './quiet.ts';
import type {Scenario} from './scenario.ts';
import type {Tool} from './tools.ts';

export class Project {
  readonly tool: Tool;
  readonly #folder: string;
  readonly #graph: Layered;
  #edit: Edit = {};

  /** Writes the project below `parent`. */
  constructor(tool: Tool, graph: Layered, parent: string) {
    this.tool = tool;
    this.#graph = graph;
    this.#folder = path.join(parent, `${tool.name}-${graph.nodes.length}`);
    for (const [name, text] of Object.entries(tool.files(graph))) this.#write(name, text);
    for (const node of graph.nodes) this.#write(node.source, sourceText(node));
  }

  /** Changes the one source that changes; what an earlier edit did stays. */
  edit(edit: Edit): void {
    this.#edit = {...this.#edit, ...edit};
    const {changing} = this.#graph;
    this.#write(changing.source, sourceText(changing, this.#edit));
  }

  takesPart(scenario: Scenario): boolean {
    return this.tool.takesPart(scenario, this.#graph.nodes.length);
  }

  clean(): void {
    this.tool.clean(this.#folder);
  }

  /** Lets others end what they have left to be written or done, so that this one does not pay for it. */
  settle(): void {
    run({argv: ['sync', '-f', this.#folder], cwd: this.#folder});
    waitForQuiet();
  }

  /** What builds it. */
  command(): Command {
    return this.tool.build(this.#folder);
  }

  build(): Cost {
    return measure(this.command());
  }

  /** Throws unless a node that needs the one that changes has come to what it should be. */
  check(): void {
    const {nodes, changing} = this.#graph;
    const byName = new Map(nodes.map((node) => [node.name, node]));
    const textOf = (name: string): string => {
      const node = byName.get(name) ?? changing;
      return sourceText(node, node === changing ? this.#edit : {});
    };
    const [user] = usersOf(nodes).get(changing.name) ?? [];
    const name = user ?? changing.name;
    const wanted = outputText(byName.get(name) ?? changing, textOf);
    const found = this.tool.read(this.#folder, name);
    if (found === wanted) return;
    const both = `${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
    throw new Error(`${this.tool.name} has made ${both} of ${name}`);
  }

  close(): void {
    this.tool.close(this.#folder);
    this.clean();
    fs.rmSync(this.#folder, {recursive: true, force: true, maxRetries: 20});
  }

  #write(name: string, text: string): void {
    const file = path.join(this.#folder, name);
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, text);
  }
}
