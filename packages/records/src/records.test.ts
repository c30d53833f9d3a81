import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { truncationsAndMutations } from '@causeway/wire/testing';
import {
  type CredentialRecord,
  CredentialSealer,
  generateSealingKey,
  generateSigningKey,
  openCredentialRecord,
  peekRecord,
  REFUSAL_REASONS,
  type Refusal,
  recordName,
  sealingPublicKey,
  signAccountRecord,
  signingPublicKey,
  signWithdrawal,
  verifyRecord,
  WITHDRAWAL_REASONS,
} from './index.ts';
import {
  ACCOUNT,
  CREDENTIAL,
  FOREST,
  isSameSecret,
  partsOf,
  sealedBy,
  signedBy,
  someSecret,
  TENANT,
  trusting,
  WITHDRAWAL,
  withPart,
} from './testing/fixtures.ts';

const signer = generateSigningKey();
const stranger = generateSigningKey();
const recipient = await generateSealingKey();
const attacker = await generateSealingKey();
const sealer = await CredentialSealer.open(sealingPublicKey(recipient));
const account = signAccountRecord(signer, ACCOUNT);
const credential = await sealedBy(sealer, signer, CREDENTIAL, someSecret());
const withdrawal = signWithdrawal(signer, WITHDRAWAL);
const expected = { tenant: TENANT };
/** From another batch to the same recipient. */
const otherBatch = partsOf(
  await sealedBy(await CredentialSealer.open(sealingPublicKey(recipient)), signer, CREDENTIAL, someSecret()),
);

/** The refusal of a record. Checks that its detail is plain text of reasonable length. */
function refusalOf(record: string, trust = trusting(signer), tenant = TENANT): Refusal | 'believed' {
  const result = verifyRecord(record, trust, { tenant });
  if (result.ok) return 'believed';
  assert.ok(result.refusal in REFUSAL_REASONS);
  assert.match(result.detail, /^[^\p{Cc}]{5,400}$/u);
  return result.refusal;
}

function believed(record: string): CredentialRecord {
  const result = verifyRecord(record, trusting(signer), expected);
  assert.ok(result.ok && result.record.kind === 'credential', result.ok ? '' : result.detail);
  return result.record;
}

/** Each member with another well-formed value. */
const ACCOUNT_CHANGES: Record<string, unknown> = {
  version: 2,
  tenant: '0a6b2f6e-6f0a-4f7e-9f1c-4d5f3c2b1a01',
  forest: 'other.example.com',
  sourceAnchor: 'AAAAAAAAAAAAAAAAAAAAAA==',
  objectGuid: 'e3514235-4b06-11d1-ab04-00c04fc2dcd3',
  sequence: ACCOUNT.sequence + 1,
  userPrincipalName: 'krbtgt@corp.example.com',
  sAMAccountName: 'Administrator',
  objectSid: 'S-1-5-21-1004336348-1177238915-682003330-500',
  enabled: false,
  accountExpires: null,
  deleted: true,
};
const CREDENTIAL_CHANGES: Record<string, unknown> = {
  version: 1,
  tenant: ACCOUNT_CHANGES.tenant,
  forest: ACCOUNT_CHANGES.forest,
  sourceAnchor: ACCOUNT_CHANGES.sourceAnchor,
  objectGuid: ACCOUNT_CHANGES.objectGuid,
  sequence: CREDENTIAL.sequence + 1,
  passwordOrder: { ...partsOf(credential).payload.passwordOrder, version: 4 },
  mustChange: true,
  recipientKeyId: sealingPublicKey(attacker).keyId,
  counter: 1,
  encapsulationDigest: otherBatch.payload.encapsulationDigest,
  sealed: Buffer.alloc(528, 5).toString('base64url'),
};

