import type { ConnectStatus, DomainConfirmation } from '@causeway/contract';

/** What somebody said when they were asked, or why they said nothing. */
export type Told<T> = { ok: true; value: T } | { ok: false; reason: string };

/** All that the prerequisites are judged by. */
export interface Facts {
  connect: Told<{ status: ConnectStatus; version: string }>;
  /** Asked with an administrator's token. */
  tenant: Told<{
    userPrincipalName: string;
    groups: readonly string[];
    /** Null without a managed domain; undefined of a tenant of the release before, which asks for none. */
    confirmation?: DomainConfirmation | null | undefined;
  }>;
  /** A managed domain that runs on this machine, where there is one. */
  domain?: ManagedDomainHere | undefined;
  now: Date;
}

export interface ManagedDomainHere {
  realm: string;
  /** That it is not the tenant's, and what to do, in its own words; null where it is, or does not know. */
  alarm: string | null;
  next: string | null;
  /** How machines find it, and whether its domain controller answered when it was asked; of the release before undefined. */
  dns?: { mode: 'internal' | 'none'; address: string; answers: boolean } | undefined;
  /** Of the release before: it does not say. */
  samba?: { version: string | null; warning: string | null } | undefined;
}

export interface Finding {
  /** Stable, for scripts. */
  id: string;
  /** The prerequisite in words. */
  prerequisite: string;
  /** Null: it could not be found out. */
  met: boolean | null;
  found: string;
  /** How it was found out. */
  how: string;
  /** What to do next; null when nothing is to be done. */
  next: string | null;
}

/** What was found out of one of them. */
export type Judgement = Omit<Finding, 'id' | 'prerequisite'>;

export type ConnectFacts = Extract<Facts['connect'], { ok: true }>['value'];
export type TenantFacts = Extract<Facts['tenant'], { ok: true }>['value'];

export const RECEIPTS = "looked at the managed domain's signed receipts";
export const ASKED_CONNECT = 'asked Connect on its local socket';
export const ASKED_DOMAIN = 'asked the managed domain on its local socket';
export const ASKED_TENANT = "asked the tenant with the administrator's token";

export const met = (found: string, how: string): Judgement => ({ met: true, found, how, next: null });
export const unmet = (found: string, how: string, next: string): Judgement => ({
  met: false,
  found,
  how,
  next,
});
export const unknown = (found: string, how: string, next: string): Judgement => ({
  met: null,
  found,
  how,
  next,
});

/** The worst of what the connectors say, each told with its name. */
export function worst(parts: readonly { name: string; judgement: Judgement }[]): Judgement {
  const bad =
    parts.find(({ judgement }) => judgement.met === false) ??
    parts.find(({ judgement }) => judgement.met === null);
  const found = parts.map(({ name, judgement }) => `${name}: ${judgement.found}`).join('; ');
  const { met, how, next } = (bad ?? parts[0]!).judgement;
  return { met, found, how, next };
}
