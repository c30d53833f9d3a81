import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import {
  administrationRoutes,
  type CredentialChange,
  MAX_LINES,
  type ObjectChange,
  synchronizationRoutes,
  type TenantLine,
} from '@causeway/contract';
import { BUCKETS, bucketOf, type Line, lineDigest, linesDigest, packBuckets } from '@causeway/records';
import { HandClock } from '@causeway/service/testing';
import fc from 'fast-check';
import { sql } from 'kysely';
import { migrate } from '../database/migrations.ts';
import { objectIdOf } from '../provisioning/object-id.ts';
import { Installation } from '../tenancy/installation.ts';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  nextSequence,
  order,
  type Person,
  person,
  seal,
  withdrawalItem,
} from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { checkDigests } from './check-digests.ts';

const OTHER_FOREST = 'fabrikam.example.org';
const clock = new HandClock(Date.now());
const ALL = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

const lineOf = ({ sourceAnchor, passwordOrder, ...line }: TenantLine): Line => ({
  anchor: sourceAnchor,
  ...line,
  passwordOrder: passwordOrder ?? undefined,
});

const kindOf = ({ credentialSequence, passwordOrder, withdrawn }: TenantLine): string =>
  [
    withdrawn ? 'withdrawn' : passwordOrder ? 'password' : 'no order',
    credentialSequence > 0 ? 'record' : 'no record',
  ].join(', ');