const WITHDRAWAL_CHANGES: Record<string, unknown> = {
  version: 2,
  tenant: ACCOUNT_CHANGES.tenant,
  forest: ACCOUNT_CHANGES.forest,
  sourceAnchor: ACCOUNT_CHANGES.sourceAnchor,
  objectGuid: ACCOUNT_CHANGES.objectGuid,
  sequence: WITHDRAWAL.sequence + 1,
  passwordOrder: { ...WITHDRAWAL.passwordOrder, version: 5 },
  reason: 'smart-card',
};

test('accepts a withdrawal as signed, for every documented reason', () => {
  const { keyId } = signingPublicKey(signer);
  for (const reason of WITHDRAWAL_REASONS) {
    const record = signWithdrawal(signer, { ...WITHDRAWAL, reason });
    assert.deepEqual(verifyRecord(record, trusting(signer), expected), {
      ok: true,
      record: { kind: 'withdrawal', signerKeyId: keyId, ...WITHDRAWAL, reason },
    });
  }
});

test('a withdrawal has no encapsulation and no secret', () => {
  const { encapsulation, payload } = partsOf(credential);
  for (const beside of ['', encapsulation])
    assert.equal(refusalOf(`${withdrawal}~${beside}`), 'bad-signature');
  const { header, payload: fields } = partsOf(withdrawal);
  for (const name of ['sealed', 'recipientKeyId', 'encapsulationDigest', 'counter', 'mustChange'])
    assert.equal(refusalOf(signedBy(signer, header, { ...fields, [name]: payload[name] })), 'malformed');
});

test('accepts an account record as signed', () => {
  const { keyId } = signingPublicKey(signer);
  assert.deepEqual(verifyRecord(account, trusting(signer), expected), {
    ok: true,
    record: { kind: 'account', signerKeyId: keyId, ...ACCOUNT },
  });
});

test('accepts and opens a credential record, with keys or without', async () => {
  const opened = await openCredentialRecord(believed(credential), recipient);
  assert.ok(opened.ok && isSameSecret(opened, someSecret()));
  const { ntHash } = someSecret();
  const alone = await openCredentialRecord(
    believed(await sealedBy(sealer, signer, CREDENTIAL, { ntHash })),
    recipient,
  );
  assert.ok(alone.ok && isSameSecret(alone, { ntHash }) && !('kerberosKeys' in alone));
});

test('a record is text of three parts that reveals nothing of the secret', () => {
  assert.match(account, /^[\w-]+\.[\w-]+\.[\w-]{86}$/);
  assert.match(credential, /^[\w-]+\.[\w-]+\.[\w-]{86}~[\w-]{1494}$/);
  const payload = Buffer.from(credential.split('.')[1]!, 'base64url');
  assert.ok(!payload.includes(Buffer.from(someSecret().ntHash).toString('hex')));
  assert.ok(
    !Buffer.from(partsOf(credential).payload.sealed, 'base64url').includes(Buffer.from(someSecret().ntHash)),
  );
});

test('records of one batch that are sealed at the same time each have a number, and each opens alone', async () => {
  const batch = await CredentialSealer.open(sealingPublicKey(recipient));
  const records = await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      sealedBy(batch, signer, { ...CREDENTIAL, sequence: i + 1 }, someSecret()),
    ),
  );
  const seen = records.reverse().map(believed);
  assert.deepEqual(
    seen.map(r => r.counter).sort((a, b) => a - b),
    [...seen.keys()],
  );
  assert.equal(new Set(seen.map(r => r.encapsulation)).size, 1);
  assert.equal(new Set(seen.map(r => r.sealed)).size, 40);
  for (const record of seen) {
    const opened = await openCredentialRecord(record, recipient);
    assert.ok(opened.ok && isSameSecret(opened, someSecret()));
  }
});

test('opens records of more batches than are kept at once', async () => {
  const records: CredentialRecord[] = [];
  for (let i = 0; i < 20; i++) {
    const batch = await CredentialSealer.open(sealingPublicKey(recipient));
    records.push(believed(await sealedBy(batch, signer, CREDENTIAL, someSecret())));
    batch.close();
  }
  for (const record of [...records, ...records])
    assert.ok((await openCredentialRecord(record, recipient)).ok);
});

