import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ScopePreview } from '@causeway/contract';
import { applyRules } from '../../objects/apply-rules.ts';
import { importedAttributes, noteImported } from '../../objects/imported-attributes.ts';
import { imported, person } from '../../testing/fixtures.ts';
import { FORESTS, openConnect } from '../../testing/open-connect.ts';
import { adminHandlers } from '../handlers.ts';

const [corp] = FORESTS;
const at = await openConnect();
const api = adminHandlers(at.connect, () => {});
after(() => at.close());

const none = { params: undefined as never, query: undefined as never, body: undefined as never };
const { context } = at.connect.connectors[0]!;
const { cursors, space } = context.store;

before(() => {
  cursors.set('whole-profiles', 'yes');
  noteImported(context.store, { ...importedAttributes(context), division: { form: 'text' } });
  applyRules(context);
  const people = [person(0, { division: 'North' }), person(1, { division: 'South' }), person(2)];
  imported(context, ...people);
  for (const { guid } of people) space.acknowledgeExport(guid, space.get(guid)!.desiredDigest, 1);
});

const preview = async (extensions?: string[]) => {
  const connectors = [{ name: corp, scope: {}, ...(extensions && { extensions }) }];
  const { previews } = await api.previewScope({ ...none, body: { connectors } }, '');
  return ScopePreview.parse(previews[0]);
};

test('a preview lists the users whose profile further attributes would change, and changes nothing', async () => {
  const { updates, adds, deletes, unchanged, lines, notImported } = await preview(['division']);
  assert.deepEqual([updates, adds, deletes, unchanged, notImported], [2, 0, 0, 1, []]);
  assert.deepEqual(
    lines.map(({ operation, name }) => [operation, name]),
    [
      ['update', 'user0'],
      ['update', 'user1'],
    ],
  );
  assert.equal((await preview([])).updates, 0);
  assert.equal((await preview()).updates, 0, 'a command of the release before names none');
});

test('names attributes that were not imported yet, and rejects an invalid attribute name', async () => {
  assert.deepEqual((await preview(['employeeType'])).notImported, ['employeeType']);
  await assert.rejects(preview(['(nonsense)']), { code: 'bad-scope', message: /extensions/ });
});
