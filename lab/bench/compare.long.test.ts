import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ConnectPlace, ScriptedForest } from '@causeway/connect/testing';
import { HandClock } from '@causeway/service/testing';
import { TenantPlace } from '@causeway/tenant/testing';

const FOREST = 'corp.example.com';
const PEOPLE = 100_000;
const GROUPS = 5_000;
/** Per person. */
const MEMBERSHIPS = 2;
const MOST_MS = 120_000;
/** What a comparison may hold at any size: some pages of both sides. Neither garbage nor the differences found count. */
const MOST_BYTES = 50_000_000;
const SAMPLE_MS = 500;

const postgresUrl = process.env.DATABASE_URL || undefined;
const PROFILE = {
  displayName: 'Zoë Ünal',
  givenName: 'Zoë',
  sn: 'Ünal',
  mail: 'zoe@example.com',
  title: 'clerk',
};
const DOMAIN_CONTROLLER = '11111111-2222-4333-8444-555555555555';
const SID = 'S-1-5-21-1-2-3-';

const hex = (n: number): string => n.toString(16).padStart(12, '0');
const userGuid = (n: number): string => `00000000-0000-4000-8000-${hex(n)}`;
const groupGuid = (n: number): string => `f0000000-0000-4000-8000-${hex(n)}`;
const anchorOf = (first: string, n: number): string =>
  Buffer.from(`${first}000000408000${hex(n)}`, 'hex').toString('base64');
const userAnchor = (n: number): string => anchorOf('00000000', n);
const groupAnchor = (n: number): string => anchorOf('000000f0', n);

/** The tenant's copy of the same people, groups and memberships. */
function tenantSql(tenant: string): string[] {
  const anchor = (first: string, n: string) =>
    `encode(decode('${first}000000408000' || lpad(to_hex(${n}), 12, '0'), 'hex'), 'base64')`;
  const ofUser = anchor('00000000', 'n');
  const ofGroup = anchor('000000f0', `(n + i) % ${GROUPS}`);
  return [
    `insert into users (tenant_id, id, origin, forest, source_anchor, object_guid, user_principal_name, sign_in_name, upn_key, wanted_since,
        sam_account_name, security_identifier, account_enabled, profile, administrator, created_at, cloud_credential,
        order_version, order_time, order_invocation_id)
      select ${tenant}, gen_random_uuid(), 'synchronized', '${FOREST}', ${ofUser}, ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'user' || n || '@${FOREST}', 'user' || n || '@${FOREST}', 'user' || n, 0, 'user' || n, '${SID}' || n, true,
        '{"displayName":"Zoë Ünal","givenName":"Zoë","surname":"Ünal","mail":"zoe@example.com","department":null,"jobTitle":"clerk","telephoneNumber":null,"mobile":null}',
        false, now(), 'made up', 3, 13408000000, '${DOMAIN_CONTROLLER}'
      from generate_series(0, ${PEOPLE - 1}) as n`,
    `insert into groups (tenant_id, id, origin, forest, source_anchor, object_guid, display_name, sam_account_name, security_identifier,
        security_enabled, scope, created_at)
      select ${tenant}, gen_random_uuid(), 'synchronized', '${FOREST}', ${anchor('000000f0', 'n')}, ('f0000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'group' || n, 'group' || n, '${SID}9' || n, true, 'global', now()
      from generate_series(0, ${GROUPS - 1}) as n`,
    `insert into memberships (tenant_id, group_id, key, reference)
      select ${tenant}, groups.id, substr(encode(sha256(convert_to(reference, 'UTF8')), 'hex'), 1, 16), reference
      from (select ${ofUser} as reference, ${ofGroup} as anchor
          from generate_series(0, ${PEOPLE - 1}) as n, generate_series(0, ${MEMBERSHIPS - 1}) as i) as pairs
        join groups on groups.source_anchor = pairs.anchor`,
    'analyze',
  ];
}