test('a closed sealer, and a key that does not match its fingerprint, seal nothing', async () => {
  const batch = await CredentialSealer.open(sealingPublicKey(recipient));
  batch.close();
  await assert.rejects(sealedBy(batch, signer, CREDENTIAL, someSecret()), /the sealer is closed/);
  const swapped = { ...sealingPublicKey(recipient), publicKey: sealingPublicKey(attacker).publicKey };
  await assert.rejects(CredentialSealer.open(swapped), /the sealing key has fingerprint/);
});

test('any member changed without the key breaks the signature', () => {
  for (const [record, changes] of [
    [account, ACCOUNT_CHANGES],
    [credential, CREDENTIAL_CHANGES],
    [withdrawal, WITHDRAWAL_CHANGES],
  ] as const) {
    const { payload } = partsOf(record);
    assert.deepEqual(Object.keys(payload).sort(), Object.keys(changes).sort(), 'every member has a change');
    for (const [name, value] of Object.entries(changes)) {
      assert.notDeepEqual(payload[name], value);
      assert.equal(refusalOf(withPart(record, 1, { ...payload, [name]: value })), 'bad-signature', name);
    }
  }
});

test('the sealed part opens under no other header, even one that its signer signed', async () => {
  const { header, payload, encapsulation } = partsOf(credential);
  const changes = Object.entries(CREDENTIAL_CHANGES).filter(
    ([name]) => !['version', 'tenant', 'forest', 'recipientKeyId'].includes(name),
  );
  for (const [name, value] of changes) {
    const beside = name === 'encapsulationDigest' ? otherBatch.encapsulation : encapsulation;
    const moved = believed(signedBy(signer, header, { ...payload, [name]: value }, beside));
    const opened = await openCredentialRecord(moved, recipient);
    assert.equal(opened.ok ? 'opened' : opened.refusal, 'cannot-open', name);
  }
  for (const name of ['tenant', 'forest']) {
    const { [name]: value } = CREDENTIAL_CHANGES;
    const record = signedBy(signer, header, { ...payload, [name]: value }, encapsulation);
    const result = verifyRecord(record, trusting(signer, FOREST, value as string), {
      tenant: name === 'tenant' ? (value as string) : TENANT,
    });
    assert.ok(result.ok && result.record.kind === 'credential');
    const opened = await openCredentialRecord(result.record, recipient);
    assert.equal(opened.ok ? 'opened' : opened.refusal, 'cannot-open', name);
  }
});

test('rejects what was sealed to another key, whatever key id it names', async () => {
  const swapped = await CredentialSealer.open(sealingPublicKey(attacker));
  const record = await sealedBy(swapped, signer, CREDENTIAL, someSecret());
  const opened = await openCredentialRecord(believed(record), recipient);
  assert.equal(opened.ok ? 'opened' : opened.refusal, 'other-recipient');
  const { header, payload, encapsulation } = partsOf(record);
  const { keyId: recipientKeyId } = sealingPublicKey(recipient);
  const renamed = signedBy(signer, header, { ...payload, recipientKeyId }, encapsulation);
  const again = await openCredentialRecord(believed(renamed), recipient);
  assert.equal(again.ok ? 'opened' : again.refusal, 'cannot-open');
});

test("rejects one's own ciphertext under a genuine header", async () => {
  // The recipient's key is public, so anybody can seal to it. Only the signature tells who did.
  const own = await sealedBy(sealer, stranger, CREDENTIAL, someSecret());
  const { payload } = partsOf(credential);
  assert.equal(refusalOf(own), 'unknown-signer');
  assert.equal(refusalOf(withPart(credential, 1, partsOf(own).payload)), 'bad-signature');
  const { sealed, encapsulationDigest, counter } = partsOf(own).payload;
  const patched = { ...payload, sealed, encapsulationDigest, counter };
  assert.equal(refusalOf(withPart(credential, 1, patched)), 'bad-signature');
});

