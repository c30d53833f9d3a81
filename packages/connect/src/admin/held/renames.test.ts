import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { HeldList, ScopePreview, UserPreview } from '@causeway/contract';
import type { ConnectorContext } from '../../context.ts';
import { applyRules } from '../../objects/apply-rules.ts';
import { noteImported } from '../../objects/imported-attributes.ts';
import { holdRenames } from '../../objects/names/renames.ts';
import { group, guidOf, imported, person } from '../../testing/fixtures.ts';
import { FORESTS, openConnect } from '../../testing/open-connect.ts';
import { adminHandlers } from '../handlers.ts';

const [corp] = FORESTS;
const at = await openConnect();
const api = adminHandlers(at.connect, () => {});
after(() => at.close());

const none = { params: undefined as never, query: undefined as never, body: undefined as never };
const [first, second] = at.connect.connectors.map(({ context }) => context) as [
  ConnectorContext,
  ConnectorContext,
];

/** Imports objects, and acknowledges them as the tenant's. */
function known(context: ConnectorContext, ...objects: Parameters<typeof imported>[1][]): void {
  noteImported(context.store, { mailNickname: { form: 'text' } });
  imported(context, ...objects);
  for (const { guid, objectClasses } of objects) {
    const space = objectClasses.includes('group') ? context.store.groups : context.store.space;
    space.acknowledgeExport(guid, space.get(guid)!.desiredDigest, 1);
  }
}

before(() => {
  known(
    first,
    person(0, { mailNickname: 'alice' }),
    person(1, { mailNickname: 'shared' }),
    person(2),
    person(3, { mailNickname: 'STAFF' }),
    person(4, { mailNickname: 'User2' }),
    person(5, { mailNickname: 'much.too.long.for.a.name' }),
    person(6, { mailNickname: 'user7' }),
    person(7, { mailNickname: 'user6' }),
    group(8, { sAMAccountName: 'staff' }),
  );
  known(second, person(10, { sAMAccountName: 'shared' }));
});

const RENAMES = [
  ['user0', 'alice', []],
  ['user1', 'shared', [`user10@${corp}`]],
  ['user3', 'STAFF', [`the group staff of ${corp}`]],
  ['user4', 'User2', [`user2@${corp}`]],
  ['user6', 'user7', []],
  ['user7', 'user6', []],
];

const preview = async (accountNames: string) => {
  const connectors = [{ name: corp, scope: {}, accountNames }];
  const { previews } = await api.previewScope({ ...none, body: { connectors } }, '');
  return ScopePreview.parse(previews[0]);
};
const switched = (accountNames: 'sAMAccountName' | 'mailNickname'): ConnectorContext => ({
  ...first,
  connector: { ...first.connector, accountNames },
});
const lists = async () =>
  (await api.listHeld({ ...none, query: { operation: 'rename' } }, '')).lists.map(list =>
    HeldList.parse(list),
  );

test('a preview lists each rename, with who else would get the name, and changes nothing', async () => {
  const { renames, adds, updates, deletes, unchanged, lines, notImported } = await preview('mailNickname');
  assert.deepEqual([renames, adds, updates, deletes, unchanged, notImported], [6, 0, 0, 0, 3, []]);
  assert.deepEqual(
    lines.map(({ operation, rename }) => [operation, rename!.from, rename!.to, rename!.clashes]),
    RENAMES.map(line => ['rename', ...line]),
  );
  assert.equal((await preview('sAMAccountName')).renames, 0);
  await assert.rejects(preview('givenName'), { code: 'bad-scope', message: /accountNames/ });
  assert.deepEqual(await lists(), []);
});

test('names the attribute that was not imported yet, because the new names are unknown until then', async () => {
  first.store.cursors.set('imported-attributes', undefined);
  assert.deepEqual((await preview('mailNickname')).notImported, ['mailNickname']);
  noteImported(first.store, { mailNickname: { form: 'text' } });
});

test('the held list shows the same renames, and only its own operation approves it', async () => {
  const now = switched('mailNickname');
  applyRules(now);
  holdRenames(now);
  const [list] = await lists();
  assert.deepEqual(
    list!.people.map(({ rename }) => [rename!.from, rename!.to, rename!.clashes]),
    RENAMES,
  );
  const [event] = at.connect.store.events.last(1);
  assert.match(event!.text, /^6 people would be called otherwise .* causeway connect renames --connector/);
  const { connectors } = await api.getStatus(none, '');
  assert.deepEqual([connectors[0]!.suppressedRenames, connectors[1]!.suppressedRenames], [6, 0]);
  const approve = (operation: 'delete' | 'rename') =>
    api.approveHeld({ ...none, params: { digest: list!.digest }, body: { operation } }, 'a test');
  assert.throws(() => approve('delete'), { code: 'other-list', message: /allow-renames/ });
  const of = async (n: number) =>
    UserPreview.parse(await api.previewUser({ ...none, params: { user: guidOf(n) } }, ''));
  assert.equal((await of(0)).newName, 'alice');
  assert.equal((await approve('rename')).count, 6);
  holdRenames(now);
  const { newName, attributes } = await of(0);
  assert.equal(newName, null);
  assert.deepEqual(attributes.at(-1), {
    ...{ name: 'accountName', value: 'alice', source: 'mailNickname', expression: null },
    rule: 'accountNames: mailNickname',
  });
  assert.equal((await of(5)).attributes.at(-1)!.source, 'sAMAccountName');
  const back = await preview('sAMAccountName');
  assert.deepEqual(
    back.lines.map(({ rename }) => [rename!.from, rename!.to]),
    RENAMES.map(([from, to]) => [to, from]),
  );
});

test("a preview shows what else a configuration decides: stand-in names, Connect's own account, lost memberships", async () => {
  const { store } = first;
  known(first, person(9, { userPrincipalName: 'no name' }));
  const { id } = store.lists.get(guidOf(8))!;
  store.members.add(
    id,
    [1, 2, 3].map(n => store.space.get(guidOf(n))!.anchor),
  );
  const ask = async (more: { domain?: string; ownAccount?: string; scope?: Record<string, unknown> }) => {
    const connectors = [{ name: corp, scope: {}, accountNames: 'mailNickname', ...more }];
    const { previews } = await api.previewScope({ ...none, body: { connectors } }, '');
    const { lines, memberships } = ScopePreview.parse(previews[0]);
    return [lines.map(({ operation, name, reason }) => [operation, name, reason]), memberships];
  };
  assert.deepEqual(await ask({}), [[], 0]);
  assert.deepEqual(await ask({ domain: 'other.example' }), [[['update', 'user9', undefined]], 0]);
  const own = ['delete', 'user1', "Connect's own account"];
  assert.deepEqual(await ask({ ownAccount: 'USER1' }), [[own], 1]);
  const [lines, memberships] = await ask({ scope: { conditions: { group: '(cn=x)', user: '(!(cn=x))' } } });
  assert.deepEqual([lines, memberships], [[['delete', 'staff', 'the condition for groups is not met']], 3]);
});
