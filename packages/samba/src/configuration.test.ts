import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminPasswordLdif, renderKrb5Conf, renderSmbConf } from './configuration.ts';
import { baseDn, checkDescription, type DomainDescription, hostFqdn } from './description.ts';
import { domainLayout } from './layout.ts';
import { ldapServiceNames } from './service-names.ts';

const domain: DomainDescription = {
  realm: 'CORP.EXAMPLE.COM',
  netbiosDomain: 'CORP',
  hostName: 'dc1',
  address: '127.0.0.10',
  dns: 'none',
};
const layout = domainLayout('/srv/corp');
const setting = (text: string, name: string) => new RegExp(`^\\t${name} = (.*)$`, 'm').exec(text)?.[1];

test('derives names from the realm', () => {
  assert.equal(baseDn(domain), 'DC=corp,DC=example,DC=com');
  assert.equal(hostFqdn(domain), 'dc1.corp.example.com');
});

test("keeps every path of smb.conf in the domain's directory, except its policies in its own namespace", () => {
  const text = renderSmbConf(domain, layout);
  const paths = [...text.matchAll(/= (\/[^\n]*)$/gm)].map(match => match[1]!);
  assert.ok(paths.length > 10);
  assert.deepEqual(
    paths.filter(path => path !== '/dev/null' && !/^(\/srv\/corp|\/run\/samba\/sysvol)(\/|$)/.test(path)),
    [],
  );
  for (const share of ['homes', 'printers', 'print$']) assert.ok(!text.includes(`[${share}]`));
});

test("the caller's settings take precedence over ours", () => {
  const extraSettings = { 'max log size': '1', 'old password allowed period': '0' };
  const text = renderSmbConf({ ...domain, extraSettings }, layout);
  assert.equal(setting(text, 'max log size'), '1');
  assert.equal(setting(text, 'old password allowed period'), '0');
});

test("enables Samba's own DNS only on request", () => {
  assert.doesNotMatch(setting(renderSmbConf(domain, layout), 'server services')!, /\bdns\b/);
  assert.match(setting(renderSmbConf({ ...domain, dns: 'internal' }, layout), 'server services')!, /\bdns\b/);
});

test("Samba's DNS accepts only secure updates, and asks the given forwarder", () => {
  const text = (dnsForwarder?: string) =>
    renderSmbConf({ ...domain, dns: 'internal', ...(dnsForwarder && { dnsForwarder }) }, layout);
  assert.equal(setting(text(), 'allow dns updates'), 'secure only');
  assert.equal(setting(text(), 'dns forwarder'), undefined);
  assert.equal(setting(text('10.0.0.2'), 'dns forwarder'), '10.0.0.2');
  assert.throws(
    () => checkDescription({ ...domain, dnsForwarder: '10.0.0.2\n\tx = y' }),
    /DNS forwarder must be/,
  );
});

test('krb5.conf names every realm by address, and uses no DNS', () => {
  const text = renderKrb5Conf([domain, { realm: 'B.EXAMPLE', address: '127.0.0.20', hostName: 'x' }]);
  assert.equal(setting(text, 'default_realm'), 'CORP.EXAMPLE.COM');
  assert.equal(setting(text, 'dns_lookup_kdc'), 'false');
  assert.match(text, /B\.EXAMPLE = \{\n\t\tkdc = 127\.0\.0\.20\n/);
});

test("encodes the administrator's password as UTF-16 in base64", () => {
  const value = /clearTextPassword:: (.*)/.exec(adminPasswordLdif(domain, 'Grüße'))?.[1];
  assert.equal(Buffer.from(value!, 'base64').toString('utf16le'), 'Grüße');
});

test('rejects values that would break or inject configuration, by name', () => {
  const wrong: [Partial<DomainDescription>, RegExp][] = [
    [{ realm: 'corp.example.com' }, /realm must be an upper-case/],
    [{ realm: 'CORP' }, /realm must be/],
    [{ netbiosDomain: 'A-NAME-TOO-LONG-' }, /NetBIOS name of the domain must be/],
    [{ hostName: 'dc1.corp' }, /host name must be/],
    [{ address: 'localhost' }, /address must be an IPv4/],
    [{ extraSettings: { 'a = b\n[x]': '1' } }, /name of a setting must be/],
    [{ extraSettings: { a: 'b\nc = d' } }, /setting "a" must be one line/],
  ];
  checkDescription(domain);
  for (const [change, message] of wrong) {
    assert.throws(() => checkDescription({ ...domain, ...change }), message);
  }
});

test('LDAP clients find the domain controller by each of its names', () => {
  assert.deepEqual(ldapServiceNames(domain), [
    'ldap/dc1.corp.example.com',
    'ldap/dc1.corp.example.com/corp.example.com',
    'ldap/dc1.corp.example.com/CORP',
    'ldap/DC1',
  ]);
});