test('rejects a record unless the part beside the signed text is the signed one', () => {
  const { encapsulation } = partsOf(credential);
  const [signed] = credential.split('~');
  const besides = ['', otherBatch.encapsulation, `${encapsulation}~`, `${encapsulation}~${encapsulation}`];
  const written = [`${encapsulation}=`, encapsulation!.slice(4), encapsulation!.slice(0, -1)];
  for (const beside of [...besides, ...written])
    assert.equal(refusalOf(`${signed}~${beside}`), 'bad-signature', beside);
  assert.equal(refusalOf(signed!), 'bad-signature', 'nothing beside');
  for (const beside of ['', encapsulation]) assert.equal(refusalOf(`${account}~${beside}`), 'bad-signature');
  assert.equal(refusalOf(credential), 'believed');
});

test('rejects another tenant, and another forest than the signer was confirmed for', async () => {
  assert.equal(refusalOf(account, trusting(signer), 'another-tenant'), 'other-tenant');
  assert.equal(refusalOf(credential, trusting(signer), 'another-tenant'), 'other-tenant');
  assert.equal(refusalOf(account, trusting(signer, 'other.example.com')), 'other-forest');
  assert.equal(refusalOf(credential, trusting(signer, 'other.example.com')), 'other-forest');
});

test('rejects a forged signature and a confused key id', () => {
  const { header, payload, signature } = partsOf(account);
  const flipped = Buffer.from(signature, 'base64url');
  flipped[10]! ^= 1;
  assert.equal(refusalOf(withPart(account, 2, flipped.toString('base64url'))), 'bad-signature');
  assert.equal(refusalOf(withPart(account, 2, Buffer.alloc(64).toString('base64url'))), 'bad-signature');
  assert.equal(refusalOf(withPart(account, 2, '')), 'bad-signature');
  assert.equal(
    refusalOf(signedBy(stranger, header, payload)),
    'bad-signature',
    "the signer's id, not its key",
  );
  const { keyId } = signingPublicKey(stranger);
  assert.equal(refusalOf(withPart(account, 0, { ...header, kid: keyId })), 'unknown-signer');
  assert.equal(
    refusalOf(withPart(account, 0, { ...header, kid: keyId }), trusting(stranger)),
    'bad-signature',
  );
});

test('rejects a signature of the other kind of record', () => {
  for (const [record, typ] of [
    [account, 'causeway-credential+jws'],
    [credential, 'causeway-account+jws'],
    [credential, 'causeway-withdrawal+jws'],
    [withdrawal, 'causeway-credential+jws'],
    [withdrawal, 'causeway-account+jws'],
    [account, 'causeway-withdrawal+jws'],
  ] as const) {
    const { header, payload } = partsOf(record);
    assert.equal(refusalOf(withPart(record, 0, { ...header, typ })), 'bad-signature');
    const resigned = refusalOf(signedBy(signer, { ...header, typ }, payload));
    assert.ok(resigned === 'malformed' || resigned === 'unsupported-version', resigned);
  }
  const { header, payload } = partsOf(account);
  for (const typ of ['JWT', '', 'causeway-account+JWS', undefined, null, 7, ['causeway-account+jws']]) {
    assert.equal(refusalOf(signedBy(signer, { ...header, typ }, payload)), 'wrong-kind');
  }
});

test('rejects every other algorithm, including none and HMAC with the public key', () => {
  const { header, payload } = partsOf(account);
  for (const alg of ['none', 'None', '', 'HS256', 'ES256', 'Ed25519', undefined, 1]) {
    assert.equal(refusalOf(signedBy(signer, { ...header, alg }, payload)), 'unsupported-algorithm', `${alg}`);
  }
  const signed = withPart(account, 0, { ...header, alg: 'HS256' })
    .split('.')
    .slice(0, 2)
    .join('.');
  const secret = Buffer.from(signingPublicKey(signer).publicKey, 'base64url');
  const mac = createHmac('sha256', secret).update(signed).digest('base64url');
  assert.equal(refusalOf(`${signed}.${mac}`), 'unsupported-algorithm');
  assert.equal(
    refusalOf(
      `${withPart(account, 0, { ...header, alg: 'none' })
        .split('.')
        .slice(0, 2)
        .join('.')}.`,
    ),
    'unsupported-algorithm',
  );
});

