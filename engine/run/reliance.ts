/**
 * What a run relies on in the store, named so that gc keeps it (store/protect.ts).
 * Knows what nodes use and make; decides nothing.
 */
import type {ActionKey, TreeDigest} from '../base/hash.ts';
import {patienceOf} from '../source/patience.ts';
import type {JobSpec} from '../sandbox/protocol.ts';
import {rely, type TemporaryRoot} from '../../store/protect.ts';
import type {RunContext} from './context.ts';
import type {Inputs} from './job-spec.ts';
import type {SourceContent} from './source-content.ts';

/** Names these; whether all of it is there. Throws as `protect` does. */
export function relyOn(
  context: RunContext,
  roots: readonly TemporaryRoot[],
  isThere: () => boolean,
): boolean {
  return rely(context.store, context.run, roots, isThere, patienceOf(context));
}

/** An action that was or will be done, and what it made. */
export function rootsOfResult(key: ActionKey, tree: TreeDigest | undefined): TemporaryRoot[] {
  return tree === undefined ? [`key ${key}`] : [`key ${key}`, `tree ${tree}`];
}

/** All that a node sees, and its key: record, log and what it leaves are kept by that. */
export function nameInputs(context: RunContext, key: ActionKey, inputs: Inputs): void {
  relyOn(context, [`key ${key}`, ...rootsOfInputs(inputs)], () => true);
}

export function rootsOfInputs({layers, sources, patches}: Inputs): TemporaryRoot[] {
  return [
    ...layers.map(({tree}) => `tree ${tree}` as const),
    ...sources.map(rootOfSource),
    ...patches.map((blob) => `blob ${blob}` as const),
  ];
}

export function rootOfSource(content: SourceContent): TemporaryRoot {
  return content.type === 'file' ? `blob ${content.blob}` : `tree ${content.tree}`;
}

/** What a sandbox is made of, by what it is told. */
export function rootsOfSpec({layers, sources, patches}: JobSpec): TemporaryRoot[] {
  return [
    ...layers.map(({tree}) => `tree ${tree}` as const),
    ...sources.map(({content}) => rootOfSource(content)),
    ...patches.map(({blob}) => `blob ${blob}` as const),
  ];
}
