import type { ConnectStatus } from '@causeway/contract';
import { dnsDomain } from '@causeway/samba';
import { eventually, timeUntil } from '@causeway/service/testing';
import { changeOwnPassword } from '../domains/change-own-password.ts';
import { DOMAINS, type LabDomain, randomPassword } from '../domains/table.ts';
import { change, createUser, deleteUser, disableUser, enableUser, setPassword } from '../domains/users.ts';
import { changeOnPage } from '../places/password-page.ts';
import { runCliJson } from '../places/run-cli.ts';
import type { Stage } from '../places/stage.ts';
import { runAdministratorsScript } from './administrators-script.ts';
import { castOf, type Person } from './cast.ts';
import { OldFiles } from './old-files.ts';
import { askDoctor, learnManagedName, legacyRecordsSent } from './questions.ts';
import { must, Trials } from './trials.ts';

/** One step of the story: the demo tells it, the end-to-end test asserts it. Throws when the step's claim does not hold. */
export interface Step {
  readonly title: string;
  /** @returns what was seen, for people */
  run(): Promise<string>;
}

/** Looks until it holds. @returns how long that took, for people */
const took = async (what: string, look: () => Promise<boolean>): Promise<string> =>
  `${((await timeUntil(what, look)) / 1000).toFixed(1)} s`;