test('rejects a header with more, less, duplicates, another order or whitespace', () => {
  const { header, payload } = partsOf(account);
  const { alg, kid, typ } = header;
  const headers = [
    { ...header, crit: ['exp'], exp: 1 },
    { ...header, jwk: { kty: 'OKP', crv: 'Ed25519', x: signingPublicKey(stranger).publicKey } },
    { ...header, b64: false },
    { typ, kid, alg },
    { alg, typ },
    { ...header, kid: `${kid}A` },
    { ...header, kid: `../${kid.slice(3)}` },
    { ...header, kid: { toString: kid } },
    `{"alg":"EdDSA","kid":"${kid}","kid":"${kid}","typ":"${typ}"}`,
    `{"alg": "EdDSA","kid":"${kid}","typ":"${typ}"}`,
    `{"alg":"EdDS\\u0041","kid":"${kid}","typ":"${typ}"}`,
    '[]',
    'null',
    '"EdDSA"',
    '{',
    `{"alg":"EdDSA","kid":"${kid}","typ":"${typ}","x":"${'x'.repeat(300)}"}`,
  ];
  for (const changed of headers) assert.equal(refusalOf(signedBy(signer, changed, payload)), 'malformed');
});

test('rejects text that is not exactly three parts of canonical base64url', () => {
  const [header, payload, signature] = account.split('.') as [string, string, string];
  const unused = signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(85) + 1);
  assert.deepEqual(Buffer.from(unused, 'base64url'), Buffer.from(signature, 'base64url'), 'the same bytes');
  const texts = [
    '',
    '..',
    header,
    `${header}.${payload}`,
    `${account}.`,
    `${account}.${payload}`,
    `.${payload}.${signature}`,
    ` ${account}`,
    `${account}\n`,
    `${header}.${payload}.${signature}==`,
    `${header}.${payload}\n.${signature}`,
    `${header}=.${payload}.${signature}`,
    `${header}.${payload}.${unused}`,
    `${header}.${payload}.${signature.slice(0, -1)}+`,
    `${header}.${payload}.é`,
    JSON.stringify({ payload, protected: header, signature }),
    undefined as unknown as string,
    { length: 3 } as unknown as string,
  ];
  for (const text of texts) {
    assert.equal(refusalOf(text), 'malformed', text);
    assert.equal(peekRecord(text), undefined);
  }
});

test('rejects a record that is too large before parsing it', () => {
  assert.equal(refusalOf('.'.repeat(16 * 1024 + 1)), 'too-large');
  const { header, payload } = partsOf(account);
  assert.equal(
    refusalOf(signedBy(signer, header, { ...payload, userPrincipalName: 'x'.repeat(20_000) })),
    'too-large',
  );
});

test('rejects a signed payload that is not as documented, and another version', () => {
  const { header, payload } = partsOf(account);
  const json = Buffer.from(account.split('.')[1]!, 'base64url').toString();
  const { deleted: _, ...incomplete } = payload;
  const payloads = [
    { ...payload, admin: true },
    incomplete,
    json.replace('{', '{ '),
    `${json}\n`,
    json.replace('"deleted":false', '"deleted":true,"deleted":false'),
    json.replace('"deleted":false', '"__proto__":{},"deleted":false'),
    json.replace('ž', '\\u017e'),
    json.replace('"version":1', '"version":1.0'),
    Object.fromEntries(Object.entries(payload).reverse()),
    '[]',
    'null',
    '{}',
    '',
  ];
  for (const changed of payloads) assert.equal(refusalOf(signedBy(signer, header, changed)), 'malformed');
  assert.equal(refusalOf(signedBy(signer, header, { ...payload, version: 99 })), 'unsupported-version');
  assert.equal(
    refusalOf(signedBy(signer, header, { ...payload, version: 99, more: 1 })),
    'unsupported-version',
  );
  assert.equal(refusalOf(signedBy(signer, header, { ...payload, version: '1' })), 'malformed');
});

