/**
 * TAP, as AVA writes it, made readable: failures with their details, what tests have to say,
 * what was skipped and why, and at the end `N passed, N failed`.
 * Counts the tests itself: a run that breaks off has no figures of its own.
 */

/** How a test that cannot run here says so: `t.log('skipped: bsdtar is missing')`. */
const SAYS_SKIPPED = /^skipped\b:?\s*/i;
const TEST = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO)\b.*)?$/;

interface Current {
  readonly title: string;
  readonly failed: boolean;
  /** Whether its title stands on the screen already. */
  shown: boolean;
}

export class TapReport {
  readonly #print: (line: string) => void;
  #passed = 0;
  #failed = 0;
  readonly #skipped: string[] = [];
  #current: Current | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** `312 passed, 0 failed` */
  get figures(): string {
    return `${this.#passed} passed, ${this.#failed} failed`;
  }

  /** Takes one line of TAP. */
  line(text: string): void {
    const found = TEST.exec(text);
    if (found !== null) return this.#test(found[1] !== undefined, found[2] ?? '', found[3]);
    if (text.startsWith('#   ')) this.#said(text.slice(4));
    else if (text.startsWith('  ') && this.#current?.failed === true) this.#detail(text.slice(2));
  }

  /** Nothing was heard for so many milliseconds: a test, or what it has left, does not end. */
  hung(silence: number): void {
    this.#failed += 1;
    this.#print(`not ok: nothing ended for ${Math.round(silence / 1000)} s: broken off`);
    this.#print('    a test may hang: `npx ava` tells which');
  }

  /** Prints what comes last; the exit status of the whole. `status`: that of AVA. */
  end(status: number | null): number {
    if (status !== 0 && this.#failed === 0) {
      this.#failed += 1;
      this.#print(`not ok: the run broke off (${status === null ? 'killed' : `exit ${status}`})`);
      this.#print('    a test may hang: `npx ava` tells which');
    }
    if (this.#passed + this.#failed === 0) {
      this.#failed += 1;
      this.#print('not ok: no test ran');
    }
    if (this.#skipped.length > 0) this.#print(`${this.#skipped.length} skipped:`);
    for (const one of this.#skipped) this.#print(`    ${one}`);
    this.#print(this.figures);
    return this.#failed === 0 ? 0 : 1;
  }

  #test(failed: boolean, title: string, directive: string | undefined): void {
    this.#current = undefined;
    if (directive !== undefined) {
      this.#skipped.push(title);
      return;
    }
    this.#current = {title, failed, shown: failed};
    if (failed) this.#failed += 1;
    else this.#passed += 1;
    if (failed) this.#print(`not ok: ${title}`);
  }

  /** A line from `t.log`: a reason to skip, or something worth reading. */
  #said(text: string): void {
    const current = this.#current;
    if (current === undefined) return;
    if (SAYS_SKIPPED.test(text) && !current.failed) {
      this.#passed -= 1;
      this.#skipped.push(`${current.title}: ${text.replace(SAYS_SKIPPED, '')}`);
      this.#current = undefined;
      return;
    }
    if (!current.shown) this.#print(current.title);
    current.shown = true;
    this.#print(`    ${text}`);
  }

  /** A line of the YAML block of a failure. */
  #detail(text: string): void {
    if (text !== '---' && text !== '...') this.#print(`  ${text}`);
  }
}
