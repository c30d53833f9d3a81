import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { call, type Send } from '@causeway/api';
import {
  administrationRoutes,
  type CredentialChange,
  managedDomainRoutes,
  type ObjectChange,
  synchronizationRoutes,
  type Verdict,
} from '@causeway/contract';
import {
  CredentialSealer,
  generateSealingKey,
  generateSigningKey,
  joinEncapsulation,
  sealingPublicKey,
} from '@causeway/records';
import { sql } from 'kysely';
import { onEveryBackend } from '../testing/backends.ts';
import { FOREST } from '../testing/forest.ts';
import {
  accountItem,
  batchOf,
  credentialItem,
  ENCAPSULATION,
  inFeed,
  nextSequence,
  order,
  person,
  seal,
  sealing,
} from '../testing/people.ts';
import { enrolAgent, type TestAgent } from '../testing/test-agent.ts';
import { objectIdOf } from './object-id.ts';

const statements: string[] = [];
/** Another forest of the same Connect. */
const OTHER_FOREST = 'fabrikam.example.org';

onEveryBackend(
  'provisioning',
  tenant => {
    let admin: Send;
    let connect: TestAgent;
    let domain: TestAgent;
    let number = 0;
    const newPerson = (): ReturnType<typeof person> => person(++number);

    const objects = async (changes: unknown[], forest = FOREST): Promise<Verdict[]> => {
      const body = { forest, changes: changes as ObjectChange[] };
      return (await call(connect.send, synchronizationRoutes.exportObjects, { body })).verdicts;
    };
    const credentials = async (changes: unknown[], forest = FOREST): Promise<Verdict[]> => {
      const body = batchOf(changes as CredentialChange[], forest);
      return (await call(connect.send, synchronizationRoutes.exportCredentials, { body })).verdicts;
    };
    const says = (verdicts: Verdict[]): string[] => verdicts.map(verdict => verdict.code ?? verdict.verdict);
    const status = async (id: string) => call(admin, administrationRoutes.getUser, { params: { id } });
    const feedItem = async (anchor: string) => {
      const query = { limit: 1000 };
      const { items } = await call(domain.send, managedDomainRoutes.readChanges, { query });
      return items.find(item => item.sourceAnchor === anchor);
    };

    before(async () => {
      admin = (await tenant().createTenant('contoso')).send;
      connect = await enrolAgent(tenant().url, admin, 'connect', 'connect', [FOREST, OTHER_FOREST]);
      domain = await enrolAgent(tenant().url, admin, 'domain');
    });

    it('is idempotent: the same batch again changes nothing', async () => {
      const [a, b] = [newPerson(), newPerson()];
      const accounts = [accountItem(connect, a), accountItem(connect, b)];
      assert.deepEqual(says(await objects(accounts)), ['applied', 'applied']);
      const before = await feedItem(a.anchor);
      assert.deepEqual(says(await objects(accounts)), ['unchanged', 'unchanged']);
      const items = [await credentialItem(a, 'one', order(2)), await credentialItem(b, 'two', order(2))];
      assert.deepEqual(says(await credentials(items)), ['applied', 'applied']);
      assert.deepEqual(says(await credentials(items)), ['unchanged', 'unchanged']);
      assert.deepEqual(await feedItem(a.anchor), before);
    });

    it('rejects an older sequence, and applies a newer one', async () => {
      const who = newPerson();
      const [first, second] = [nextSequence(), nextSequence()];
      const newer = accountItem(connect, { ...who, upn: 'renamed@corp.example.com' }, { sequence: second });
      assert.deepEqual(says(await objects([newer])), ['applied']);
      assert.deepEqual(says(await objects([accountItem(connect, who, { sequence: first })])), [
        'older-sequence',
      ]);
      const gone = accountItem(connect, who, { sequence: first, deleted: true });
      assert.deepEqual(says(await objects([gone])), ['older-sequence']);
      assert.equal((await status(who.anchor)).userPrincipalName, 'renamed@corp.example.com');
    });

    it('shows the on-premises account name, whatever the record calls the account in the managed domain', async () => {
      const who = newPerson();
      const item = { ...accountItem(connect, who), onPremisesSamAccountName: 'on-premises' };
      assert.deepEqual(says(await objects([item])), ['applied']);
      assert.equal((await status(who.anchor)).onPremisesSamAccountName, 'on-premises');
      assert.deepEqual(says(await objects([accountItem(connect, who, { deleted: true })])), ['applied']);
      assert.equal((await status(who.anchor)).onPremisesSamAccountName, 'on-premises');
    });

    it('keeps the deletion of an unknown user, for a managed domain that has the user', async () => {
      const who = newPerson();
      const gone = accountItem(connect, who, { deleted: true });
      assert.deepEqual(says(await objects([gone])), ['applied']);
      assert.equal((await feedItem(who.anchor))!.accountRecord, gone.record);
      assert.ok((await status(who.anchor)).deletedAt !== null);
      const older = accountItem(connect, who, { sequence: gone.sequence - 1 });
      assert.deepEqual(says(await objects([older, gone])), ['older-sequence', 'unchanged']);
      assert.deepEqual(says(await objects([accountItem(connect, who)])), ['applied']);
    });

    it('rejects a different record with a known sequence as older, for an account, a deletion and a password', async () => {
      const who = newPerson();
      const sequence = nextSequence();
      const item = accountItem(connect, who, { sequence });
      const renamed = { ...who, upn: 'other@corp.example.com' };
      const others = [
        accountItem(connect, renamed, { sequence }),
        accountItem(connect, who, { sequence, deleted: true }),
      ];
      assert.deepEqual(says(await objects([item, ...others])), [
        'applied',
        'older-sequence',
        'older-sequence',
      ]);
      assert.deepEqual(says(await objects([...others, item])), [
        'older-sequence',
        'older-sequence',
        'unchanged',
      ]);
      const sealed = async (password: string, version: number) => ({
        ...(await credentialItem(who, password, order(version))),
        record: await seal(connect, who, password, order(version), sequence),
      });
      const first = await sealed('one', 2);
      const another = [await sealed('one', 2), await sealed('two', 3)];
      const plain = { ...(await credentialItem(who, 'two', order(3))), sequence };
      assert.deepEqual(says(await credentials([first, ...another, plain])), [
        'applied',
        ...Array(3).fill('older-sequence'),
      ]);
      assert.deepEqual(says(await credentials([...another, plain, first])), [
        ...Array(3).fill('older-sequence'),
        'unchanged',
      ]);
      const unsealed = { ...plain, sequence: nextSequence() };
      const newer = { ...(await credentialItem(who, 'three', order(4))), sequence: unsealed.sequence };
      assert.deepEqual(says(await credentials([unsealed, unsealed, newer])), [
        'applied',
        'unchanged',
        'older-sequence',
      ]);
    });

    it('keeps userPrincipalNames unique without regard to case, and frees them', async () => {
      const [a, b] = [newPerson(), newPerson()];
      await objects([accountItem(connect, a)]);
      const [verdict] = await objects([accountItem(connect, { ...b, upn: a.upn.toUpperCase() })]);
      assert.equal(verdict!.code, 'attribute-value-must-be-unique');
      assert.match(verdict!.reason!, /userPrincipalName/);
      await objects([accountItem(connect, a, { deleted: true })]);
      assert.deepEqual(says(await objects([accountItem(connect, { ...b, upn: a.upn })])), ['applied']);
      const admins = accountItem(connect, { ...newPerson(), upn: 'ADMIN@contoso.example.net' });
      assert.deepEqual(says(await objects([admins])), ['attribute-value-must-be-unique']);
    });

    it('leaves a userPrincipalName with the first forest that had it, until that forest releases it', async () => {
      const [a, b] = [newPerson(), newPerson()];
      await objects([accountItem(connect, a)]);
      const wanted = { ...b, upn: a.upn };
      const attempt = async () =>
        says(await objects([accountItem(connect, wanted, { forest: OTHER_FOREST })], OTHER_FOREST));
      assert.deepEqual(await attempt(), ['attribute-value-must-be-unique']);
      await objects([accountItem(connect, a)]); // its holder keeps it, whoever spoke last
      assert.deepEqual(await attempt(), ['attribute-value-must-be-unique']);
      await objects([accountItem(connect, { ...a, upn: `x${a.upn}` })]);
      assert.deepEqual(
        await attempt(),
        ['attribute-value-must-be-unique'],
        'kept for the forest that let go of it',
      );
      await sql`update reserved_names set until = now() - interval '1 second' where tenant_id = ${connect.tenantId}`.execute(
        tenant().running.database,
      );
      assert.deepEqual(await attempt(), ['applied']);
      assert.deepEqual(says(await objects([accountItem(connect, a)])), ['attribute-value-must-be-unique']);
      assert.equal((await status(a.upn)).forest, OTHER_FOREST);
    });

    it('takes the state of a record even if its names are wrong, and reports what is wrong', async () => {
      const [holder, taker] = [newPerson(), newPerson()];
      await objects([accountItem(connect, taker), accountItem(connect, holder)]);
      const disabled = { ...taker, enabled: false };
      for (const [upn, code] of [
        [holder.upn, 'attribute-value-must-be-unique'],
        [`LEFT ${taker.upn}`, 'invalid'],
        ['no-at', 'invalid'],
      ] as const) {
        await objects([accountItem(connect, taker)]);
        const [verdict] = await objects([accountItem(connect, { ...disabled, upn })]);
        assert.deepEqual([verdict!.verdict, verdict!.code], ['applied', code]);
        const { accountEnabled, signInName, nameProblem } = await status(taker.anchor);
        assert.equal(accountEnabled, false, upn);
        assert.equal(signInName, taker.upn, 'the name that it had stands in');
        assert.match(nameProblem!, new RegExp(`^${code}: userPrincipalName`));
      }
    });

    it('takes the state from the record, not from the fields beside it', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const honest = accountItem(connect, { ...who, enabled: false, expires: '2020-01-01T00:00:00.000Z' });
      const [verdict] = await objects([
        {
          ...honest,
          accountEnabled: true,
          accountExpires: null,
          userPrincipalName: 'other@corp.example.com',
        },
      ]);
      assert.deepEqual(
        [verdict!.verdict, verdict!.code],
        ['applied', 'invalid'],
        'another name costs the name',
      );
      const { accountEnabled, accountExpires, signInName } = await status(who.anchor);
      assert.deepEqual([accountEnabled, accountExpires], [false, '2020-01-01T00:00:00.000Z']);
      assert.equal(signInName, who.upn);
    });

    it('takes the state of a record without names, and of a user who never had one', async () => {
      const [known, unknown] = [newPerson(), newPerson()];
      await objects([accountItem(connect, known)]);
      const batch = [known, unknown].map(who => accountItem(connect, { ...who, upn: null, enabled: false }));
      assert.deepEqual(says(await objects(batch)), ['invalid', 'invalid']);
      assert.deepEqual((await status(known.anchor)).accountEnabled, false);
      const { accountEnabled, signInName, userPrincipalName } = await status(unknown.anchor);
      assert.deepEqual([accountEnabled, signInName, userPrincipalName], [false, null, '']);
    });

    it('applies everything else when a profile cannot be stored', async () => {
      const who = newPerson();
      const item = accountItem(connect, who) as Extract<ObjectChange, { operation: 'upsert' }>;
      const profile = {
        ...item.profile,
        displayName: 'a\u0000b',
        mail: '\ud800',
        department: 'x'.repeat(2000),
      };
      assert.deepEqual(says(await objects([{ ...item, profile }])), ['applied']);
      const stored = (await status(who.anchor)).profile;
      assert.deepEqual([stored.displayName, stored.mail, stored.department], [null, null, null]);
      assert.equal(stored.surname, item.profile.surname);
    });

    it('gives swapped and rotated names to the users that the forest names, in one batch or in several', async () => {
      const ring = [newPerson(), newPerson(), newPerson()];
      const next = ring.map((who, i) => ({ ...who, upn: ring[(i + 1) % 3]!.upn }));
      const named = async () =>
        Promise.all(ring.map(async ({ anchor }) => (await status(anchor)).signInName ?? 'own'));
      await objects(ring.map(who => accountItem(connect, who)));
      await objects(next.map(who => accountItem(connect, who)));
      assert.deepEqual(await named(), ['own', 'own', 'own']);
      for (const who of ring) await objects([accountItem(connect, who)]);
      assert.deepEqual(await named(), ['own', 'own', 'own']);
      for (const who of next.toReversed()) await objects([accountItem(connect, who)]);
      assert.deepEqual(await named(), ['own', 'own', 'own']);
      assert.equal((await status(ring[0]!.upn)).sourceAnchor, ring[2]!.anchor);
    });

    it('passes a stand-in name at once to the user whose true name it is', async () => {
      const [leaver, heir] = [newPerson(), newPerson()];
      await objects([accountItem(connect, leaver)]);
      await objects([accountItem(connect, { ...leaver, upn: 'not a name' })]);
      assert.equal((await status(leaver.anchor)).signInName, leaver.upn);
      assert.deepEqual(says(await objects([accountItem(connect, { ...heir, upn: leaver.upn })])), [
        'applied',
      ]);
      assert.equal((await status(leaver.upn)).sourceAnchor, heir.anchor);
      assert.equal((await status(leaver.anchor)).signInName, null);
    });

    it('keeps the id of a deleted user who comes back', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const { id } = await status(who.anchor);
      assert.equal(id, objectIdOf(connect.tenantId, FOREST, who.anchor));
      await objects([accountItem(connect, who, { deleted: true })]);
      assert.deepEqual(says(await objects([accountItem(connect, who)])), ['applied']);
      const back = await status(who.upn);
      assert.deepEqual([back.id, back.deletedAt, back.signInName], [id, null, undefined]);
    });

    it('gives a name that two forests want at once to one of them', async () => {
      const [a, b] = [newPerson(), newPerson()];
      const both = await Promise.all([
        objects([accountItem(connect, a)]),
        objects([accountItem(connect, { ...b, upn: a.upn }, { forest: OTHER_FOREST })], OTHER_FOREST),
      ]);
      assert.deepEqual(both.flatMap(says).sort(), ['applied', 'attribute-value-must-be-unique']);
    });

    it('lets names pass from one user to the next within a batch', async () => {
      const [a, b] = [newPerson(), newPerson()];
      await objects([accountItem(connect, a), accountItem(connect, b)]);
      const batch = [
        accountItem(connect, { ...a, upn: `x${a.upn}` }),
        accountItem(connect, { ...b, upn: a.upn }),
        accountItem(connect, { ...a, upn: b.upn }),
      ];
      assert.deepEqual(says(await objects(batch)), ['applied', 'applied', 'applied']);
      assert.equal((await status(a.anchor)).userPrincipalName, b.upn);
      assert.equal((await status(b.anchor)).userPrincipalName, a.upn);
    });

    it('finds a record that differs from its item', async () => {
      const [a, b] = [newPerson(), newPerson()];
      const sequence = nextSequence();
      const item = accountItem(connect, a, { sequence }) as Extract<ObjectChange, { operation: 'upsert' }>;
      const stranger = { ...connect, signingKey: generateSigningKey() };
      const lies: [string, unknown][] = [
        ['another user', { ...item, record: accountItem(connect, b, { sequence }).record }],
        ['another objectGuid', { ...item, objectGuid: b.guid }],
        ['another sequence', { ...item, sequence: nextSequence() }],
        [
          'another forest',
          { ...item, record: accountItem(connect, a, { sequence, forest: 'x.example' }).record },
        ],
        [
          'another tenant',
          { ...item, record: accountItem({ ...connect, tenantId: 'other' }, a, { sequence }).record },
        ],
        ['another signer', { ...item, record: accountItem(stranger, a, { sequence }).record }],
        ['no record at all', { ...item, record: 'a.b.c' }],
      ];
      for (const [why, lie] of lies) {
        assert.deepEqual(says(await objects([lie])), ['record-mismatch'], why);
      }
      await objects([item]);
      const good = await credentialItem(a, 'x', order(3), await seal(connect, a, 'x', order(3)));
      const wrongs: [string, unknown][] = [
        ['an account record', { ...good, record: item.record }],
        ['another password order', { ...good, passwordOrder: order(4) }],
        ['another user', { ...good, record: await seal(connect, b, 'x', order(3)) }],
        [
          'another objectGuid',
          { ...good, record: await seal(connect, { ...a, guid: b.guid }, 'x', order(3)) },
        ],
        ['another signer', { ...good, record: await seal(stranger, a, 'x', order(3)) }],
        ['another sequence', { ...good, sequence: nextSequence() }],
        [
          'another forest',
          { ...good, record: await seal(connect, a, 'x', order(3), nextSequence(), OTHER_FOREST) },
        ],
      ];
      for (const [why, wrong] of wrongs) {
        assert.deepEqual(says(await credentials([wrong])), ['record-mismatch'], why);
      }
      const another = Buffer.alloc(1120, 7).toString('base64url');
      for (const encapsulation of [null, 'AAAA', another, `${ENCAPSULATION}A`]) {
        const body = { ...batchOf([good]), encapsulation };
        const { verdicts } = await call(connect.send, synchronizationRoutes.exportCredentials, { body });
        assert.deepEqual(says(verdicts), ['record-mismatch'], 'another encapsulation');
      }
      assert.deepEqual(says(await credentials([good])), ['applied']);
    });

    it('rejects one bad item and applies its neighbours', async () => {
      const [a, b] = [newPerson(), newPerson()];
      const batch = [
        accountItem(connect, a),
        { sourceAnchor: 'x', operation: 'explode' },
        accountItem(connect, b),
      ];
      assert.deepEqual(says(await objects(batch)), ['applied', 'invalid', 'applied']);
      const good = await credentialItem(a, 'x', order(1));
      const forms = [
        '',
        'v1;PPH1_MD4,00,1000,00;',
        good.cloudCredential.replace(',1000,', ',100,'),
        `${good.cloudCredential} `,
      ];
      const items = [...forms.map(cloudCredential => ({ ...good, cloudCredential })), good];
      assert.deepEqual(says(await credentials(items)), [
        'invalid',
        'invalid',
        'invalid',
        'invalid',
        'applied',
      ]);
      await assert.rejects(objects([{ operation: 'delete' }]), { code: 'bad-request' });
    });

    it('orders passwords: older rejected, equal kept, newer applied, in any order of arrival', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const [v2, v3] = [
        await credentialItem(who, 'two', order(2)),
        await credentialItem(who, 'three', order(3)),
      ];
      assert.deepEqual(says(await credentials([v3, v2, v3])), [
        'applied',
        'older-password-order',
        'unchanged',
      ]);
      assert.deepEqual(says(await credentials([v2])), ['older-password-order']);
      const received = (await status(who.anchor)).credential!;
      assert.equal(received.passwordOrder!.version, 3);
      const otherSalt = await credentialItem(who, 'three', order(3));
      assert.deepEqual(says(await credentials([otherSalt])), ['unchanged']);
      assert.deepEqual((await status(who.anchor)).credential, received);
    });

    it('applies a newer record of the same password, and rejects an older one', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const [s1, s2] = [nextSequence(), nextSequence()];
      const plain = await credentialItem(who, 'same', order(4));
      const older = { ...plain, record: await seal(connect, who, 'same', order(4), s1) };
      const newer = { ...plain, record: await seal(connect, who, 'same', order(4), s2) };
      assert.deepEqual(says(await credentials([plain])), ['applied']);
      assert.deepEqual(says(await credentials([newer])), ['applied']);
      assert.deepEqual(says(await credentials([older])), ['older-sequence']);
      assert.deepEqual(says(await credentials([plain])), ['unchanged']);
      assert.equal((await feedItem(who.anchor))!.credentialRecord, inFeed(newer.record));
    });

    it('gives each user of a batch their own record, and none to a user who brings none', async () => {
      const people = [newPerson(), newPerson(), newPerson(), newPerson()];
      await objects(people.map(who => accountItem(connect, who)));
      const records = await Promise.all(
        people.map(async (who, i) => (i % 2 === 0 ? null : seal(connect, who, 'own', order(1)))),
      );
      const items = await Promise.all(
        people.map((who, i) => credentialItem(who, 'own', order(1), records[i]!)),
      );
      assert.deepEqual(new Set(says(await credentials(items))), new Set(['applied']));
      const kept = await Promise.all(people.map(({ anchor }) => feedItem(anchor)));
      assert.deepEqual(
        kept.map(item => item!.credentialRecord),
        records.map(record => record && inFeed(record)),
      );
    });

    it('stores the encapsulation of a batch once, and only while a record needs it', async () => {
      const { publicKey } = await generateSealingKey();
      const people = [newPerson(), newPerson(), newPerson()];
      await objects(people.map(who => accountItem(connect, who)));
      /** Sends the people's records as one batch. @returns them as the feed should show them */
      const send = async (who: typeof people, version: number): Promise<string[]> => {
        const sealer = await CredentialSealer.open(publicKey);
        const { encapsulation } = sealer;
        const records = await Promise.all(who.map(one => sealing(sealer)(connect, one, 'x', order(version))));
        const items = who.map((one, i) => credentialItem(one, 'x', order(version), records[i]!));
        const body = { ...batchOf(await Promise.all(items)), encapsulation };
        const { verdicts } = await call(connect.send, synchronizationRoutes.exportCredentials, { body });
        assert.deepEqual(new Set(says(verdicts)), new Set(['applied']));
        return records.map(signed => joinEncapsulation({ signed, encapsulation }));
      };
      const shown = () =>
        Promise.all(people.map(async ({ anchor }) => (await feedItem(anchor))!.credentialRecord));
      const { database } = tenant().running;
      const kept = async () => {
        const query = database.selectFrom('encapsulations').select(['id', 'encapsulation']);
        return query.where('tenant_id', '=', connect.tenantId).orderBy('id').execute();
      };
      const [first, second, third] = await send(people, 1);
      assert.deepEqual(await shown(), [first, second, third]);
      const one = (await kept()).at(-1)!;
      const count = (await kept()).length;
      const [again] = await send(people.slice(0, 1), 2);
      const [secondAgain, thirdAgain] = await send(people.slice(1), 2);
      assert.deepEqual(await shown(), [again, secondAgain, thirdAgain]);
      assert.equal((await kept()).length, count + 2, 'one a batch; what no record needs goes later');

      // As many changes later as lie between two clearances.
      const far = sql<number>`(value / 32768 + 1) * 32768`;
      const counter = database.updateTable('change_counters').where('tenant_id', '=', connect.tenantId);
      await counter.set({ value: far }).execute();
      const [last] = await send(people.slice(0, 1), 3);
      assert.deepEqual(await shown(), [last, secondAgain, thirdAgain]);
      const left = await kept();
      assert.ok(left.every(({ id, encapsulation }) => id !== one.id && encapsulation !== one.encapsulation));
      assert.ok(left.some(({ encapsulation }) => secondAgain!.endsWith(`~${encapsulation}`)));
    });

    it('lets the newest of many concurrent passwords win', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const items = await Promise.all(
        Array.from({ length: 12 }, (_, i) => credentialItem(who, `p${i}`, order(i + 1))),
      );
      const shuffled = [5, 0, 11, 3, 8, 1, 10, 2, 7, 4, 9, 6].map(i => items[i]!);
      await Promise.all(shuffled.map(item => credentials([item])));
      assert.equal((await status(who.anchor)).credential!.passwordOrder!.version, 12);
    });

    it('asks to retry a password of an unknown or deleted user', async () => {
      const who = newPerson();
      const item = await credentialItem(who, 'x', order(1));
      const [unknown] = await credentials([item]);
      assert.deepEqual([unknown!.verdict, unknown!.code], ['retry', 'unknown-user']);
      await objects([accountItem(connect, who)]);
      assert.deepEqual(says(await credentials([item])), ['applied']);
      await objects([accountItem(connect, who, { deleted: true })]);
      const [deleted] = await credentials([item]);
      assert.deepEqual([deleted!.verdict, deleted!.code], ['retry', 'unknown-user']);
    });

    it('drops the credential of a deleted user at once, and shows that in the feed', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const record = await seal(connect, who, 'x', order(7));
      await credentials([await credentialItem(who, 'x', order(7), record)]);
      const gone = accountItem(connect, who, { deleted: true });
      assert.deepEqual(says(await objects([gone])), ['applied']);
      const after = await status(who.anchor);
      assert.equal(after.credential, null);
      assert.ok(after.deletedAt !== null);
      const item = await feedItem(who.anchor);
      assert.deepEqual([item!.accountRecord, item!.credentialRecord], [gone.record, null]);
      await objects([accountItem(connect, who)]);
      const [older, same] = [
        await credentialItem(who, 'y', order(6)),
        await credentialItem(who, 'x', order(7)),
      ];
      assert.deepEqual(says(await credentials([older, same])), ['older-password-order', 'applied']);
    });

    it('forgets the password when another object takes over the anchor', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      await credentials([await credentialItem(who, 'x', order(9))]);
      await objects([accountItem(connect, { ...who, guid: newPerson().guid })]);
      assert.equal((await status(who.anchor)).credential, null);
      assert.deepEqual(says(await credentials([await credentialItem(who, 'new', order(1))])), ['applied']);
    });

    it('lets an administrator accept an older password order after a forest was restored', async () => {
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      await credentials([await credentialItem(who, 'after', order(9))]);
      const restored = await credentialItem(who, 'before', order(3));
      assert.deepEqual(says(await credentials([restored])), ['older-password-order']);
      await call(admin, administrationRoutes.acceptPasswordOrder, { params: { id: who.upn } });
      assert.deepEqual(says(await credentials([restored])), ['applied']);
      assert.ok(
        tenant()
          .log()
          .some(line => line.msg === 'older password order accepted'),
      );
    });

    it('accepts names of 20 characters and more, with commas, quotes and other scripts', async () => {
      const upns = [
        'o\'brien,"jr"@corp.example.com',
        `${'long'.repeat(60)}@corp.example.com`,
        'Жанна@corp.example.com',
      ];
      for (const upn of upns) {
        const who = { ...newPerson(), upn };
        assert.deepEqual(says(await objects([accountItem(connect, who)])), ['applied'], upn);
        assert.equal((await status(upn.toUpperCase())).userPrincipalName, upn);
      }
    });

    it('keeps what the managed domain reports of the current record, but no late report', async () => {
      const key = sealingPublicKey(await generateSealingKey());
      const { publicKey: receiptKey } = generateSigningKey();
      const registration = { realm: 'AADDS.EXAMPLE.NET', netbiosDomain: 'AADDS', key, receiptKey };
      await call(domain.send, managedDomainRoutes.registerDomainKey, { body: registration });
      const who = newPerson();
      await objects([accountItem(connect, who)]);
      const [s1, s2] = [nextSequence(), nextSequence()];
      const report = (sequence: number, outcome: 'applied' | 'refused', reason: string | null = null) => {
        const at = '2026-11-23T10:00:00.000Z';
        const one = { sourceAnchor: who.anchor, kind: 'credential' as const, sequence, outcome, reason, at };
        return call(domain.send, managedDomainRoutes.reportApplied, { body: { reports: [one] } });
      };
      const put = async (password: string, version: number, sequence: number): Promise<void> => {
        const record = await seal(connect, who, password, order(version), sequence);
        await credentials([await credentialItem(who, password, order(version), record)]);
      };
      await put('one', 1, s1);
      await report(s1, 'applied');
      assert.equal((await status(who.upn)).legacy.outcome, 'applied');
      await put('two', 2, s2);
      assert.equal((await status(who.upn)).legacy.outcome, null);
      await report(s1, 'applied');
      assert.equal((await status(who.upn)).legacy.outcome, null);
      await report(s2, 'refused', 'unknown-signer');
      const { legacy } = await status(who.upn);
      assert.deepEqual([legacy.outcome, legacy.reason], ['refused', 'unknown-signer']);
      const whole = await call(admin, administrationRoutes.getTenantStatus);
      assert.equal(whole.legacyRefused, 1);
    });

    it("never queries a tenant's rows without its tenant_id", () => {
      const tables =
        /\b(users|change_counters|tokens|enrolments|agents|applications|oidc_payloads|managed_domains|connect_statuses|statements|sign_in_failures|signing_keys|group_members|encapsulations|reserved_names|seen_names|line_digests|epochs|losses|groups|group_slices|memberships)\b/;
      // ANALYZE returns no rows.
      const others =
        /^\s*(create |alter |analyze |update users set (mail_nickname |news_seq = changed_seq$|credential_record = null,|sign_in_name = user_principal_name where|wanted_since = coalesce|password_sequence = credential_sequence$|deleted_sequence = account_sequence where deleted_at is not null|upn_key = upper\(id::text\)$))/i;
      const asked = statements.filter(text => tables.test(text) && !others.test(text));
      assert.ok(asked.length > 100);
      for (const text of asked) assert.match(text, /tenant_id/, text);
    });
  },
  { onQuery: statement => statements.push(statement) },
);
