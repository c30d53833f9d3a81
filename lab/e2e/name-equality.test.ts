import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dnsDomain, runTool } from '@causeway/samba';
import { mapLimit } from '@causeway/service';
import { nameKey, upperCase } from '@causeway/wire';
import { labUp } from '../domains/lifecycle.ts';
import { DOMAINS, krb5ConfFile, randomPassword } from '../domains/table.ts';
import { tryLdapGssapi, tryLdapSimple } from '../domains/try-ldap.ts';
import { tryKinit } from '../domains/try-password.ts';
import { createUser, deleteUser, readAttribute } from '../domains/users.ts';

// Which names are equal: compares our table with Samba's directory, unit by unit, and with a running domain controller, name by name.

/** Debian's own Python: the bindings belong to it. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = fileURLToPath(import.meta.resolve('./fold-units.py'));
const domain = DOMAINS.onprem;
const run = randomBytes(3).toString('hex');

/**
 * Small letters in Windows' table that Samba does not fold to their capitals. We err on the safe side: the second user gets digits, or
 * waits, where Samba would have given both the name.
 */
const WINDOWS_ONLY: readonly (readonly [reason: string, units: string])[] = [
  [
    'its capital came with Unicode 3.0 or later (Samba has the capitals of Windows 2000)',
    'ƀƕƚƞƿǹșțȝȟȣȥȧȩȫȭȯȱȳȼɂɇɉɋɍɏɐɑɫɱɽʀʉʌͱͳͷͻͼͽϗϙϛϝϟϡϲϸϻѐѝҋҍҏӆӊӎӏӭӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣᵹᵽỻỽỿⅎↄ' +
      'ⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱡⱥⱦⱨⱪⱬⱳⱶ' +
      'ⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣ' +
      'ⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥ' +
      'ꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼꝿꞁꞃꞅꞇꞌ',
  ],
  ['its capital is written with the iota beside it', 'ᾀᾁᾂᾃᾄᾅᾆᾇᾐᾑᾒᾓᾔᾕᾖᾗᾠᾡᾢᾣᾤᾥᾦᾧᾳῃῳ'],
];
/** A small letter to Samba alone. `nameKey` folds it too, `upperCase` (for NTLM) does not. */
const SAMBA_ONLY = [['ς', 'Σ']] as const;