onEveryBackend(
  'comparing with Connect',
  tenant => {
    let admin: Send;
    let connect: TestAgent;
    let elsewhere: TestAgent;

    const objects = (agent: TestAgent, changes: ObjectChange[], forest = FOREST) =>
      call(agent.send, synchronizationRoutes.exportObjects, { body: { forest, changes } });
    const credentials = (agent: TestAgent, changes: CredentialChange[], forest = FOREST) =>
      call(agent.send, synchronizationRoutes.exportCredentials, { body: batchOf(changes, forest) });
    const compare = async (buckets: string, agent = connect, forest = FOREST) =>
      (await call(agent.send, synchronizationRoutes.compareForest, { body: { forest, buckets, mark: null } }))
        .differing;
    const linesOf = async (buckets = ALL, agent = connect, forest = FOREST): Promise<TenantLine[]> => {
      const lines: TenantLine[] = [];
      for (;;) {
        const body = { forest, buckets, after: lines.at(-1)?.sourceAnchor ?? '' };
        const page = await call(agent.send, synchronizationRoutes.readLines, { body });
        lines.push(...page.lines);
        if (!page.more) return lines;
        assert.equal(page.lines.length, MAX_LINES);
      }
    };
    /** As Connect computes them from what it believes. */
    const digestsOf = (lines: readonly TenantLine[]): string => {
      const buckets = Map.groupBy(lines.map(lineOf), ({ anchor }) => bucketOf(anchor));
      return packBuckets(ALL.map(bucket => linesDigest(buckets.get(bucket) ?? [])));
    };

    before(async () => {
      admin = (await tenant().createTenant('contoso')).send;
      connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, OTHER_FOREST]);
      const other = (await tenant().createTenant('fabrikam')).send;
      elsewhere = await enrolAgent(tenant().url, other, 'connect');
    });

    interface Step {
      people: Person[];
      version: number;
      forest: string;
    }
    const put = (
      { people, forest }: Step,
      { deleted, guid }: { deleted?: boolean; guid?: () => string } = {},
    ): Promise<unknown> => {
      const items = people.map(who =>
        accountItem(connect, { ...who, guid: guid?.() ?? who.guid }, { forest, ...(deleted && { deleted }) }),
      );
      return objects(connect, items, forest);
    };
    const password = async ({ people, version, forest }: Step, sealed = false): Promise<unknown> => {
      const items = people.map(async who => {
        const words = ['Made-up 1!', order(version)] as const;
        const record = sealed ? await seal(connect, who, ...words, nextSequence(), forest) : null;
        return credentialItem(who, ...words, record);
      });
      return credentials(connect, await Promise.all(items), forest);
    };
    const STEPS: Record<string, (step: Step) => Promise<unknown>> = {
      put,
      'another object takes the anchor': step => put(step, { guid: randomUUID }),
      delete: step => put(step, { deleted: true }),
      password,
      'password with a record': step => password(step, true),
      withdraw: ({ people, version, forest }) => {
        const changes = people.map(who => withdrawalItem(connect, who, order(version), { forest }));
        return call(connect.send, synchronizationRoutes.exportWithdrawals, { body: { forest, changes } });
      },
      'an administrator accepts any order': ({ people, forest }) =>
        Promise.all(
          people.map(({ anchor }) => {
            const params = { id: objectIdOf(connect.tenantId, forest, anchor) };
            return call(admin, administrationRoutes.acceptPasswordOrder, { params });
          }),
        ),
    };

    it('agrees with the lines after any history', async () => {
      const steps = fc.array(
        fc.record({
          step: fc.constantFrom(...Object.keys(STEPS)),
          who: fc.subarray([0, 1, 2], { minLength: 1 }),
          version: fc.integer({ min: 1, max: 4 }),
          forest: fc.constantFrom(FOREST, FOREST, OTHER_FOREST),
        }),
        { minLength: 10, maxLength: 20, size: 'max' },
      );
      const seen = new Set<string>();
      let first = 0;
      await fc.assert(
        fc.asyncProperty(steps, async history => {
          const people = [person(++first), person(++first), person(++first)];
          for (const forest of [FOREST, OTHER_FOREST]) await put({ people, version: 0, forest });
          for (const { step, who, version, forest } of history) {
            await STEPS[step]!({ people: who.map(one => people[one]!), version, forest });
            const lines = await linesOf(ALL, connect, forest);
            assert.deepEqual(await compare(digestsOf(lines), connect, forest), []);
            for (const line of lines) seen.add(kindOf(line));
          }
        }),
        { numRuns: 10, seed: 18 },
      );
      assert.deepEqual([...seen].sort(), [
        'no order, no record',
        'no order, record',
        'password, no record',
        'password, record',
        'withdrawn, no record',
        'withdrawn, record',
      ]);
    });

    it('gives the example in the docs the digest that another program computes', async () => {
      const formats = readFileSync(new URL('../../../../docs/formats.md', import.meta.url), 'utf8');
      const [, text, digest] = /^ {4}(\S+ \d+ \d+ \S+ open)$.*?`([0-9a-f]{32})`/ms.exec(formats)!;
      const [anchor, account, credential, words] = text!.split(' ');
      const [version, originatingTime, originatingInvocationId] = words!.split('.');
      const line: Line = {
        anchor: anchor!,
        accountSequence: Number(account),
        credentialSequence: Number(credential),
        passwordOrder: {
          version: Number(version),
          originatingTime: Number(originatingTime),
          originatingInvocationId: originatingInvocationId!,
        },
        withdrawn: false,
      };
      assert.equal(Buffer.from(lineDigest(line)).toString('hex'), digest);
      const { rows } = await sql<{ digest: Uint8Array }>`
        select substr(bit_send(causeway_line_digest(${text})), 5) as digest`.execute(
        tenant().running.database,
      );
      assert.equal(Buffer.from(rows[0]!.digest).toString('hex'), digest);
    });

    it('finds rows that were changed in the database itself', async () => {
      const [one, two] = [person(500_001), person(500_002)];
      await objects(connect, [accountItem(connect, one), accountItem(connect, two)]);
      await credentials(connect, [await credentialItem(two, 'Made-up 1!', order(1))]);
      const before = digestsOf(await linesOf());
      const { database } = tenant().running;
      const of = (who: Person) => sql`where source_anchor = ${who.anchor} and forest = ${FOREST}`;
      const differs = async (who: Person[]) => {
        const buckets = [...new Set(who.map(({ anchor }) => bucketOf(anchor)))].sort((a, b) => a - b);
        assert.deepEqual(await compare(before), buckets);
      };
      await sql`update users set account_sequence = account_sequence - 1 ${of(one)}`.execute(database);
      await differs([one]);
      await sql`update users set order_version = order_version + 1 ${of(two)}`.execute(database);
      await differs([one, two]);
      await sql`update users set account_sequence = account_sequence + 1 ${of(one)}`.execute(database);
      await differs([two]);
      await sql`delete from users ${of(two)}`.execute(database);
      await differs([two]);
      assert.deepEqual(await compare(digestsOf(await linesOf())), []);
    });

    it('keeps tenants and forests apart', async () => {
      const who = person(500_003);
      await objects(connect, [accountItem(connect, who)]);
      await objects(connect, [accountItem(connect, who, { forest: OTHER_FOREST })], OTHER_FOREST);
      await objects(elsewhere, [accountItem(elsewhere, who)]);
      const buckets = [bucketOf(who.anchor)];
      const three = [
        await linesOf(buckets),
        await linesOf(buckets, connect, OTHER_FOREST),
        await linesOf(buckets, elsewhere),
      ].map(lines => lines.find(({ sourceAnchor }) => sourceAnchor === who.anchor)!.accountSequence);
      assert.equal(new Set(three).size, 3);
      const before = digestsOf(await linesOf());
      const there = digestsOf(await linesOf(ALL, elsewhere));
      await objects(elsewhere, [accountItem(elsewhere, who)]);
      await objects(connect, [accountItem(connect, who, { forest: OTHER_FOREST })], OTHER_FOREST);
      assert.deepEqual(await compare(before), []);
      assert.deepEqual(await compare(there, elsewhere), buckets);
    });

    it('rejects a Connect of another forest', async () => {
      const refused = { status: 403, code: 'other-forest' };
      await assert.rejects(compare(digestsOf([]), elsewhere, OTHER_FOREST), refused);
      await assert.rejects(linesOf(ALL, elsewhere, OTHER_FOREST), refused);
    });

    it('returns only the lines of the requested buckets, page by page in byte order', async () => {
      const many = `${MAX_LINES * 2 + 500}`;
      // Deleted users are between them, and letters of both cases.
      await sql`insert into users (tenant_id, id, origin, forest, source_anchor, object_guid, user_principal_name, upn_key,
        account_enabled, profile, administrator, account_sequence, created_at, deleted_at)
      select tenant_id, gen_random_uuid(), 'synchronized', forest, case when n % 2 = 0 then 'aN' else 'An' end || n,
        gen_random_uuid(), '', 'N' || n, true, '{}', false, n, created_at,
        case when n % 10 < 5 then created_at end
      from users, generate_series(1, ${many}::integer * 2) as n
      where forest = ${FOREST} and source_anchor = ${person(500_003).anchor} and tenant_id = ${connect.tenantId}`.execute(
        tenant().running.database,
      );
      const all = await linesOf();
      const anchors = all.map(({ sourceAnchor }) => sourceAnchor);
      assert.ok(anchors.length > MAX_LINES * 2);
      assert.deepEqual(
        anchors,
        [...anchors].sort((a, b) => (a < b ? -1 : 1)),
      );
      assert.deepEqual(await compare(digestsOf(all)), []);
      const some = [3, 77, 255];
      const asked = all.filter(({ sourceAnchor }) => some.includes(bucketOf(sourceAnchor)));
      assert.deepEqual(await linesOf(some), asked);
    });

    it('corrects a wrong digest', async () => {
      const right = digestsOf(await linesOf());
      const { database } = tenant().running;
      const { scope } = (await new Installation(database, clock).findTenant('contoso'))!;
      const { signal } = new AbortController();
      assert.deepEqual(await checkDigests(scope, signal), []);
      const of = (bucket: number) =>
        sql`where bucket = ${bucket} and forest = ${FOREST} and tenant_id = ${scope.tenantId}`;
      await sql`update line_digests set digest = ~digest ${of(7)}`.execute(database);
      await sql`delete from line_digests ${of(8)}`.execute(database);
      assert.deepEqual(await compare(right), [7, 8]);
      assert.deepEqual(await checkDigests(scope, signal), [
        { forest: FOREST, bucket: 7 },
        { forest: FOREST, bucket: 8 },
      ]);
      assert.deepEqual(await compare(right), []);
      assert.deepEqual(await checkDigests(scope, signal), []);
    });

    it('corrects wrong digests every hour, and warns', async () => {
      const right = digestsOf(await linesOf());
      await sql`update line_digests set digest = ~digest where bucket < 9 and forest = ${FOREST}
      and tenant_id = ${connect.tenantId}`.execute(tenant().running.database);
      const told = () =>
        tenant()
          .log()
          .filter(({ msg }) => String(msg).startsWith('corrected digests'))
          .map(({ tenant, buckets }) => [tenant, buckets]);
      await clock.sleeping();
      assert.deepEqual(told(), []);
      await clock.pass(3_600_000);
      await clock.sleeping();
      assert.deepEqual(told(), [['contoso', 9]]);
      assert.deepEqual(await compare(right), []);
    });

    it('does not take a change for a wrong digest when it comes while the users are read', async () => {
      const { scope } = (await new Installation(tenant().running.database, clock).findTenant('contoso'))!;
      // These are read last.
      const people = [1, 2, 3].map(number => person(500_010 + number, { anchor: `~${number}` }));
      const change = () =>
        objects(
          connect,
          people.map(who => accountItem(connect, who)),
        );
      await change();
      let checking = true;
      const check = checkDigests(scope, new AbortController().signal).finally(() => {
        checking = false;
      });
      while (checking) await change();
      assert.deepEqual(await check, []);
      assert.deepEqual(await compare(digestsOf(await linesOf())), []);
    });

    it('digests the users of a database from an earlier release', async () => {
      const right = digestsOf(await linesOf());
      const { database } = tenant().running;
      for (const event of ['insert', 'update', 'delete']) {
        await sql`drop function ${sql.raw(`causeway_digest_${event}`)} cascade`.execute(database);
      }
      await sql`drop table line_digests`.execute(database);
      await sql`drop function causeway_bucket, causeway_line, causeway_line_digest, causeway_slice_end`.execute(
        database,
      );
      await sql`alter table users alter column source_anchor type text collate "default"`.execute(database);
      await sql`delete from causeway_migrations where name = 'digests of what Connect compares'`.execute(
        database,
      );
      await migrate(database);
      assert.deepEqual(await compare(right), []);
    });
  },
  { clock },
);
