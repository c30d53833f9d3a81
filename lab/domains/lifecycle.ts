import { rm } from 'node:fs/promises';
import { baseDn, domainStatus, holdsDomain, provisionDomain, startDomain, stopDomain } from '@causeway/samba';
import { extendSchemaByExchange } from './exchange-schema.ts';
import { modifyDirectory } from './ldif.ts';
import { isLab, labDirectory, openLab } from './state.ts';
import { domainSettings, firstForest, type LabDomain, labDomains, layoutOf, writeKrb5Conf } from './table.ts';

/** Called before each step that takes time. */
export type Report = (step: string) => void;

/** Makes and starts forests of the lab. Existing or running ones stay as they are. */
export async function labUp(
  report: Report = () => {},
  forests: readonly LabDomain[] = firstForest,
): Promise<void> {
  openLab();
  writeKrb5Conf();
  for (const domain of forests) {
    const layout = layoutOf(domain);
    if (!holdsDomain(layout)) {
      report(`making the domain ${domain.realm}`);
      await provisionDomain(domainSettings(domain));
    }
    if (domain.exchange) await extendSchemaByExchange(domain, layout);
    if (!domainStatus(layout).running) {
      await relaxPasswordPolicy(domain);
      report(`starting ${domain.realm} on ${domain.address}`);
    }
  }
  await Promise.all(forests.map(domain => startDomain(layoutOf(domain))));
}

/** Stops every domain of the lab, also the managed one, and leaves no process behind. */
export async function labDown(report: Report = () => {}): Promise<void> {
  for (const domain of labDomains) {
    if (domainStatus(layoutOf(domain)).running) report(`stopping ${domain.realm}`);
    await stopDomain(layoutOf(domain));
  }
}

export async function labReset(report: Report = () => {}): Promise<void> {
  await labDown(report);
  if (!isLab()) return;
  report(`removing ${labDirectory()}`);
  await rm(labDirectory(), { recursive: true, force: true });
}

// Tests change passwords often: no minimum age, no history. Complexity stays on (pwdProperties 1).
async function relaxPasswordPolicy(domain: LabDomain): Promise<void> {
  await modifyDirectory(layoutOf(domain), [
    {
      dn: baseDn(domain),
      change: 'modify',
      replace: { minPwdAge: ['0'], pwdHistoryLength: ['0'], pwdProperties: ['1'] },
    },
  ]);
}
