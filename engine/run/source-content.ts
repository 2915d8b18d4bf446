/**
 * What a source comes to, as bytes in the store. Knows nothing of where it comes from.
 */
import {blobDigest, treeDigest, type BlobDigest, type TreeDigest} from '../base/hash.ts';

/** The bytes of a source as they are in the store. */
export type SourceContent =
  | {readonly type: 'file'; readonly blob: BlobDigest}
  | {readonly type: 'tree'; readonly tree: TreeDigest};

/** The print of a `path:` source is `file <digest>` or `tree <digest>`. */
export function contentOfPrint(print: string): SourceContent {
  const [type, hex = ''] = print.split(' ');
  return type === 'file'
    ? {type: 'file', blob: blobDigest(hex)}
    : {type: 'tree', tree: treeDigest(hex)};
}

export function digestOf(content: SourceContent): BlobDigest | TreeDigest {
  return content.type === 'file' ? content.blob : content.tree;
}
