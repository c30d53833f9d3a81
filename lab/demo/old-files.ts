import { dnsDomain } from '@causeway/samba';
import { timeUntil } from '@causeway/service/testing';
import { decodeSid } from '@causeway/wire';
import { MemberServer } from '../domains/member-server.ts';
import { administratorPassword, DOMAINS } from '../domains/table.ts';
import { readAttribute } from '../domains/users.ts';
import { runCliJson } from '../places/run-cli.ts';
import type { Stage } from '../places/stage.ts';
import type { Person } from './cast.ts';
import { must } from './trials.ts';

/** A member server of the managed domain, for as long as it takes: it finds the domain by DNS, and people by their on-premises SIDs. */
export async function openOldFiles(stage: Stage, owner: Person, other: Person): Promise<string> {
  const forest = owner.forest!;
  const sid = decodeSid(Buffer.from((await readAttribute(forest, owner.sam, 'objectSid'))!, 'base64'));
  const domainSid = sid.slice(0, sid.lastIndexOf('-'));
  const confirm = ['domain', 'sids', 'confirm', domainSid, '--forest', dnsDomain(forest)];
  await runCliJson([...confirm, '--config', stage.configOf('domain')]);
  const administrator = { user: 'Administrator', password: administratorPassword(DOMAINS.managed) };
  const server = new MemberServer(DOMAINS.managed);
  try {
    await server.open();
    await server.join(administrator);
    await server.start();
    await server.share('report.txt', 'of the old domain', [sid], administrator);
    const opens = async (who: Person): Promise<boolean> => {
      const as = { user: who.managedName, password: who.password };
      const read = [
        await server.read('report.txt', as, 'Kerberos'),
        await server.read('report.txt', as, 'NTLM'),
      ];
      return read.every(content => content !== undefined);
    };
    const seconds = (await timeUntil('the file opens', () => opens(owner))) / 1000;
    must(!(await opens(other)), `the file opens for ${other.upn}`);
    return `joined as ${server.host}; opens for ${owner.displayName} (${sid}) by Kerberos and NTLM after ${seconds.toFixed(1)} s`;
  } finally {
    server.close();
  }
}
