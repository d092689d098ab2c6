import { writeFileSync } from 'node:fs';
import { writeMatrixReport, type PairResult } from './matrix-report';
import { everyPair } from './profiles';
import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

/** One line for each case, and in the end how many passed. */
export default class LineReporter implements Reporter {
  #passed = 0;
  #failed = 0;
  readonly #pairs: PairResult[] = [];

  /** What a case itself prints: figures. */
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    if (result.status === 'skipped') return;
    const isGood = result.status === 'passed';
    this.#passed += isGood ? 1 : 0;
    this.#failed += isGood ? 0 : 1;
    const notes = result.annotations
      .filter(({ type }) => type === 'note')
      .map(({ description }) => description);
    if (test.parent.project()?.name === 'matrix') {
      for (const { type, description } of result.annotations) {
        if (type === 'result') this.#pairs.push(JSON.parse(description ?? '') as PairResult);
      }
    }
    const line = [
      isGood ? 'ok  ' : 'FAIL',
      test.title,
      ...notes,
      `${(result.duration / 1_000).toFixed(1)} s`,
    ];
    process.stdout.write(`${line.join('  ')}\n`);
    const explanations = result.annotations.filter(({ type }) => type === 'explanation');
    for (const { description = '' } of explanations) process.stdout.write(`${description}\n`);
    for (const { message, stack } of result.errors) process.stdout.write(`${stack ?? message ?? ''}\n`);
  }

  onError({ message, stack }: { message?: string; stack?: string }): void {
    this.#failed += 1;
    process.stdout.write(`${stack ?? message ?? ''}\n`);
  }

  onEnd({ status }: FullResult): void {
    // A run of some pairs only is no report.
    if (this.#pairs.length === everyPair().length) writeMatrixReport(this.#pairs);
    // Something broke outside of every case: that is no success either.
    if (status !== 'passed' && this.#failed === 0) this.#failed = 1;
    const [passed, failed] = [this.#passed, this.#failed];
    const path = process.env['LAB_REPORT'];
    if (path !== undefined) writeFileSync(path, JSON.stringify({ passed, failed }));
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
