/**
 * The live status on a terminal: lines that stay scroll up above an area that repaints itself.
 * Each change of the screen is one write, so that nothing tears. What it shows is render.ts's
 * and announce.ts's business.
 */
import type {Told} from '../base/event.ts';
import type {Host} from '../base/host.ts';
import {announce, type Announcing} from './announce.ts';
import {countOf, Cuts, cutsText} from './cuts.ts';
import {NO_RECAP, remember, type Recap} from './outcome.ts';
import {statusArea} from './packages.ts';
import {renderStatus} from './render.ts';
import type {Reporter, Timers} from './parts.ts';
import {afterMany, IDLE, reduce, type StatusModel} from './status-model.ts';

/** Often enough for a clock in seconds, seldom enough not to flicker. */
const REPAINT = 100;

export interface FancyParts {
  readonly host: Host;
  readonly timers: Timers;
  readonly style: Announcing;
}

/** Invariant: between two calls the status area is on the screen exactly when a run is on. */
export class FancyReporter implements Reporter {
  readonly #parts: FancyParts;
  #model: StatusModel = IDLE;
  #recap: Recap = NO_RECAP;
  readonly #cuts = new Cuts();
  #area: ReturnType<typeof statusArea> | undefined;
  #stop: (() => void) | undefined;
  /** What the current change writes; goes to the terminal in one piece. */
  #pending = '';

  constructor(parts: FancyParts) {
    this.#parts = parts;
  }

  readonly listener = (event: Told): void => {
    if (this.#isKept(event)) return;
    this.#tellCuts();
    this.#model = reduce(this.#model, event, this.#parts.host.tick());
    // Another run may take the place of one that has not ended.
    if (event.type === 'run-started') this.close();
    if (event.type === 'run-started' && event.pending > 0) this.#begin();
    const live = this.#area !== undefined;
    const text = announce(event, this.#recap, {...this.#parts.style, live});
    this.#recap = remember(this.#recap, event, text !== '');
    if (event.type === 'run-finished') this.close();
    if (text !== '') this.#printAbove(text);
  };

  /** Takes the status off the screen; the lines that stay are there already. */
  readonly close = (): void => {
    this.#tellCuts();
    this.#stop?.();
    this.#stop = undefined;
    this.#area?.clear();
    this.#area = undefined;
    this.#flush();
  };

  #isKept(event: Told): boolean {
    const isFirst = this.#cuts.isEmpty;
    if (!this.#cuts.keeps(event)) return false;
    if (isFirst) {
      this.#parts.timers.soon(() => {
        this.#tellCuts();
      });
    }
    return true;
  }

  #tellCuts(): void {
    if (this.#cuts.isEmpty) return;
    const told = this.#cuts.release();
    this.#model = afterMany(this.#model, 'cut', countOf(told));
    this.#recap = {...this.#recap, blockIsLast: false};
    this.#printAbove(cutsText(told, this.#parts.style));
  }

  #begin(): void {
    const {host, timers} = this.#parts;
    this.#area = statusArea({
      get columns() {
        return host.stderr.columns;
      },
      write: (text) => {
        this.#pending += text;
      },
    });
    this.#stop = timers.every(REPAINT, () => {
      this.#paint();
      this.#flush();
    });
    this.#paint();
    this.#flush();
  }

  #printAbove(text: string): void {
    this.#area?.clear();
    this.#pending += text;
    this.#paint();
    this.#flush();
  }

  #paint(): void {
    const {host, style} = this.#parts;
    const view = {width: host.stderr.columns, now: host.tick(), look: style.look};
    this.#area?.(renderStatus(this.#model, view).join('\n'));
  }

  #flush(): void {
    if (this.#pending !== '') this.#parts.host.stderr.write(this.#pending);
    this.#pending = '';
  }
}
