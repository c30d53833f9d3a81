import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { domainStatus, stopDomain } from '@causeway/samba';
import { eventually as lookUntil } from '@causeway/service/testing';
import { Trials } from '../demo/trials.ts';
import { DOMAINS, describeDomain, type LabDomain, layoutOf, randomPassword } from '../domains/table.ts';
import { change, createUser, deleteUser, setPassword } from '../domains/users.ts';
import { freshStage } from '../places/fresh-stage.ts';

// State before names: a leaver is locked out in every place, even if the administrator sets unusable names in the same write.

const { onprem: corp, fabrikam, managed } = DOMAINS;
const fabrikamWasUp = domainStatus(layoutOf(fabrikam)).running;
const stage = await freshStage({ forests: [corp, fabrikam], databaseUrl: process.env.DATABASE_URL });
const run = randomBytes(2).toString('hex');
const made: [LabDomain, string][] = [];
let trials: Trials;

const eventually = (what: string, look: () => Promise<boolean>) =>
  lookUntil(what, look, { patienceMs: 60_000 });

interface Someone {
  dn: string;
  sam: string;
  upn: string;
  password: string;
}

async function make(name: string, forest: LabDomain = corp, upn?: string): Promise<Someone> {
  const sam = `${name}.${run}`;
  const user = { sam, upn: upn ?? `${sam}@${describeDomain(forest).dnsDomain}`, password: randomPassword() };
  const dn = await createUser(forest, user);
  made.push([forest, dn]);
  return { dn, ...user };
}

async function works(who: Someone): Promise<void> {
  await eventually(`${who.upn} at web sign-in`, () => trials.web(who, who.password));
  await eventually(`${who.sam} in the managed domain`, () => trials.accepted(who, who.password));
}

/** Asserts that the former names, which stand in for rejected ones, no longer sign in. */
async function isOut(who: Someone, password = who.password): Promise<void> {
  await eventually(`${who.upn} refused at web sign-in`, async () => !(await trials.web(who, password)));
  await eventually(`${who.sam} refused in the managed domain`, () => trials.refused(who, password));
}

const problemOf = async ({ sam }: Someone): Promise<string> =>
  JSON.stringify((await stage.connectStatus<{ export: unknown }>(sam)).export);

before(async () => {
  trials = new Trials(await stage.openAll());
});

after(async () => {
  await stage.close();
  await stopDomain(layoutOf(managed));
  for (const [forest, dn] of made) await deleteUser(forest, dn).catch(() => {});
  if (!fabrikamWasUp) await stopDomain(layoutOf(fabrikam));
});

/** Each a way to leave, and the names that the same write sets. */
const LEAVINGS: [
  why: string,
  names: (who: Someone) => Record<string, string[]>,
  problem: RegExp | undefined,
][] = [
  [
    'a userPrincipalName with a space',
    ({ upn }) => ({ userPrincipalName: [`LEFT ${upn}`] }),
    /not of the form/,
  ],
  [
    'an account name that the managed domain reserves for computers',
    ({ sam }) => ({ sAMAccountName: [`${sam.slice(0, 10)}$`] }),
    undefined,
  ],
  [
    'names with a control character, which no record can hold',
    ({ sam }) => ({ userPrincipalName: [`left\u0007${sam}@corp.example.com`] }),
    /can be read|cannot be read/,
  ],
];

for (const [why, names, problem] of LEAVINGS) {
  for (const [how, state] of [
    ['disabled', ['userAccountControl', '514']],
    ['expired', ['accountExpires', '1']],
  ] as const) {
    test(`a user who is ${how} and gets ${why} is locked out everywhere`, async () => {
      const who = await make(`l${LEAVINGS.findIndex(one => one[0] === why)}${how[0]}`);
      await works(who);
      await change(corp, {
        dn: who.dn,
        change: 'modify',
        replace: { ...names(who), [state[0]]: [state[1]] },
      });
      await isOut(who);
      if (problem)
        await eventually('the trouble with the name is told', async () => problem.test(await problemOf(who)));
    });
  }
}

test('a user who gets a name of the other forest keeps the old one and takes new passwords, and is locked out when disabled', async () => {
  const holder = await make('holder', fabrikam, `shared.${run}@people.example`);
  const taker = await make('taker');
  await works(taker);
  await eventually('the holder at web sign-in', () => trials.web(holder, holder.password));
  await change(corp, { dn: taker.dn, change: 'modify', replace: { userPrincipalName: [holder.upn] } });
  await eventually('the conflict is told', async () =>
    (await problemOf(taker)).includes('belongs to another user'),
  );
  await works(taker);
  const old = taker.password;
  taker.password = randomPassword();
  await setPassword(corp, taker.dn, taker.password);
  await works(taker);
  assert.equal(await trials.web(taker, old), false);
  assert.equal(
    await trials.web(holder, taker.password),
    false,
    "nobody's password opens another one's account",
  );
  await change(corp, { dn: taker.dn, change: 'modify', replace: { userAccountControl: ['514'] } });
  await isOut(taker);
  await eventually('the holder is as before', () => trials.web(holder, holder.password));
});

test('users of one forest who swap names keep their own passwords', async () => {
  const [anna, berta] = [
    await make('anna', corp, `anna.${run}@people.example`),
    await make('berta', corp, `berta.${run}@people.example`),
  ];
  await works(anna);
  await works(berta);
  const rename = (who: Someone, upn: string) => ({
    dn: who.dn,
    change: 'modify' as const,
    replace: { userPrincipalName: [upn] },
  });
  await change(
    corp,
    rename(anna, `tmp.${run}@people.example`),
    rename(berta, anna.upn),
    rename(anna, berta.upn),
  );
  const web = (upn: string, password: string) => trials.web({ upn }, password);
  await eventually('anna by her new name', () => web(berta.upn, anna.password));
  await eventually('berta by her new name', () => web(anna.upn, berta.password));
  assert.equal(await web(anna.upn, anna.password), false);
  assert.equal(await web(berta.upn, berta.password), false);
  const byPrincipal = (upn: string, password: string) => trials.kerberos({ sam: upn }, password);
  await eventually('anna by kinit', async () => (await byPrincipal(berta.upn, anna.password)) !== undefined);
  await eventually('berta by kinit', async () => (await byPrincipal(anna.upn, berta.password)) !== undefined);
  assert.equal(await byPrincipal(anna.upn, anna.password), undefined);
});
