import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { guidOf, imported, person } from '../../testing/fixtures.ts';
import { FORESTS, openConnect } from '../../testing/open-connect.ts';
import { adminHandlers } from '../handlers.ts';

const [corp] = FORESTS;
const at = await openConnect();
const api = adminHandlers(at.connect, () => {});
after(() => at.close());
const none = { params: undefined as never, query: undefined as never, body: undefined as never };

test('returns a person as the tenant should have it, and rejects a filtered one with the reason', async () => {
  const { context } = at.connect.connectors[0]!;
  imported(context, person(1, { mail: 'one@corp.example.com' }), person(2, { adminDescription: 'User_no' }));
  const get = (id: string) => api.getMetaverseObject({ ...none, params: { id } }, '');
  const { attributes, lineage, objectType } = await get(guidOf(1));
  const values = new Map(attributes.map(({ name, values }) => [name, values[0]]));
  assert.equal(objectType, 'person');
  assert.deepEqual(
    [values.get('mail'), values.get('accountEnabled'), values.has('department')],
    ['one@corp.example.com', 'true', false],
  );
  assert.deepEqual(
    lineage.map(({ connectorName }) => connectorName),
    [corp],
  );
  context.store.space.acknowledgeExport(guidOf(1), 'digest', 1);
  assert.deepEqual(
    (await get(guidOf(1))).lineage.map(({ connectorName }) => connectorName),
    [corp, at.connect.tenantConnector.name],
  );
  await assert.rejects(async () => get(guidOf(2)), { code: 'not-synchronized', message: /adminDescription/ });
  await assert.rejects(async () => get(guidOf(3)), { code: 'no-such-object' });
});

test('rules have stable identifiers, and show whose passwords are sent', async () => {
  const list = async () => (await api.listRules(none, '')).rules;
  const rules = await list();
  assert.equal(new Set(rules.map(({ identifier }) => identifier)).size, rules.length);
  assert.deepEqual(await list(), rules);
  const sending = async () =>
    (await list())
      .filter(each => each.enablePasswordSync && each.connectorName === corp)
      .map(({ name }) => name);
  assert.deepEqual(await sending(), ['In from AD - User AccountEnabled']);
  at.connect.connectors[0]!.context.store.settings.setPasswordSync(false);
  assert.deepEqual(await sending(), []);
});
