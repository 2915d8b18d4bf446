/**
 * What every reporter is: a listener that can be closed, and the clock it repeats things by.
 */
import type {Listener} from '../base/event.ts';

export interface Reporter {
  readonly listener: Listener;
  /** Leaves the terminal as it was; may be called at any time, also twice. */
  close(): void;
}

/** Something that happens again and again, as a record that tests can replace. */
export interface Timers {
  /** Calls every so many milliseconds until the function it gives is called. */
  every(milliseconds: number, call: () => void): () => void;
  /** Calls once, when what goes on just now is over. */
  soon(call: () => void): void;
}

/** The clock of this process; a waiting call does not keep the process alive. */
export const realTimers: Timers = {
  every: (milliseconds, call) => {
    const timer = setInterval(call, milliseconds).unref();
    return () => {
      clearInterval(timer);
    };
  },
  soon: (call) => {
    setImmediate(call);
  },
};