function fillConnect(connect: ConnectPlace): void {
  const { store } = connect.connector.context;
  const at = { dn: 'CN=x,DC=corp', deleted: false, scopeReason: undefined, desiredDigest: 'as it is' };
  const order = { version: 3, originatingTime: 13_408_000_000, originatingInvocationId: DOMAIN_CONTROLLER };
  const ack = {
    order,
    recipientKeyId: undefined,
    recordSequence: 1,
    status: 'Success',
    detail: undefined,
    fullPass: undefined,
  } as const;
  store.db.transaction(() => {
    for (let n = 0; n < PEOPLE; n++) {
      const names = {
        sAMAccountName: `user${n}`,
        userPrincipalName: `user${n}@${FOREST}`,
        objectSid: SID + n,
      };
      const attributes = { ...names, ...PROFILE, userAccountControl: '512', accountExpires: '0' };
      const ids = { guid: userGuid(n), anchor: userAnchor(n), objectClasses: ['user'] };
      store.space.put({ ...ids, ...at, attributes }, 1);
      store.space.acknowledgeExport(ids.guid, at.desiredDigest, 1);
      store.passwords.acknowledge(ids.guid, ack);
    }
    for (let n = 0; n < GROUPS; n++) {
      const attributes = {
        sAMAccountName: `group${n}`,
        cn: `group${n}`,
        objectSid: `${SID}9${n}`,
        groupType: '-2147483646',
      };
      const guid = groupGuid(n);
      store.groups.put({ guid, anchor: groupAnchor(n), objectClasses: ['group'], ...at, attributes }, 1);
      store.groups.acknowledgeExport(guid, at.desiredDigest, 1);
      const { id } = store.lists.begin(guid, null);
      store.lists.noteRead(id, 0);
      const members: string[] = [];
      for (let i = 0; i < MEMBERSHIPS; i++)
        for (let person = (n - i + GROUPS) % GROUPS; person < PEOPLE; person += GROUPS)
          members.push(userAnchor(person));
      store.members.add(id, members);
      store.slices.acknowledge({ group: id, prefix: '', dirty: 2 }, 1);
    }
    store.cursors.set('dirsync-cookie', 'all was imported');
    store.cursors.set('replication-cookie', '{}');
  });
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function liveBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

test(`compares ${PEOPLE + GROUPS} objects and ${PEOPLE * MEMBERSHIPS} memberships within two minutes and little memory`, {
  skip: postgresUrl === undefined && 'needs a PostgreSQL that DATABASE_URL names',
}, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-compare-'));
  const clock = new HandClock(Date.now());
  const tenant = await TenantPlace.open(join(folder, 'tenant'), clock);
  await tenant.start();
  await tenant.make('contoso');
  const forest = await ScriptedForest.listen(FOREST, clock);
  const connect = new ConnectPlace(join(folder, 'connect'), tenant.url, [forest], clock);
  try {
    await connect.enrol(await tenant.makeCode('connect', [FOREST]));
    await connect.start();
    for (const statement of tenantSql('(select id from tenants)')) await tenant.write(statement);
    fillConnect(connect);
    const compare = async (what: string): Promise<string[]> => {
      const [before, rss] = [liveBytes(), process.memoryUsage().rss];
      let most = before;
      const sampling = setInterval(() => {
        most = Math.max(most, liveBytes());
      }, SAMPLE_MS);
      const began = performance.now();
      const found = await connect.differences().finally(() => clearInterval(sampling));
      const took = performance.now() - began;
      const grown = process.memoryUsage().rss - rss;
      t.diagnostic(
        `${what}: ${(took / 1000).toFixed(1)} s, ${megabytes(most - before)} held at most, the process has grown by ${megabytes(grown)}`,
      );
      assert.ok(took < MOST_MS, `${took} ms`);
      if (found.length < 10) assert.ok(most - before < MOST_BYTES, `${most - before} bytes`);
      return found.map(({ kind, sourceAnchor, what: how }) => `${kind} ${sourceAnchor} ${how}`);
    };
    assert.deepEqual(await compare('all alike'), []);
    assert.deepEqual(await compare('again'), []);
    const [user, group] = [userAnchor(77_777), groupAnchor(4_321)];
    await tenant.write(
      `update users set profile = jsonb_set(profile, '{mail}', '"x"') where source_anchor = '${user}'`,
    );
    await tenant.write(
      `delete from memberships where reference = '${userAnchor(4_321)}' and group_id in (select id from groups where source_anchor = '${group}')`,
    );
    assert.deepEqual(await compare('two differ'), [`user ${user} differs`, `membership ${group} only-here`]);
    await tenant.write('delete from memberships');
    await tenant.write('update groups set deleted_at = now()');
    assert.equal((await compare('no groups there')).length, 1 + GROUPS + PEOPLE * MEMBERSHIPS);
  } finally {
    await connect.stop();
    await forest.close();
    await tenant.close();
    rmSync(folder, { recursive: true });
  }
});
