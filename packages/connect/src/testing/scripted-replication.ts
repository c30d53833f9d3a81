import type {
  ReplicatedUser,
  ReplicationConnection,
  ReplicationCookie,
  ReplicationPage,
} from '@causeway/active-directory';
import { EncryptionType, ntHash, stringToKey } from '@causeway/credentials';
import type { ForestPerson } from './forest-person.ts';

const PAGE = 100;

/** Whose passwords are replicated, and the state of the database. */
interface Replicated {
  readonly domain: string;
  readonly people: readonly ForestPerson[];
  readonly invocationId: string;
  usn(): number;
}

/** Passwords by pages of replication, as the forest has them when asked. */
export function scriptedReplication({
  domain,
  people,
  invocationId,
  usn,
}: Replicated): ReplicationConnection {
  const cookie = (): ReplicationCookie => ({
    invocationId: invocationId,
    highWaterMark: { highObjUpdate: String(usn()), reserved: '0', highPropUpdate: String(usn()) },
    upToDateVector: [{ invocationId: invocationId, usn: String(usn()) }],
    attributeSet: 'passwords',
  });
  const replicated = (person: ForestPerson) => replicatedUser(domain, person);
  const living = () => people.filter(({ isThere, deleted }) => isThere && !deleted);
  return {
    async *replicateChanges({ cookie: since }) {
      const from = since === undefined ? 0 : Number(since.highWaterMark.highObjUpdate);
      const changed = living().filter(({ passwordUsn }) => passwordUsn > from);
      const end = cookie();
      for (let at = 0; at === 0 || at < changed.length; at += PAGE) {
        const users = changed.slice(at, at + PAGE).map(replicated);
        const more = at + PAGE < changed.length;
        const page: ReplicationPage = {
          ...{ users, serverObjects: users.length, bytes: 0, more, invocationId },
          ...{ fullCycle: since === undefined, wipe: () => {} },
          ...(!more && { cookie: end }),
        };
        yield page;
      }
    },
    async replicateObject(object) {
      const found = living().find(({ guid }) => 'objectGuid' in object && guid === object.objectGuid);
      return found && replicated(found);
    },
    crackNames: unasked,
    domainControllerInfo: unasked,
    accountNamingContext: unasked,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** A password is replicated whole, whichever part of it changed. */
function replicatedUser(domain: string, person: ForestPerson): ReplicatedUser {
  const { guid, name, sid, deleted, mustChange, version, setAt, setBy } = person;
  const password = person.passwords.at(-1)!;
  const salt = `${domain.toUpperCase()}${name}`;
  const { aes256, aes128 } = EncryptionType;
  const keys = [aes256, aes128].map(enctype => ({ enctype, key: keyOf(enctype, password, salt) }));
  return {
    ...{ objectGuid: guid, distinguishedName: name, objectSid: sid, isDeleted: deleted },
    ...{ sAMAccountName: name, pwdLastSet: mustChange ? 0n : BigInt(setAt) * 10_000_000n },
    ntHash: ntHash(password),
    kerberosKeys: { salt, iterations: 4096, keys },
    passwordOrder: { version, originatingTime: setAt, originatingInvocationId: setBy },
  };
}

const unasked = () => Promise.reject(new Error('nothing of this is scripted'));

const made = new Map<string, Uint8Array>();
/** Does the 4096 rounds once per password. Returns a fresh copy each time, because the caller wipes it. */
function keyOf(enctype: number, password: string, salt: string): Uint8Array {
  const text = `${enctype} ${salt} ${password}`;
  const key = made.get(text) ?? stringToKey(enctype, password, salt);
  made.set(text, key);
  return key.slice();
}
