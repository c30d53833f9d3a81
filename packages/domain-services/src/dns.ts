import type { DomainDns } from '@causeway/contract';
import { changeDns, type DnsSettings, type DomainPlace, readDomain } from '@causeway/samba';
import { CausewayError, describeError } from '@causeway/service';

/** How machines find the domain, as it is made; whether it answers, nobody is asked. */
export function readDns(place: DomainPlace): DomainDns {
  const { dns: mode, address, dnsForwarder } = readDomain(place);
  return { mode, address, forwarder: dnsForwarder ?? null };
}

/** What it means for a machine that is to join, in sentences. */
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
 * Makes the domain answer DNS as is asked for. Samba starts again if anything changes.
 * @throws CausewayError 'dns-not-changed' naming what stands in the way; nothing is lost by it
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