/** Pairs of names, whether Samba treats them as one, and, if we differ, why that is safe. */
const PAIRS: readonly (readonly [string, string, 'one' | 'two', safe?: string])[] = [
  ['Özil', 'özil', 'one'],
  ['JÜRGEN', 'jürgen', 'one'],
  ['ИВАН', 'иван', 'one'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς', 'one'],
  ['ς', 'σ', 'one'],
  ['ａ', 'Ａ', 'one'],
  ['a b', 'a   b', 'one'],
  ['a b', 'a b ', 'one'],
  ['a b', ' a b', 'one'],
  ['a b', 'ab', 'two'],
  ['a b', 'a\u00a0b', 'two'],
  ['ab', 'a\u200bb', 'two'],
  ['ı', 'i', 'two'],
  ['ſ', 's', 'two'],
  ['µ', 'μ', 'two'],
  ['ß', 'ss', 'two'],
  ['İ', 'i', 'two'],
  ['ŉ', 'ʼn', 'two'],
  ['ﬁ', 'fi', 'two'],
  ['ǅ', 'ǆ', 'two'],
  ['𐐨', '𐐀', 'two'],
  ['José', 'Jose', 'two'],
  ['æ', 'ae', 'two'],
  ['カ', 'か', 'two'],
  ['ƀ', 'Ƀ', 'two', 'a capital of Unicode 5.0'],
  ['ᾳ', 'ᾼ', 'two', 'a capital with an iota beside it'],
  ['Özil', 'O\u0308zil', 'two', 'two normal forms of one text, which nobody can tell apart'],
  ['Åsa', '\u212bsa', 'two', 'two normal forms of one text, which nobody can tell apart'],
  ['İlker', 'i\u0307lker', 'two', 'what JavaScript makes of the first name in lower case'],
  ['ǰ', 'J\u030c', 'two', 'two normal forms of one text but for its case'],
];

before(() => labUp());

test('each unit has Samba’s upper case except the listed ones, and units that Samba treats as one have one key', async () => {
  const folded = JSON.parse(await runTool(PYTHON, [SCRIPT])) as number[];
  assert.equal(folded.length, 0x10000);
  const differing = { windows: '', samba: [] as (readonly [string, string])[] };
  for (const [unit, fold] of folded.entries()) {
    const [letter, theirs] = [String.fromCharCode(unit), String.fromCharCode(fold)];
    if (nameKey(`x${letter}`) !== nameKey(`x${theirs}`)) assert.fail(`U+${unit.toString(16)} and ${theirs}`);
    const ours = upperCase(letter);
    if (ours === theirs) continue;
    if (theirs === letter) differing.windows += letter;
    else differing.samba.push([letter, theirs]);
  }
  const listed = WINDOWS_ONLY.map(([, units]) => units).join('');
  assert.deepEqual([...differing.windows].sort(), [...listed].sort());
  assert.deepEqual(differing.samba, SAMBA_ONLY);
});

test('names that the directory and its key distribution center treat as one have one key', async () => {
  const pairs = PAIRS.map((pair, index) => ({ pair, index }));
  await mapLimit(pairs, 6, async ({ pair: [first, second, samba, safe], index }) => {
    await compare(index, first, second, samba);
    const ours = nameKey(first) === nameKey(second) ? 'one' : 'two';
    if (safe === undefined) assert.equal(ours, samba, `${first} and ${second}`);
    else assert.deepEqual([ours, samba], ['one', 'two'], `${first} and ${second}: only this is safe`);
  });
});

test('the directory says who is signed in, also in letters that are not ASCII', async () => {
  const user = `Ünï ${run}`;
  const password = randomPassword();
  const dn = await createUser(domain, { sam: user, password });
  try {
    const account = { user: user.toLowerCase(), domain, password };
    for (const trial of [await tryLdapSimple(account), await tryLdapGssapi(account)])
      assert.deepEqual([trial.identity, trial.error], [`${domain.netbiosDomain}\\${user}`, undefined]);
  } finally {
    await deleteUser(domain, dn);
  }
});

/** Makes a person with the first name, looks them up and gets a ticket by the second one, and makes another person with that. */
async function compare(index: number, first: string, second: string, expected: 'one' | 'two'): Promise<void> {
  const what = `${first} and ${second} are ${expected}`;
  const one = expected === 'one';
  const password = randomPassword();
  const cn = (whose: string) => `name equality ${run} ${index} ${whose}`;
  const other = named(index, second);
  const made = await createUser(domain, { cn: cn('first'), ...named(index, first), password });
  try {
    for (const name of [other.sam, other.upn]) {
      const holder = await readAttribute(domain, name, 'cn').catch(() => undefined);
      assert.equal(holder === cn('first'), one, `${what}: found by ${name}`);
      const account = { user: name, realm: domain.realm, password, krb5Conf: krb5ConfFile() };
      const ticket = await tryKinit(account);
      assert.equal(ticket.ok, one, `${what}: a ticket for ${name}: ${ticket.error}`);
    }
    for (const half of ['sam', 'upn'] as const) {
      const free = named(index, 'free');
      const dn = await createUser(domain, { ...free, [half]: other[half], cn: cn(half) }).catch(
        (error: Error) => assert.match(error.message, /already (in use|exists)/i),
      );
      if (dn !== undefined) await deleteUser(domain, dn);
      assert.equal(dn === undefined, one, `${what}: another person's ${half}`);
    }
  } finally {
    await deleteUser(domain, made);
  }
}

/** Names of this pair only. Spaces at either end stay there. */
function named(index: number, name: string): { sam: string; upn: string } {
  const [, before, text, after] = /^( *)(.*?)( *)$/.exec(name)!;
  const own = `${before}${run}${index}-${text}`;
  return { sam: `${own}${after}`, upn: `${own}@${dnsDomain(domain)}${after}` };
}
