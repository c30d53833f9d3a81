import type { RegisterRequest } from '@causeway/contract';
import {
  type CodeFlags,
  checkStateFolder,
  confirm,
  printResult,
  readCode,
  withCode,
} from '@causeway/service';
import { loadDomainConfiguration } from '../configuration.ts';
import { requireCreated } from '../creation/creation.ts';
import { openDomainKeys, publicDomainKeys } from '../pairing/domain-keys.ts';
import { placesOf } from '../places.ts';
import {
  decideReplacement,
  isOwn,
  lookAtTenant,
  replacementConsequences,
  TENANT_IS_OLDER,
} from '../registration/registration.ts';
import { askOrDo } from './at-hand.ts';
import type { CommandFlags } from './command-options.ts';

export interface ReplaceFlags {
  /** Realm of the managed domain that is replaced. */
  replace?: string;
  yes?: boolean;
}

/** `causeway domain register`: the running service does it, or this command where none runs. */
export async function register(flags: CommandFlags & ReplaceFlags & CodeFlags): Promise<void> {
  const configuration = loadDomainConfiguration(flags);
  const places = placesOf(configuration);
  checkStateFolder(places.stateDirectory, places.domain.directory);
  requireCreated(places);
  const keys = publicDomainKeys(await openDomainKeys(places));
  const { realm } = configuration;
  const done = await withCode(await readCode(flags), async code => {
    const look = await lookAtTenant(places, configuration.tenant, code);
    if (look.domain === undefined) process.stderr.write(`${TENANT_IS_OLDER}\n`);
    const replaces = decideReplacement({ realm, keys }, look.domain, flags.replace);
    if (replaces) {
      const consequences = replacementConsequences(realm, look.tenantName, replaces);
      await confirm(consequences, `Replace ${replaces.realm}?`, flags.yes);
    }
    const request: RegisterRequest = {
      ...(code !== undefined && !look.enrolment && { code }),
      ...(replaces && { replaces }),
    };
    await askOrDo(configuration, 'register', { body: request });
    const before = look.domain && isOwn({ realm, keys }, look.domain);
    return { tenantName: look.tenantName, replaced: replaces?.realm ?? null, before: before === true };
  });
  const { tenantName, replaced, before } = done;
  const { fingerprint } = keys;
  printResult(flags.json, { realm, tenantName, fingerprint, replaced, before }, () => [
    `managed domain ${realm} is ${before ? 'still' : 'now'} that of tenant ${tenantName}${replaced === null ? '' : `, in the place of ${replaced}, which goes on running`}`,
    `fingerprint of its keys: ${fingerprint}`,
    ...(before
      ? []
      : [
          '',
          `next, where Connect runs:  causeway connect trust-domain ${fingerprint}`,
          'then, there:               causeway connect force-password-sync',
          `next, for the tenant:      causeway tenant trust-domain ${fingerprint}`,
          'then, who is cloud-only:   causeway tenant users --missing legacy  (lists whose password has to be changed again)',
        ]),
  ]);
}