/** Values that a signer refuses to sign and a verifier rejects. */
const WRONG_VALUES: [record: string, name: string, values: unknown[]][] = [
  [account, 'tenant', ['', 'x'.repeat(129), 'a\nb', 7, null, '\ud800']],
  [account, 'forest', ['', 'CORP.EXAMPLE.COM', 'x'.repeat(256), 'a\u0000b']],
  [account, 'sourceAnchor', ['', 'x'.repeat(257), {}]],
  [account, 'objectGuid', ['', 'E3514235-4B06-11D1-AB04-00C04FC2DCD2', 'x', 1]],
  [account, 'sequence', [0, -1, 1.5, 2 ** 53, '1', null]],
  [account, 'userPrincipalName', ['', 'x'.repeat(1025), 'a\u001b[2Jb', 7]],
  [account, 'sAMAccountName', ['', 'x'.repeat(257), true]],
  [
    account,
    'objectSid',
    ['', 'S-1-5', 'S-1-5-21-4294967296', 'S-1-05-21-1', 's-1-5-21-1', `S-1-5${'-1'.repeat(16)}`],
  ],
  [account, 'enabled', [0, 'true', null]],
  [
    account,
    'accountExpires',
    ['', 'never', '2027-01-31', '2027-02-30T12:00:00.000Z', '2027-01-31T12:00:00Z', 0],
  ],
  [account, 'deleted', [1, null]],
  [credential, 'mustChange', [1, null]],
  [credential, 'recipientKeyId', ['', 'abc', 7]],
  [credential, 'counter', [-1, 2 ** 32, 0.5]],
  [
    credential,
    'encapsulationDigest',
    ['', Buffer.alloc(31).toString('base64url'), `${'A'.repeat(43)}=`, null],
  ],
  [credential, 'sealed', ['', ...[16, 527, 529, 4624].map(n => Buffer.alloc(n).toString('base64url'))]],
  [withdrawal, 'reason', ['', 'Must-change', 'nobody', null, 1, ['scope']]],
  [withdrawal, 'forest', ['(cloud-only)', 'Corp.example.com', '']],
  [withdrawal, 'passwordOrder', [null, { ...WITHDRAWAL.passwordOrder, version: -1 }]],
  [
    credential,
    'passwordOrder',
    [
      null,
      [],
      { ...CREDENTIAL.passwordOrder, more: 1 },
      { ...CREDENTIAL.passwordOrder, version: -1 },
      { ...CREDENTIAL.passwordOrder, version: 2 ** 32 },
      { ...CREDENTIAL.passwordOrder, originatingTime: -1 },
      { ...CREDENTIAL.passwordOrder, originatingInvocationId: 'x' },
      { version: 1, originatingTime: 1 },
    ],
  ],
];

test('enforces the limits of each member, and names it in the detail', () => {
  for (const [record, name, values] of WRONG_VALUES) {
    const { header, payload } = partsOf(record);
    for (const value of values) {
      const result = verifyRecord(
        signedBy(signer, header, { ...payload, [name]: value }),
        trusting(signer),
        expected,
      );
      assert.ok(!result.ok && result.refusal === 'malformed', `${name} ${value}`);
      assert.ok(result.detail.startsWith(`payload.${name}`), result.detail);
    }
  }
});

