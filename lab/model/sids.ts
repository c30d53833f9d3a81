import type { ScriptedForest } from '@causeway/connect/testing';
import { sidsOf } from '@causeway/domain-services/testing';
import type { World } from './world.ts';

/** How on-premises SIDs in the managed domain differ from what the forests say now, in words. Empty: they do not. */
export function differencesOfSids({ forests, domain }: World): string[] {
  const should = new Set(forests.flatMap(linesOf));
  const found = new Set(sidsOf(domain.samba));
  return [
    ...[...should].filter(line => !found.has(line)).map(line => `domain: not there: ${line}`),
    ...[...found].filter(line => !should.has(line)).map(line => `domain: should not be there: ${line}`),
  ];
}

/** People and security groups have on-premises SIDs. In the form in which `sidsOf` describes the managed domain. */
function linesOf({ forest, people, groups }: ScriptedForest): string[] {
  const security = groups.all.filter(group => group.security);
  const living = [...people, ...security].filter(({ deleted }) => !deleted);
  return living.flatMap(({ anchor, sid }) => [
    `${forest}/${anchor} in the group of ${sid}`,
    `${forest}/${anchor} with ${sid} in sIDHistory`,
  ]);
}
