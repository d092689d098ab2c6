/**
 * Lets work run side by side and still gives the results in the order in which the work was handed in. After the first
 * failure everything later fails with it: a gap is never passed over.
 */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: Promise<T>): Promise<T> {
    const turn = Promise.all([work, this.#last]).then(([result]) => result);
    this.#last = turn;
    return turn;
  }
}