test('signs nothing that would be rejected', async () => {
  for (const [record, name, values] of WRONG_VALUES) {
    if (record !== account) continue;
    for (const value of values) {
      assert.throws(() => signAccountRecord(signer, { ...ACCOUNT, [name]: value }), {
        name: 'RangeError',
        message: new RegExp(`^payload\\.${name}`),
      });
    }
  }
  const order = { ...CREDENTIAL.passwordOrder, version: -1 };
  await assert.rejects(
    sealedBy(sealer, signer, { ...CREDENTIAL, passwordOrder: order }, someSecret()),
    RangeError,
  );
});

test('the longest names in the widest characters fit', () => {
  const wide = signAccountRecord(signer, {
    ...ACCOUNT,
    tenant: '字'.repeat(128),
    forest: '字'.repeat(255),
    sourceAnchor: '字'.repeat(256),
    userPrincipalName: '字'.repeat(1024),
    sAMAccountName: '字'.repeat(256),
  });
  assert.ok(verifyRecord(wide, trusting(signer, '字'.repeat(255)), { tenant: '字'.repeat(128) }).ok);
});

test('peeks at what to index, without verification', () => {
  const { keyId: signerKeyId } = signingPublicKey(signer);
  const { tenant, forest, sourceAnchor, objectGuid } = ACCOUNT;
  const common = { tenant, forest, sourceAnchor, objectGuid, signerKeyId };
  assert.deepEqual(peekRecord(account), {
    kind: 'account',
    ...common,
    sequence: ACCOUNT.sequence,
    account: { kind: 'account', signerKeyId, ...ACCOUNT },
  });
  assert.deepEqual(peekRecord(credential), {
    kind: 'credential',
    ...common,
    sequence: CREDENTIAL.sequence,
    passwordOrder: CREDENTIAL.passwordOrder,
    encapsulationDigest: partsOf(credential).payload.encapsulationDigest,
  });
  assert.deepEqual(peekRecord(credential.split('~')[0]!), peekRecord(credential), 'what is signed, alone');
  assert.deepEqual(peekRecord(withdrawal), {
    kind: 'withdrawal',
    ...common,
    sequence: WITHDRAWAL.sequence,
    passwordOrder: WITHDRAWAL.passwordOrder,
  });
  const unsigned = withPart(account, 2, Buffer.alloc(64).toString('base64url'));
  assert.deepEqual(peekRecord(unsigned), peekRecord(account));
  assert.equal(peekRecord('.'.repeat(16 * 1024 + 1)), undefined);
});

test('announces a record by its kind and version', () => {
  assert.equal(recordName(account), 'account-1');
  assert.equal(recordName(credential), 'credential-2');
  assert.equal(recordName(withdrawal), 'withdrawal-1');
  const { header, payload } = partsOf(account);
  assert.equal(recordName(signedBy(signer, header, { ...payload, version: 7 })), 'account-7');
  for (const text of [
    '',
    'a.b.c',
    signedBy(signer, header, '[]'),
    signedBy(signer, header, { version: 'x' }),
  ])
    assert.equal(recordName(text), undefined);
});

test('rejects every truncation and mutation of a record, and never throws', () => {
  const trust = trusting(signer);
  for (const [seed, record] of [account, credential, withdrawal].entries()) {
    truncationsAndMutations(Buffer.from(record, 'latin1'), { seed }, bytes => {
      const text = Buffer.from(bytes).toString('latin1');
      const result = verifyRecord(text, trust, expected);
      assert.ok(!result.ok || text === record);
      peekRecord(text);
    });
  }
});

test('rejects or accepts every truncation and mutation of a signed payload, and never throws', () => {
  for (const [seed, record] of [account, credential, withdrawal].entries()) {
    const { header } = partsOf(record);
    const payload = Buffer.from(record.split('.')[1]!, 'base64url');
    truncationsAndMutations(payload, { seed }, bytes => {
      const text = Buffer.from(JSON.stringify(header)).toString('base64url');
      peekRecord(
        `${text}.${Buffer.from(bytes).toString('base64url')}.${Buffer.alloc(64).toString('base64url')}`,
      );
    });
  }
});
