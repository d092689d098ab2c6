import type { MeetingId } from '../lib/protocol/ids';
import type { Member, PresenceLimits } from './presence';

/** What one member is. */
export type Role = {
  readonly hosting: Set<MeetingId>;
  readonly attending: Set<MeetingId>;
  watching: ReadonlySet<MeetingId>;
};

/** The way back from a member to its meetings, so that its end costs only what it did, and the bounds on both. */
export class Roles {
  readonly #limits: PresenceLimits;
  readonly #roles = new Map<Member, Role>();
  #watches = 0;

  constructor(limits: PresenceLimits) {
    this.#limits = limits;
  }

  find(member: Member): Role | undefined {
    return this.#roles.get(member);
  }

  /** Who is, was or will be something. */
  of(member: Member): Role {
    let role = this.#roles.get(member);
    if (role === undefined) {
      role = { hosting: new Set(), attending: new Set(), watching: new Set() };
      this.#roles.set(member, role);
    }
    return role;
  }

  /** Whether the member may be at one meeting more. The new are refused, the live are never evicted. */
  hasRoom(role: Role, isNewHere: boolean, meetings: number): boolean {
    if (role.hosting.size + role.attending.size >= this.#limits.meetingsPerSocket) return false;
    return !isNewHere || meetings < this.#limits.meetings;
  }

  /** Replaces what the member watches, or says false. */
  watch(role: Role, wanted: ReadonlySet<MeetingId>): boolean {
    const watches = this.#watches - role.watching.size + wanted.size;
    if (watches > this.#limits.watches) return false;
    this.#watches = watches;
    role.watching = wanted;
    return true;
  }

  /** The meeting is over for whoever was anything there. */
  drop(member: Member, id: MeetingId): void {
    const role = this.#roles.get(member);
    if (role === undefined) return;
    role.hosting.delete(id);
    role.attending.delete(id);
    if (!role.watching.has(id)) return;
    const rest = new Set(role.watching);
    rest.delete(id);
    this.watch(role, rest);
  }

  delete(member: Member): void {
    const role = this.#roles.get(member);
    if (role !== undefined) this.#watches -= role.watching.size;
    this.#roles.delete(member);
  }

  get members(): IterableIterator<Member> {
    return this.#roles.keys();
  }
  get size(): number {
    return this.#roles.size;
  }
  get watches(): number {
    return this.#watches;
  }
}
