import { confirm } from '@causeway/service';
import { loadDomainConfiguration } from '../configuration.ts';
import { askOrDo, perform } from './at-hand.ts';
import type { CommandFlags } from './command-options.ts';

interface TrustFlags extends CommandFlags {
  forest: string;
  replace?: string[];
  yes?: boolean;
}

/** Trusts a Connect's key. If it replaces another one, this shows what that means and asks first. */
export async function trustAgent(
  fingerprint: string,
  { forest, replace, yes, ...flags }: TrustFlags,
): Promise<void> {
  if (replace) {
    const { pairing } = await askOrDo(loadDomainConfiguration(flags), 'getStatus', {});
    const trusted = pairing.trusted.filter(one => one.forest === forest.toLowerCase());
    await confirm(
      [
        ...trusted.map(one => `trusted for ${one.forest} is  ${one.fingerprint}  since ${one.trustedAt}`),
        `you name                ${replace.join(' ')}`,
        `in its place comes      ${fingerprint}`,
        'From then on:',
        '- Nothing is believed any more that the former key signed, but for what was believed already. What was written stays.',
        '- The Connect that has the new key has to sign everything anew, as it does when it is promoted. Until that has come, refused records are counted.',
      ],
      'Trust the new key in its place?',
      yes,
    );
  }
  const body = { fingerprint, forest, ...(replace && { replaces: replace }) };
  await perform(flags, 'trustAgent', body);
}
