import process from 'node:process';

/** One line for each thing that was looked at, and how many were right. */
export class Report {
  passed = 0;
  failed = 0;
  /** Whether what cannot be looked at on this machine counts as wrong: where it must not be passed over. */
  #isAllRequired;

  /** @param {{ isAllRequired: boolean }} options */
  constructor({ isAllRequired }) {
    this.#isAllRequired = isAllRequired;
  }

  /**
   * `look` throws a sentence that says what is wrong, and may answer what was found.
   * @param {string} name
   * @param {() => string | void | Promise<string | void>} look
   */
  async check(name, look) {
    try {
      const found = await look();
      this.passed += 1;
      this.#say(`ok    ${name}${found === undefined ? '' : ` (${found})`}`);
    } catch (error) {
      this.failed += 1;
      this.#say(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /**
   * A program is not here.
   * @param {string} name
   * @param {string} why
   */
  leaveOut(name, why) {
    if (this.#isAllRequired) this.failed += 1;
    this.#say(`${this.#isAllRequired ? 'FAIL ' : 'left '} ${name}: ${why}`);
  }

  /** @param {{ passed: number, failed: number }} counts of a runner of its own */
  add({ passed, failed }) {
    this.passed += passed;
    this.failed += failed;
  }

  /** @param {string} line */
  #say(line) {
    process.stdout.write(`${line}\n`);
  }
}

/**
 * Throws the sentence unless it holds.
 * @param {unknown} isGood
 * @param {string} otherwise
 * @returns {asserts isGood}
 */
export function must(isGood, otherwise) {
  if (!isGood) throw new Error(otherwise);
}
