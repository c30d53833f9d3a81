import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { labUp } from '../domains/lifecycle.ts';
import { labPath } from '../domains/state.ts';
import { type Certificate, makeCertificates } from '../places/certificates.ts';
import { runCli } from '../places/run-cli.ts';
import { Stage } from '../places/stage.ts';

// Whom Connect and the command line accept as the tenant. people.test.ts shows that everything works over TLS.

await labUp();
rmSync(labPath('places'), { recursive: true, force: true });
const folder = mkdtempSync(join(tmpdir(), 'causeway-tls-'));
const certificates = await makeCertificates(folder);
const stage = new Stage({ tls: certificates });

interface Configuration {
  tenant: { url: string; caFile?: string };
  tls?: Certificate;
}

function configure(name: string, change: (settings: Configuration) => void): void {
  const settings = JSON.parse(readFileSync(stage.configOf(name), 'utf8')) as Configuration;
  change(settings);
  writeFileSync(stage.configOf(name), JSON.stringify(settings));
}

const connectStatus = async () =>
  (await runCli(['connect', 'status', '--config', stage.configOf('connect')])).stdout;
const tenantStatus = (...more: string[]) =>
  runCli(['tenant', 'status', '--tenant', stage.tenantUrl, '--token-file', stage.tokenFile, ...more]);

before(async () => {
  await stage.openTenant();
  await stage.createConnectorAccounts();
  await stage.openConnect();
  await stage.connect.stop();
});

after(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

test('accepts the tenant with the CA that issued its certificate', async () => {
  assert.match(await connectStatus(), /managed domain {2}none/);
  assert.equal((await tenantStatus('--ca', certificates.caFile)).code, 0);
});

test('rejects a certificate of another CA, or of an unconfigured one, and names the remedy', async () => {
  const unknown =
    /was not issued by a CA that this machine trusts \(\w+\): give the PEM file of the CA that issued it\n/;
  for (const ca of [[], ['--ca', certificates.otherCaFile]]) {
    const refused = await tenantStatus(...ca);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, unknown);
  }
  configure('connect', settings => {
    settings.tenant.caFile = certificates.otherCaFile;
  });
  assert.match(
    await connectStatus(),
    /managed domain {2}unknown: no token from .* was not issued by a CA that this machine trusts/,
  );
  configure('connect', settings => {
    settings.tenant.caFile = certificates.caFile;
  });
});

test('rejects an expired certificate and accepts a renewed one', async () => {
  const serve = async (tls: Certificate): Promise<void> => {
    await stage.tenant.stop();
    configure('tenant', settings => {
      settings.tls = tls;
    });
    await stage.tenant.start();
  };
  await serve(certificates.expired);
  assert.match(await connectStatus(), /unknown: no token from .* certificate has expired: renew it/);
  const refused = await tenantStatus('--ca', certificates.caFile);
  assert.match(refused.stderr, /^causeway: no answer to .*: the server's certificate has expired.*\n/);
  await serve(certificates.server);
  assert.match(await connectStatus(), /managed domain {2}none/);
});

test('off loopback a tenant without TLS neither serves nor is asked', async () => {
  configure('connect', settings => {
    settings.tenant.url = 'http://tenant.example.net';
  });
  const asked = await runCli(['connect', 'status', '--config', stage.configOf('connect')]);
  assert.equal(asked.code, 1);
  assert.match(asked.stderr, /^causeway: https expected off loopback, got 'http:\/\/tenant\.example\.net'\n/);
  const served = await runCli([
    'tenant',
    'run',
    '--listen',
    '0.0.0.0:9443',
    '--state',
    join(folder, 'other'),
  ]);
  assert.equal(served.code, 1);
  assert.match(served.stderr, /listening on 0\.0\.0\.0 needs TLS/);
});
