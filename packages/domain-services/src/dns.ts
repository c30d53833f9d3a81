import type { DomainDns } from '@causeway/contract';
import { changeDns, type DnsSettings, type DomainPlace, readDomain } from '@causeway/samba';
import { CausewayError, describeError } from '@causeway/service';

/** How machines find the domain, from its settings. It does not check that the domain answers. */
export function readDns(place: DomainPlace): DomainDns {
  const { dns: mode, address, dnsForwarder } = readDomain(place);
  return { mode, address, forwarder: dnsForwarder ?? null };
}

/** Explains in sentences what the settings mean for a machine that is to join. */
export function describeDns({ mode, address, forwarder }: DomainDns, realm: string): string[] {
  if (mode === 'none')
    return [
      `${realm} answers no DNS: a machine can join it only where another server has its records`,
      'to have it answer: causeway domain dns --set internal',
    ];
  return [
    `${realm} answers DNS at ${address}: make that the resolver of every machine that is to join`,
    forwarder === null
      ? 'it knows its own names alone: give it a forwarder for all others (causeway domain dns --forwarder ADDRESS), or send only its own zone to it'
      : `for all other names it asks ${forwarder}`,
  ];
}

/**
 * Changes how the domain answers DNS. Samba restarts if anything changes.
 * @throws CausewayError 'dns-not-changed' with the reason; nothing is lost by it
 */
export async function setDns(place: DomainPlace, wanted: DnsSettings): Promise<DomainDns> {
  try {
    await changeDns(place, wanted);
  } catch (cause) {
    throw new CausewayError('dns-not-changed', describeError(cause), {
      cause,
    });
  }
  return readDns(place);
}
