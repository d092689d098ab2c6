/** Keeps events and lets a test wait for one, whether it is still to come or was there already. */
export class EventLog<E extends { type: string }> {
  readonly events: E[] = [];
  #waiting: (() => void)[] = [];

  add(event: E): void {
    this.events.push(event);
    for (const look of this.#waiting.splice(0)) look();
  }

  of<T extends E['type']>(type: T): Extract<E, { type: T }>[] {
    return this.events.filter((event): event is Extract<E, { type: T }> => event.type === type);
  }

  first<T extends E['type']>(type: T): Promise<Extract<E, { type: T }>> {
    return this.nth(type, 1);
  }

  /** The `count`-th event of its type, counted from 1. */
  async nth<T extends E['type']>(type: T, count: number): Promise<Extract<E, { type: T }>> {
    for (;;) {
      const found = this.of(type)[count - 1];
      if (found !== undefined) return found;
      await this.change();
    }
  }

  /** Until the next event of any type. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
