import { fromBase64url, toBase64url, type Bytes } from '../../src/lib/protocol/bytes';
import { codeOf } from '../../src/lib/protocol/errors';
import { idBytes, toId, type MeetingId } from '../../src/lib/protocol/ids';
import { claimMessage, idPreimage } from '../../src/lib/protocol/proof';
import type { ServerEvent } from '../../src/lib/protocol/signaling';
import { Signaling } from '../../src/lib/signaling/signaling';

/**
 * People's signaling in a page of the app's origin: the app's own, with what the app does above it as far as the server
 * can tell. A host claims with every session; a guest knocks with every session, when it is told that the host is there,
 * and after three seconds without an answer.
 */
export type Crowd = {
  /** Somebody who is there and does nothing. */
  stay(): Promise<void>;
  /** A host who answers everybody. */
  host(): Promise<void>;
  /** From now on one guest after the other comes to that host, and somebody opens the app for the first time, over and over. */
  begin(): void;
  /** One first visit. */
  visit(): Promise<void>;
  /** Ends that; what was begun is completed. */
  end(): Promise<Outcome>;
};

export type Outcome = {
  /** How long each join took, from the opening of its connection to the host's answer. */
  joinsMs: number[];
  /** How long each of those who are there was without the server, from the loss to the next `hello`. */
  gapsMs: number[];
  /** First visits, and what went wrong with files of them. */
  pages: number;
  brokenFiles: string[];
  /** Calls that were refused on the way, by code; each was made again. */
  refusals: Record<string, number>;
};

/** As in peer/lifecycle.ts. */
const GREETING_MS = 3_000;
const ENVELOPE_BYTES = 1_500;

class Person {
  readonly signaling: Signaling;
  readonly gapsMs: number[] = [];
  #lostAtMs: number | null = null;

  constructor(opened: () => void, told: (event: ServerEvent) => void) {
    let hasBeenOpen = false;
    this.signaling = new Signaling({
      onEvent: told,
      onState: ({ at }) => {
        if (at === 'connecting' && hasBeenOpen) this.#lostAtMs ??= performance.now();
        if (at !== 'open') return;
        hasBeenOpen = true;
        if (this.#lostAtMs !== null) this.gapsMs.push(performance.now() - this.#lostAtMs);
        this.#lostAtMs = null;
        opened();
      },
    });
    this.signaling.start();
  }
}

class RealCrowd implements Crowd {
  readonly #people: Person[] = [];
  readonly #outcome: Outcome = { joinsMs: [], gapsMs: [], pages: 0, brokenFiles: [], refusals: {} };
  #meeting: MeetingId | null = null;
  #isOver = false;
  #work: Promise<unknown> = Promise.resolve();

  async stay(): Promise<void> {
    await this.#arrive();
  }

  async host(): Promise<void> {
    const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', key.publicKey));
    const meeting = toId<MeetingId>((await sha256(idPreimage(publicKey))).subarray(0, 16));
    const originHash = await sha256(new TextEncoder().encode(location.origin));
    this.#meeting = meeting;

    const claim = async ({ signaling }: Person): Promise<void> => {
      const { nonce } = signaling;
      const message = claimMessage(originHash, idBytes(meeting), fromBase64url(nonce));
      const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key.privateKey, message);
      await signaling.claim(meeting, {
        publicKey: toBase64url(publicKey),
        signature: toBase64url(new Uint8Array(signature)),
      });
    };
    let isHosted: () => void = () => undefined;
    const hosted = new Promise<void>((resolve) => (isHosted = resolve));
    await this.#arrive(
      (self) => this.#say(self, () => claim(self).then(isHosted)),
      (self, event) => {
        if (event.type !== 'knock' || event.envelope === null) return;
        const { peer } = event;
        this.#say(self, async () => {
          await self.signaling.relay(meeting, peer, envelope());
        });
      },
    );
    await hosted;
  }

  begin(): void {
    this.#work = Promise.all([this.#joinOneByOne(), this.#visitAgainAndAgain()]);
  }

  /** As a browser loads it: the page, then every file that it names. */
  async visit(): Promise<void> {
    const page = await this.#load('/m');
    const named = page.match(/\/_app\/[\w./-]+\.(?:js|css)/g) ?? [];
    await Promise.all([...new Set(named)].map((path) => this.#load(path)));
    this.#outcome.pages += 1;
  }

  async end(): Promise<Outcome> {
    this.#isOver = true;
    await this.#work;
    for (const person of this.#people) {
      this.#outcome.gapsMs.push(...person.gapsMs);
      person.signaling.close();
    }
    return this.#outcome;
  }

  /** Resolves with the first session. */
  #arrive(
    opened: (self: Person) => void = () => undefined,
    told: (self: Person, event: ServerEvent) => void = () => undefined,
  ): Promise<Person> {
    return new Promise((resolve) => {
      const person: Person = new Person(
        () => {
          resolve(person);
          opened(person);
        },
        (event) => told(person, event),
      );
      this.#people.push(person);
    });
  }

  async #joinOneByOne(): Promise<void> {
    while (!this.#isOver) {
      const begunAtMs = performance.now();
      await this.#join();
      this.#outcome.joinsMs.push(performance.now() - begunAtMs);
    }
  }

  async #join(): Promise<void> {
    const meeting = this.#meeting;
    if (meeting === null) throw new Error('nobody is host');
    const knock = (self: Person) =>
      this.#say(self, async () => {
        await self.signaling.knock(meeting, envelope());
      });
    await new Promise<void>((resolve) => {
      const guest = new Person(
        () => knock(guest),
        (event) => {
          if (event.type === 'presence' && event.hostPresent) knock(guest);
          if (event.type !== 'relay') return;
          clearInterval(again);
          guest.signaling.close();
          resolve();
        },
      );
      const again = setInterval(() => knock(guest), GREETING_MS);
    });
  }

  /** A call that goes with its session is made anew with the next. */
  #say(self: Person, call: () => Promise<void>): void {
    if (self.signaling.state.at !== 'open') return;
    call().catch((cause: unknown) => {
      const code = codeOf(cause);
      this.#outcome.refusals[code] = (this.#outcome.refusals[code] ?? 0) + 1;
    });
  }

  async #visitAgainAndAgain(): Promise<void> {
    while (!this.#isOver) await this.visit();
  }

  async #load(path: string): Promise<string> {
    try {
      const response = await fetch(path, { cache: 'no-store' });
      const text = await response.text();
      if (!response.ok || text === '') this.#outcome.brokenFiles.push(`${path} ${response.status}`);
      return text;
    } catch (cause) {
      this.#outcome.brokenFiles.push(`${path} ${String(cause)}`);
      return '';
    }
  }
}

async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

/** Of the size of a real message 1, and with nothing in it. */
const envelope = (): Bytes => crypto.getRandomValues(new Uint8Array(ENVELOPE_BYTES));

Object.assign(globalThis, { crowd: new RealCrowd() satisfies Crowd });
