/**
 * The `-j` tokens of a run: each running build holds at least one, idle ones are lent to builds
 * that can use more (make's jobserver) and called back when another build waits.
 * Counts only; how a token reaches a build is the borrower's business.
 */
import {assert} from '../base/result.ts';

/** One build's share. `adjust` asks the build for more (n > 0) or fewer (n < 0) tokens. */
export interface Lease {
  readonly held: number;
  /** Tokens came back while the build runs. */
  returned(count: number): void;
  /** The build ended: all it held comes back. */
  end(): void;
}

export interface Borrower {
  /** Lends extra tokens (n > 0) or asks for some back (n < 0); answered by `returned`. */
  adjust(count: number): void;
}

interface Share {
  /** Tokens it cannot do without. */
  readonly reserved: number;
  extra: number;
  /** Extra tokens asked back and not yet returned. */
  recalled: number;
  readonly borrower: Borrower;
}

export class TokenPool {
  readonly total: number;
  #onReturn: () => void;
  readonly #shares = new Set<Share>();
  #idle: number;

  /** `onReturn` is called whenever tokens came back. */
  constructor(total: number, onReturn: () => void) {
    assert(total >= 1, 'a run needs at least one token');
    this.total = total;
    this.#idle = total;
    this.#onReturn = onReturn;
  }

  get idle(): number {
    return this.#idle;
  }

  /** From now on this is called whenever tokens came back: another run uses the pool. */
  serve(onReturn: () => void): void {
    this.#onReturn = onReturn;
  }

  /** How many of the wished tokens a build can be promised: never more than there are. */
  reservable(wished: number): number {
    return Math.max(1, Math.min(wished, this.total));
  }

  /** Takes the tokens at once, or asks the running builds for theirs and gives undefined. */
  take(wished: number, borrower: Borrower): Lease | undefined {
    const reserved = this.reservable(wished);
    if (this.#idle < reserved) {
      this.#recall(reserved - this.#idle);
      return undefined;
    }
    this.#idle -= reserved;
    const share: Share = {reserved, extra: 0, recalled: 0, borrower};
    this.#shares.add(share);
    return this.#leaseOf(share);
  }

  /** Lends what is idle, one by one to the build with the fewest. Call when nothing waits. */
  lendIdle(): void {
    while (this.#idle > 0) {
      const poorest = this.#pick((share) => -(share.reserved + share.extra));
      if (poorest === undefined) return;
      this.#idle -= 1;
      poorest.extra += 1;
      poorest.borrower.adjust(1);
    }
  }

  #recall(missing: number): void {
    let left = missing - this.#underway();
    while (left > 0) {
      const richest = this.#pick((share) => share.extra - share.recalled);
      if (richest === undefined || richest.extra - richest.recalled <= 0) return;
      richest.recalled += 1;
      richest.borrower.adjust(-1);
      left -= 1;
    }
  }

  #underway(): number {
    return [...this.#shares].reduce((sum, share) => sum + share.recalled, 0);
  }

  #pick(score: (share: Share) => number): Share | undefined {
    let best: Share | undefined;
    for (const share of this.#shares) {
      if (best === undefined || score(share) > score(best)) best = share;
    }
    return best;
  }

  #leaseOf(share: Share): Lease {
    return {
      get held() {
        return share.reserved + share.extra;
      },
      returned: (count) => {
        this.#giveBack(share, count);
      },
      end: () => {
        this.#end(share);
      },
    };
  }

  #giveBack(share: Share, count: number): void {
    if (!this.#shares.has(share)) return;
    assert(count <= share.extra, 'a build returned more tokens than it was lent');
    share.extra -= count;
    share.recalled = Math.max(0, share.recalled - count);
    this.#idle += count;
    this.#onReturn();
  }

  #end(share: Share): void {
    if (!this.#shares.delete(share)) return;
    this.#idle += share.reserved + share.extra;
    this.#onReturn();
  }
}
