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

// Whom Connect and the command line believe to be the tenant. That everything works over TLS is seen in people.test.ts.

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

test('with the CA that issued its certificate the tenant is believed', async () => {
  assert.match(await connectStatus(), /managed domain {2}none/);
  assert.equal((await tenantStatus('--ca', certificates.caFile)).code, 0);
});

test('a certificate of another CA, or of one that nobody named, is refused with what to do', async () => {
  const unknown =
    /issued by no CA that is trusted here \(\w+\): give the PEM file of the CA that issued it\n/;
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
    /managed domain {2}unknown: no token from .* by no CA that is trusted here/,
  );
  configure('connect', settings => {
    settings.tenant.caFile = certificates.caFile;
  });
});

test('an expired certificate is refused, and a renewed one is believed again', async () => {
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

test('off loopback a tenant without TLS is neither asked nor served', async () => {
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
