/**
 * What all jobs of a worker share. Types only.
 */
import type {Batcher} from '../base/batcher.ts';
import type {TreeDigest} from '../base/hash.ts';
import type {Host} from '../base/host.ts';
import type {Store} from '../../store/layout.ts';
import type {Reply} from './protocol.ts';
import type {Publication} from './publish.ts';
import type {Slots} from './slots.ts';
import type {HostShape} from './spec.ts';
import type {Starters} from './starters.ts';
import type {Trash} from './trash.ts';
import type {XattrQuestion, XattrsByPath} from './xattr-batch.ts';

export interface Shop {
  readonly store: Store;
  readonly host: Host;
  readonly shape: HostShape;
  /** Resolves when the /etc of host environments is there. */
  readonly etc: Promise<void>;
  /** Whether few small layers are copied, which is quicker than mounting them. */
  readonly copiesSmall: boolean;
  /** Whether layers can be mounted below an upper folder; found out when it is first asked. */
  overlay(): Promise<boolean>;
  /** Whether files may be given to other ids than the one. */
  readonly owners: boolean;
  /** A log that grows past so many bytes is a loop, and would fill the disk. */
  readonly logLimit: number;
  /** Starts all programs of jobs. */
  readonly starters: Starters;
  readonly slots: Slots;
  /** Jobs whose sandbox is up. */
  readonly running: Set<number>;
  readonly xattrs: Batcher<XattrQuestion, XattrsByPath>;
  readonly publications: Batcher<Publication, TreeDigest>;
  /** Takes what jobs leave. */
  readonly trash: Trash;
  reply(message: Reply): void;
}
