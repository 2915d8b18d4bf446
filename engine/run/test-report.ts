/**
 * Reads what a test suite printed: how many passed and which failed.
 * Understands the lines of automake's and dejagnu's harnesses (`PASS: name`, `FAIL: name`, …);
 * other suites speak by their exit status alone.
 */

export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TestReport {
  readonly counts: TestCounts;
  /** Names of the failed tests, each once. */
  readonly failures: readonly string[];
}

const LINE = /^(PASS|FAIL|XFAIL|XPASS|SKIP|ERROR|UNSUPPORTED|UNTESTED): (.+)$/s;

/** A longer name is cut: the failure counts all the same. */
const LONGEST_NAME = 500;

const MEANING: Readonly<Record<string, keyof TestCounts>> = {
  PASS: 'passed',
  XFAIL: 'passed',
  FAIL: 'failed',
  XPASS: 'failed',
  ERROR: 'failed',
  SKIP: 'skipped',
  UNSUPPORTED: 'skipped',
  UNTESTED: 'skipped',
};

export function readTestLog(text: string): TestReport {
  const counts = {passed: 0, failed: 0, skipped: 0};
  const failures = new Set<string>();
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    const kind = MEANING[match?.[1] ?? ''];
    if (kind === undefined) continue;
    counts[kind] += 1;
    if (kind === 'failed') failures.add(testName(match?.[2] ?? ''));
  }
  return {counts, failures: [...failures]};
}

/** Whether a suite that ended with an error counts as passed: all that failed is known to. */
export function onlyKnownFailed(report: TestReport, known: readonly string[]): boolean {
  return report.failures.length > 0 && report.failures.every((name) => known.includes(name));
}

/** automake adds `(exit status: 1)`; the name is what stands before it. */
function testName(rest: string): string {
  const name = rest.trim().replace(/ \(exit status: \d+\)$/, '');
  return name.slice(0, LONGEST_NAME);
}
