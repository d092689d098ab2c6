import type { MeetingId } from '../lib/protocol/ids';
import type { ServerEvent } from '../lib/protocol/signaling';
import type { Member } from './presence';
import type { Roles } from './roles';

/** Who of this process watches which meetings. An id that nobody watches has no entry. */
export class Watching {
  readonly #roles: Roles;
  readonly #watchers = new Map<MeetingId, Set<Member>>();

  constructor(roles: Roles) {
    this.#roles = roles;
  }

  /** Replaces what the member watches, and says what nobody watched before; `null` when there is no room. */
  replace(member: Member, wanted: ReadonlySet<MeetingId>): MeetingId[] | null {
    const role = this.#roles.of(member);
    const before = role.watching;
    if (!this.#roles.watch(role, wanted)) return null;
    for (const id of before) if (!wanted.has(id)) this.remove(member, id);
    const isNew: MeetingId[] = [];
    for (const id of wanted) {
      const watchers = this.#watchers.get(id);
      if (watchers !== undefined) watchers.add(member);
      else {
        this.#watchers.set(id, new Set([member]));
        isNew.push(id);
      }
    }
    return isNew;
  }

  remove(member: Member, id: MeetingId): void {
    const watchers = this.#watchers.get(id);
    watchers?.delete(member);
    if (watchers?.size === 0) this.#watchers.delete(id);
  }

  has(id: MeetingId): boolean {
    return this.#watchers.has(id);
  }

  tell(id: MeetingId, hostPresent: boolean): void {
    const event: ServerEvent = { type: 'presence', id, hostPresent };
    for (const member of this.#watchers.get(id) ?? []) member.send(event);
  }

  /** The meeting is over: nobody watches it any more. Who did is for the caller to tell. */
  drop(id: MeetingId): Iterable<Member> {
    const watchers = this.#watchers.get(id) ?? [];
    this.#watchers.delete(id);
    return watchers;
  }

  get ids(): IterableIterator<MeetingId> {
    return this.#watchers.keys();
  }
}
