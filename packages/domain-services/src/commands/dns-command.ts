import { isIPv4 } from 'node:net';
import type { DnsSettings } from '@causeway/samba';
import { CausewayError, confirm, lockState, printResult } from '@causeway/service';
import { loadDomainConfiguration } from '../configuration.ts';
import { requireCreated } from '../creation/creation.ts';
import { describeDns, readDns, setDns } from '../dns.ts';
import { placesOf } from '../places.ts';
import type { CommandFlags } from './command-options.ts';

interface DnsFlags extends CommandFlags {
  set?: string;
  /** An address; false for none. */
  forwarder?: string | false;
  yes?: boolean;
}

/** `causeway domain dns`: shows how machines find the domain, or changes it. */
export async function dns(flags: DnsFlags): Promise<void> {
  const places = placesOf(loadDomainConfiguration(flags));
  const { realm } = requireCreated(places);
  const before = readDns(places.domain);
  const wanted = wantedDns(flags, before);
  if (wanted === undefined) {
    printResult(flags.json, before, () => describeDns(before, realm));
    return;
  }
  const lock = lockState(places.stateDirectory, places.domain.directory);
  try {
    const now = `${before.mode}, forwarder ${before.forwarder ?? 'none'}`;
    const then = `${wanted.dns}, forwarder ${wanted.dnsForwarder ?? 'none'}`;
    const consequences = [
      `DNS of ${realm} at ${before.address}: now ${now}; then ${then}`,
      'Samba starts again: for some seconds nobody signs in to the managed domain',
      ...(wanted.dns === 'none' && before.mode === 'internal'
        ? ['machines that have it as their resolver find the domain no more']
        : []),
    ];
    await confirm(consequences, 'Change it?', flags.yes);
    const after = await setDns(places.domain, wanted);
    printResult(flags.json, after, () => describeDns(after, realm));
  } finally {
    lock.release();
  }
}

/** Undefined if nothing is requested, or nothing would change. */
function wantedDns(
  { set, forwarder }: DnsFlags,
  before: ReturnType<typeof readDns>,
): DnsSettings | undefined {
  if (set === undefined && forwarder === undefined) return undefined;
  if (set !== undefined && set !== 'internal' && set !== 'none')
    throw new CausewayError('bad-dns', `--set takes 'internal' or 'none', got '${set}'`);
  if (typeof forwarder === 'string' && !isIPv4(forwarder))
    throw new CausewayError('bad-dns', `--forwarder takes an IPv4 address, got '${forwarder}'`);
  const mode = set ?? before.mode;
  const address = forwarder === undefined ? before.forwarder : forwarder || null;
  if (mode === 'none' && typeof forwarder === 'string')
    throw new CausewayError(
      'bad-dns',
      'a forwarder is asked by a domain that answers DNS: add --set internal',
    );
  if (mode === before.mode && address === before.forwarder) return undefined;
  return { dns: mode, ...(mode === 'internal' && address !== null && { dnsForwarder: address }) };
}
