import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCHANGE_ATTRIBUTES } from './exchange-schema.ts';

test('the lab’s attributes have the object identifiers that Exchange gives them', () => {
  const published = new Map([
    ['mailNickname', '1.2.840.113556.1.2.447'],
    ['extensionAttribute1', '1.2.840.113556.1.2.423'],
    ['extensionAttribute10', '1.2.840.113556.1.2.432'],
    ['extensionAttribute11', '1.2.840.113556.1.2.599'],
    ['extensionAttribute15', '1.2.840.113556.1.2.603'],
  ]);
  const found = new Map(EXCHANGE_ATTRIBUTES.map(one => [one.lDAPDisplayName, one.attributeID]));
  assert.equal(found.size, 16);
  for (const [name, id] of published) assert.equal(found.get(name), id);
});
