import {
  DrsOption,
  decodeReply,
  decodeReplyHeader,
  type Reply,
  type ReplyHeader,
  type UsnVector,
} from '@causeway/protocols';
import { ATTRIBUTE_SETS, digestOfSet } from './attributes.ts';
import { decodeUser, wipeUser } from './decode-user.ts';
import type { DrsSession } from './drs-session.ts';
import type {
  CycleOptions,
  FullCycleReason,
  ReplicatedUser,
  ReplicationCookie,
  ReplicationPage,
} from './replication.ts';
import { ReplicationError } from './replication-error.ts';

const DEFAULT_PAGE_SIZE = 1000;
/** Where a cycle without a mark starts. */
const START: UsnVector = { highObjUpdate: 0n, reserved: 0n, highPropUpdate: 0n };

/** Where a cycle starts. Without a cookie, everything comes. */
interface Start {
  cookie: ReplicationCookie | undefined;
  reason?: FullCycleReason;
}

/** Pages since the cookie. Asks for the next one before it decodes the current one. */
export async function* replicationCycle(
  session: DrsSession,
  options: CycleOptions,
): AsyncGenerator<ReplicationPage, void, undefined> {
  const set = options.attributeSet ?? 'all';
  const attributeSet = digestOfSet(set);
  let start: Start = { cookie: options.cookie };
  if (options.cookie && options.cookie.attributeSet !== attributeSet) {
    start = { cookie: undefined, reason: 'attribute-set' };
  }
  const ask = (from: UsnVector | undefined, invocationId: string | undefined): Promise<Uint8Array> => {
    const vector = start.cookie?.upToDateVector.map(({ invocationId, usn }) => ({
      invocationId,
      usn: BigInt(usn),
    }));
    const first = start.cookie ? 0 : DrsOption.neverSynced; // the same in all calls of a cycle
    const answer = session.getChanges({
      object: {
        name: options.namingContext,
        ...(session.directory && { guid: session.directory.domainGuid }),
      },
      invocationId,
      from,
      upToDateVector: vector,
      flags: DrsOption.initialSync | DrsOption.writableReplica | first,
      attributes: ATTRIBUTE_SETS[set],
      maxObjects: options.pageSize ?? DEFAULT_PAGE_SIZE,
    });
    answer.catch(() => {}); // it throws where it is awaited, which can be after the page before was processed
    return answer;
  };

  let from = highWaterMark(start.cookie);
  let pending: Promise<Uint8Array> | undefined = ask(from, start.cookie?.invocationId);
  let isFirst = true;
  try {
    while (pending) {
      const stub: Uint8Array = await pending;
      pending = undefined;
      const header = session.decoding(stub, decodeReplyHeader);
      refuseOther(session, stub, header);
      const reason =
        isFirst && start.cookie
          ? unusable(start.cookie, header, () => session.decoding(stub, decodeReply))
          : undefined;
      if (reason) {
        stub.fill(0);
        start = { cookie: undefined, reason };
        from = undefined;
        pending = ask(from, undefined);
        continue;
      }
      isFirst = false;
      refuseStandstill(session, stub, header, from);
      from = header.to;
      if (header.more) pending = ask(from, header.invocationId);
      yield decodePage(session, stub, start, attributeSet);
    }
  } finally {
    // The page that was requested and that no caller takes any more.
    await pending?.then(
      stub => stub.fill(0),
      () => {},
    );
  }
}

function refuseOther(session: DrsSession, stub: Uint8Array, { namingContext }: ReplyHeader): void {
  try {
    session.checkNamingContext(namingContext);
  } catch (error) {
    stub.fill(0);
    throw error;
  }
}

/** Rejects a page that announces more but brings nothing and no new mark: the next request would return the same page for ever. */
function refuseStandstill(
  { host }: DrsSession,
  stub: Uint8Array,
  { more, to, objectCount, linkedValueCount }: ReplyHeader,
  from: UsnVector = START,
): void {
  const moved =
    to.highObjUpdate !== from.highObjUpdate ||
    to.reserved !== from.reserved ||
    to.highPropUpdate !== from.highPropUpdate;
  if (!more || moved || objectCount > 0 || linkedValueCount > 0) return;
  stub.fill(0);
  const text = `${host} announces more changes, but sends neither an object, nor a link, nor another mark than ${from.highObjUpdate}: the cycle ended there; restart the directory service of that domain controller, or let the connector read another one`;
  throw new ReplicationError('no-progress', text);
}

function highWaterMark(cookie: ReplicationCookie | undefined): UsnVector | undefined {
  if (!cookie) return undefined;
  const { highObjUpdate, reserved, highPropUpdate } = cookie.highWaterMark;
  return {
    highObjUpdate: BigInt(highObjUpdate),
    reserved: BigInt(reserved),
    highPropUpdate: BigInt(highPropUpdate),
  };
}

/** A restored DC has another database, or one that has not reached our mark. Either way the cookie cannot be used. */
function unusable(
  cookie: ReplicationCookie,
  header: ReplyHeader,
  reply: () => Reply,
): FullCycleReason | undefined {
  if (header.invocationId !== cookie.invocationId) return 'invocation-id';
  if (header.to.highObjUpdate < BigInt(cookie.highWaterMark.highObjUpdate)) return 'usn-rollback';
  // Samba returns a mark from its future unchanged, and nothing else. A DC's own cursor shows how far it is. Compare that with its earlier
  // cursor, because only Samba makes it equal to the mark.
  if (header.objectCount > 0 || header.more) return undefined;
  const own = ({ invocationId }: { invocationId: string }) => invocationId === header.invocationId;
  const now = reply().upToDateVector?.find(own)?.usn;
  const earlier = cookie.upToDateVector.find(own)?.usn;
  return now !== undefined && earlier !== undefined && now < BigInt(earlier) ? 'usn-rollback' : undefined;
}

/**
 * Always wipes the reply.
 * @param attributeSet digest of the requested set
 */
function decodePage(
  session: DrsSession,
  stub: Uint8Array,
  start: Start,
  attributeSet: string,
): ReplicationPage {
  const users: ReplicatedUser[] = [];
  const wipe = (): void => {
    for (const user of users) wipeUser(user);
  };
  let reply: Reply;
  try {
    reply = session.decoding(stub, decodeReply);
    for (const object of reply.objects) {
      const user = decodeUser(object, reply.prefixTable, session);
      if (user) users.push(user);
    }
  } catch (error) {
    wipe();
    throw error;
  } finally {
    stub.fill(0);
  }
  const page: ReplicationPage = {
    users,
    serverObjects: reply.objectCount,
    bytes: stub.length,
    more: reply.more,
    invocationId: reply.invocationId,
    fullCycle: start.cookie === undefined,
    wipe,
  };
  if (start.reason) page.fullCycleReason = start.reason;
  if (!reply.more) {
    const { highObjUpdate, reserved, highPropUpdate } = reply.to;
    const vector = reply.upToDateVector?.map(({ invocationId, usn }) => ({ invocationId, usn: `${usn}` }));
    page.cookie = {
      invocationId: reply.invocationId,
      highWaterMark: {
        highObjUpdate: `${highObjUpdate}`,
        reserved: `${reserved}`,
        highPropUpdate: `${highPropUpdate}`,
      },
      upToDateVector: vector ?? start.cookie?.upToDateVector ?? [],
      attributeSet,
    };
  }
  return page;
}
