/** A browser's side of service workers, as far as the app touches it: nothing runs, everything is remembered. */

export class FakeWorker extends EventTarget {
  readonly scriptURL: string;
  readonly told: unknown[] = [];
  state: ServiceWorkerState = 'installing';

  constructor(path: string) {
    super();
    this.scriptURL = `https://meet.example${path}`;
  }
  postMessage(message: unknown): void {
    this.told.push(message);
  }
  become(state: ServiceWorkerState): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

export class FakeRegistration extends EventTarget {
  installing: FakeWorker | null = null;
  waiting: FakeWorker | null = null;
  active: FakeWorker | null = null;

  /** As a browser does when it has found other bytes than it knows. */
  bring(worker: FakeWorker): void {
    this.installing = worker;
    this.dispatchEvent(new Event('updatefound'));
  }
}

export class FakeContainer extends EventTarget {
  controller: FakeWorker | null = null;
  readonly registered: unknown[] = [];
  registration: FakeRegistration | null = null;
  refuses = false;

  /** A device that has kept a version already. */
  keep(path: string): this {
    this.registration = new FakeRegistration();
    this.registration.active = this.controller = new FakeWorker(path);
    this.controller.state = 'activated';
    return this;
  }
  async getRegistration(): Promise<FakeRegistration | undefined> {
    return this.registration ?? undefined;
  }
  async register(path: string, options: unknown): Promise<FakeRegistration> {
    this.registered.push([path, options]);
    if (this.refuses) throw new DOMException('', 'SecurityError');
    this.registration ??= new FakeRegistration();
    const { active, waiting } = this.registration;
    const isKnown = [active, waiting].some((worker) => worker?.scriptURL.endsWith(path) === true);
    if (!isKnown) this.registration.bring(new FakeWorker(path));
    return this.registration;
  }
  /** The worker that was being installed takes over. */
  takeOver(): void {
    const worker = this.registration?.installing ?? this.registration?.waiting ?? null;
    if (this.registration === null || worker === null) return;
    Object.assign(this.registration, { installing: null, waiting: null, active: worker });
    this.controller = worker;
    worker.become('activated');
    this.dispatchEvent(new Event('controllerchange'));
  }
}
