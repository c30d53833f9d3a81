import type { NameClaims } from '@causeway/contract';
import { CLOUD_FOREST } from '@causeway/records';
import { CausewayError } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { countDecision } from '../changes/change-counter.ts';
import { changes } from '../changes/change-signal.ts';
import type { TenantScope } from '../tenancy/tenant-scope.ts';
import { settleName } from './provision-names.ts';
import { RESERVATION_MS } from './sign-in-names.ts';
import { presentUser } from './users.ts';

const MAX_WAITING = 1000;

/** Who has a sign-in name, for which forest it is kept, and who waits for it. */
export async function readNameClaims(scope: TenantScope, name: string): Promise<NameClaims> {
  const key = nameKey(name);
  const rows = await scope
    .select('users')
    .select(['id', 'forest', 'user_principal_name', 'administrator', 'upn_key'])
    .where('deleted_at', 'is', null)
    .where(one => one.or([one('upn_key', '=', key), one('wanted_key', '=', key)]))
    .orderBy('wanted_since')
    .limit(MAX_WAITING + 1)
    .execute();
  const reserved = await scope
    .select('reserved_names')
    .select(['forest', 'until'])
    .where('name_key', '=', key)
    .where('until', '>', scope.now())
    .executeTakeFirst();
  const claimant = ({ id, forest, user_principal_name, administrator }: (typeof rows)[number]) => ({
    ...{ id, forest, userPrincipalName: user_principal_name, administrator },
  });
  const holder = rows.find(row => row.upn_key === key);
  return {
    name,
    holder: holder ? claimant(holder) : null,
    reserved: reserved ? { forest: reserved.forest, until: reserved.until.toISOString() } : null,
    waiting: rows.filter(row => row !== holder).map(claimant),
  };
}

/** Frees a name that is kept for a forest. @throws CausewayError 'name-not-reserved' */
export async function freeName(scope: TenantScope, name: string): Promise<NameClaims> {
  return decide(scope, name, async (inside, { reserved }) => {
    if (reserved === null) {
      const text = `'${name}' is kept for nobody\nTo see who has it:\n  causeway tenant name show ${name}`;
      throw new CausewayError('name-not-reserved', text);
    }
    await inside.delete('reserved_names').where('name_key', '=', nameKey(name)).execute();
  });
}

/**
 * Hands a name over to a user whose true name it is, whoever has it now.
 * @throws CausewayError 'not-the-name', 'administrator-name', or as `presentUser`
 */
export async function giveName(scope: TenantScope, name: string, to: string): Promise<NameClaims> {
  return decide(scope, name, async (inside, { holder }) => {
    const user = await presentUser(inside, to);
    const key = nameKey(name);
    if (user.wanted_key !== key) {
      const text = `'${name}' is not the userPrincipalName of that user ('${user.user_principal_name}')`;
      throw new CausewayError('not-the-name', text);
    }
    // It could not be undone: the administrator who may do that would be gone.
    if (holder?.administrator && holder.id !== user.id) {
      const text = `'${name}' is the sign-in name of an administrator of this tenant and stays with it`;
      throw new CausewayError('administrator-name', text);
    }
    const reservation = {
      forest: user.forest ?? CLOUD_FOREST,
      until: new Date(inside.clock.now() + RESERVATION_MS),
    };
    await inside
      .insert('reserved_names', { name_key: key, ...reservation })
      .onConflict(conflict => conflict.columns(['tenant_id', 'name_key']).doUpdateSet(reservation))
      .execute();
  });
}

async function decide(
  scope: TenantScope,
  name: string,
  change: (inside: TenantScope, claims: NameClaims) => Promise<void>,
): Promise<NameClaims> {
  const claims = await scope.transaction(async inside => {
    await countDecision(inside);
    await change(inside, await readNameClaims(inside, name));
    await settleName(inside, nameKey(name));
    return readNameClaims(inside, name);
  });
  changes.emit(scope.tenantId);
  return claims;
}
