import { Resolver } from 'node:dns/promises';
import {
  CallError,
  call,
  callIfServed,
  callLocally,
  httpSend,
  serviceIn,
  tenantEndpoint,
} from '@causeway/api';
import { domainRoutes, groupRoutes, managedDomainRoutes } from '@causeway/contract';
import { CausewayError, defaultStateDirectory, describeError, readPrivateFile } from '@causeway/service';
import { z } from 'zod';
import { ask } from '../commands/at-hand.ts';
import { loadConnectConfiguration } from '../configuration.ts';
import type { Facts, Told } from './finding.ts';

export interface DoctorOptions {
  /** Connect's configuration file. */
  config: string;
  /** The tenant's address. By default the one that Connect uses. */
  tenant?: string;
  tokenFile?: string;
  ca?: string;
  /** State folder of a managed domain on this machine. */
  domainState?: string;
}

/** Asks Connect, the tenant and the managed domain about the prerequisites. A missing answer is a fact, too. */
export async function gatherFacts(options: DoctorOptions): Promise<Facts> {
  const [connect, tenant, domain] = await Promise.all([
    told(() => askConnect(options)),
    told(() => askTenant(options)),
    told(() => askDomain(options)),
  ]);
  return { connect, tenant, domain: domain.ok ? domain.value : undefined, now: new Date() };
}

async function told<T>(ask: () => Promise<T>): Promise<Told<T>> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    if (!(error instanceof CausewayError || error instanceof CallError || error instanceof RangeError))
      throw error;
    return { ok: false, reason: describeError(error) };
  }
}

async function askConnect({ config }: DoctorOptions) {
  const configuration = loadConnectConfiguration(config);
  const [status, { version }] = await Promise.all([
    ask(configuration, 'getStatus', {}),
    ask(configuration, 'getGlobalSettings', {}),
  ]);
  return { status, version };
}

/** The fields of a managed domain's status that matter here. An older release does not report its registration. */
const DomainStatus = z.object({
  realm: z.string(),
  samba: z.object({ version: z.string().nullable(), warning: z.string().nullable() }).optional(),
  dns: z.object({ mode: z.enum(['internal', 'none']), address: z.string() }).optional(),
  registration: z.object({ alarm: z.string().nullable(), next: z.string().nullable() }).optional(),
});

/** Fails if no managed domain runs on this machine. */
async function askDomain({ domainState = defaultStateDirectory('domain') }: DoctorOptions) {
  const route = { ...domainRoutes.getStatus, reply: DomainStatus };
  const { realm, registration, samba, dns } = await callLocally(serviceIn(domainState, 'domain'), route);
  const alarm = { alarm: registration?.alarm ?? null, next: registration?.next ?? null };
  return { realm, ...alarm, samba, dns: dns && { ...dns, answers: await answersDns(dns.address, realm) } };
}

const DNS_TIMEOUT_MS = 2_000;

/** Whether a machine with this resolver finds the domain. Does not ask for SRV records: Node rejects Samba's (EBADRESP). */
async function answersDns(address: string, realm: string): Promise<boolean> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 1 });
  resolver.setServers([address]);
  try {
    return (await resolver.resolve4(realm.toLowerCase())).length > 0;
  } catch {
    return false;
  }
}

async function askTenant(options: DoctorOptions) {
  if (options.tokenFile === undefined)
    throw new CausewayError('token-needed', "nobody's token was given, so nobody is signed in");
  const token = readPrivateFile(options.tokenFile).trim();
  const send = httpSend(endpointOf(options), () => Promise.resolve(token));
  const [me, served] = await Promise.all([
    call(send, groupRoutes.getMe),
    callIfServed(send, managedDomainRoutes.readConfirmation),
  ]);
  return { ...me, ...served };
}

function endpointOf({ tenant, ca, config }: DoctorOptions) {
  if (tenant !== undefined) return tenantEndpoint({ url: tenant, ...(ca !== undefined && { caFile: ca }) });
  return tenantEndpoint(loadConnectConfiguration(config).tenant);
}