/** The tutorial's story in order, on a stage of two forests that records requests. The caller closes it. */
export function tellStory(stage: Stage): { steps: Step[]; people: Person[] } {
  const [onprem, second] = stage.forests as [LabDomain, LabDomain];
  const { alice, namesake, otto, tina, leo, carol } = castOf(onprem, second);
  let trials: Trials;
  let files: OldFiles;

  /** A person under their name in the managed domain. */
  const there = ({ managedName }: Person) => ({ sam: managedName });
  const worksEverywhere = async (who: Person): Promise<string> => {
    const web = took(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
    const managed = took(`${who.upn} in the managed domain`, () => trials.accepted(there(who), who.password));
    return `web sign-in after ${await web}, Kerberos, NTLM and LDAP after ${await managed}`;
  };
  const refusedEverywhere = async (who: Person, password: string): Promise<string> => {
    const web = took(`${who.upn} refused at web sign-in`, async () => !(await trials.web(who, password)));
    const managed = took(`${who.upn} refused in the managed domain`, () =>
      trials.refused(there(who), password),
    );
    return `web sign-in after ${await web}, Kerberos, NTLM and LDAP after ${await managed}`;
  };

  const steps: Step[] = [
    {
      title: 'the tenant starts, with its first administrator and a web application',
      run: async () => {
        await stage.openTenant();
        trials = new Trials(await stage.registerApplication());
        return stage.tenantUrl;
      },
    },
    {
      title: 'Connect gets a least-privilege account in each of the two forests, enrols, and runs',
      run: async () => {
        await stage.createConnectorAccounts();
        await stage.openConnect();
        return stage.forests.map(forest => `causeway-connect@${dnsDomain(forest)}`).join(', ');
      },
    },
    {
      title: 'two users with the same name are created, one in each forest',
      run: async () => {
        await createUser(onprem, alice.newUser);
        await createUser(second, namesake.newUser);
        return `${alice.displayName} (${alice.upn}), ${namesake.displayName} (${namesake.upn})`;
      },
    },
    {
      title:
        'they sign in to the web with their on-premises passwords, and so does a user whose password is 60 days old',
      run: async () => {
        const after = await took('web sign-in', () => trials.web(alice, alice.password));
        for (const who of [namesake, otto])
          await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
        must(!(await trials.web(alice, randomPassword())), 'a wrong password was taken');
        must(!(await trials.web(alice, namesake.password)), "the namesake's password was taken");
        return `after ${after}; a wrong password is refused`;
      },
    },
    {
      title: 'causeway doctor checks the prerequisites',
      run: async () => {
        const unmet = await askDoctor(stage);
        const expected = ['managed-domain', 'paired', 'aad-dc-administrators', 'confirmed-at-tenant'];
        must(
          String(unmet) === String(expected),
          `the doctor finds ${unmet} not met, expected was ${expected}`,
        );
        return `not met yet: ${unmet.join(', ')}`;
      },
    },
    {
      title: 'the managed domain is created, and no legacy hash has left Connect yet',
      run: async () => {
        const before = legacyRecordsSent(stage);
        must(before === 0, `${before} credential records left before the managed domain was enabled`);
        await stage.openDomain();
        return `${DOMAINS.managed.realm} on ${DOMAINS.managed.address}`;
      },
    },
    {
      title:
        'an administrator confirms each side’s fingerprint at the other side and at the tenant, and the doctor passes',
      run: async () => {
        must(legacyRecordsSent(stage) === 0, 'a credential record left before the key was confirmed');
        await stage.pair();
        const after = await took(
          'every prerequisite is met',
          async () => (await askDoctor(stage)).length === 0,
        );
        return `every prerequisite is met, after ${after}`;
      },
    },
    {
      title: 'before the script, the managed domain knows both users, but not their unchanged passwords',
      run: async () => {
        for (const who of [alice, namesake, otto]) await learnManagedName(stage, who);
        must(alice.managedName !== namesake.managedName, 'two people share one name in the managed domain');
        for (const who of [alice, namesake, otto])
          must(await trials.refused(there(who), who.password), `${who.upn} can sign in before the script`);
        must(legacyRecordsSent(stage) === 0, 'a credential record left before the script');
        return `they are called ${alice.managedName} and ${namesake.managedName} there, and cannot sign in`;
      },
    },
    {
      title: `the tutorial’s script runs on ${dnsDomain(onprem)}`,
      run: async () => {
        const how = await runAdministratorsScript(stage, onprem);
        const first = await worksEverywhere(alice);
        await worksEverywhere(otto);
        const etype = await trials.kerberos(there(alice), alice.password);
        must(/aes256/.test(etype ?? ''), `an AES-256 ticket was expected, got ${etype}`);
        must(
          await trials.refused(there(namesake), namesake.password),
          'the script touched the other forest, too',
        );
        return `${how}; ${alice.displayName}: ${first}, ticket ${etype}; ${namesake.displayName} of the other forest: not yet`;
      },
    },
    {
      title: `the tutorial’s script runs on ${dnsDomain(second)}`,
      run: async () => {
        const how = await runAdministratorsScript(stage, second);
        const works = await worksEverywhere(namesake);
        must(
          await trials.refused(there(namesake), alice.password),
          "one Alice's password opens the other's account",
        );
        return `${how}; ${namesake.displayName}: ${works}`;
      },
    },
    {
      title:
        'a file server of the old domain joins the managed domain, and only Alice opens a file granted to her old SID',
      run: async () => {
        files = await OldFiles.open(stage, onprem, alice);
        return files.ofPerson(alice, namesake);
      },
    },
    {
      title:
        'Alice opens a file granted to a group of the old domain, as a member of a nested group, until she leaves it',
      run: async () => {
        try {
          return await files.ofGroup(alice, namesake);
        } finally {
          files.close();
        }
      },
    },
    {
      title: 'Carol, a cloud-only user, changes her temporary password on the web',
      run: async () => {
        const made = await runCliJson<{ temporaryPassword: string }>([
          ...['tenant', 'user', 'create', carol.upn, ...stage.remote],
        ]);
        await changeOnPage(stage, carol.upn, made.temporaryPassword, carol.password);
        return worksEverywhere(carol);
      },
    },
    {
      title: 'Alice’s password is changed at the on-premises domain controller',
      run: async () => {
        const old = alice.renew();
        await setPassword(onprem, alice.sam, alice.password);
        const works = await worksEverywhere(alice);
        must(!(await trials.web(alice, old)), 'the old password still works at web sign-in');
        must(await trials.refused(there(alice), old), 'the old password still works in the managed domain');
        return `the new one works: ${works}; the old one nowhere`;
      },
    },
    {
      title: 'Tina gets a temporary password, and cannot sign in until she has changed it',
      run: async () => {
        await createUser(onprem, { ...tina.newUser, mustChange: true });
        await eventually('status says that Tina waits', async () =>
          JSON.stringify(await stage.connectStatus(tina.upn).catch(() => '')).includes('must change'),
        );
        must(!(await trials.web(tina, tina.password)), 'a temporary password was taken at web sign-in');
        must(
          await trials.refused(there(tina), tina.password),
          'a temporary password was taken in the managed domain',
        );
        const temporary = tina.renew();
        await changeOwnPassword(onprem, tina.sam, temporary, tina.password);
        return `her own one works: ${await worksEverywhere(tina)}`;
      },
    },
    {
      title: 'Alice is disabled on-premises, and enabled again',
      run: async () => {
        await disableUser(onprem, alice.sam);
        const refused = await refusedEverywhere(alice, alice.password);
        await enableUser(onprem, alice.sam);
        return `refused: ${refused}; back: ${await worksEverywhere(alice)}`;
      },
    },
    {
      title: 'Leo leaves: one change gives him an invalid name, disables him, and locks him out at once',
      run: async () => {
        const dn = await createUser(onprem, leo.newUser);
        await worksEverywhere(leo);
        const userPrincipalName = `LEFT ${leo.upn}`;
        const replace = { userPrincipalName: [userPrincipalName], userAccountControl: ['514'] };
        await change(onprem, { dn, change: 'modify', replace });
        const refused = await refusedEverywhere(leo, leo.password);
        await eventually('status says what is wrong with the name', async () =>
          JSON.stringify(await stage.connectStatus(leo.sam)).includes(
            `'${userPrincipalName}' is not of the form`,
          ),
        );
        return `refused: ${refused}; status reports that '${userPrincipalName}' cannot be a sign-in name`;
      },
    },
    {
      title: 'three users are deleted on-premises, and can no longer sign in anywhere',
      run: async () => {
        await deleteUser(onprem, alice.sam);
        const refused = await refusedEverywhere(alice, alice.password);
        for (const who of [tina, namesake]) {
          await deleteUser(who.forest!, who.sam);
          await refusedEverywhere(who, who.password);
        }
        return `refused: ${refused}`;
      },
    },
    {
      title: 'Connect and the managed domain compare what was sent with what arrived, and nothing is missing',
      run: async () => {
        let connectors: ConnectStatus['connectors'] = [];
        await eventually('both forests are complete', async () => {
          connectors = (await stage.connectStatus<ConnectStatus>()).connectors;
          return connectors.every(({ arrival }) => arrival.state === 'complete');
        });
        return connectors
          .map(
            ({ name, arrival: { accounts, credentials, completeAsOf } }) =>
              `${name}: ${accounts.arrived} of ${accounts.all} accounts, ${credentials.arrived} of ${credentials.all} passwords, complete as of ${completeAsOf}`,
          )
          .join('; ');
      },
    },
  ];
  return { steps, people: [alice, namesake, otto, tina, carol] };
}
