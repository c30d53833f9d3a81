import type { ConnectStatus, DomainConfirmation } from '@causeway/contract';

/** An answer, or why none came. */
export type Told<T> = { ok: true; value: T } | { ok: false; reason: string };

/** Everything that the prerequisites are judged by. */
export interface Facts {
  connect: Told<{ status: ConnectStatus; version: string }>;
  /** Asked with an administrator's token. */
  tenant: Told<{
    userPrincipalName: string;
    groups: readonly string[];
    /** Null without a managed domain. Undefined for a tenant of an older release, which asks for none. */
    confirmation?: DomainConfirmation | null | undefined;
  }>;
  /** The managed domain that runs on this machine, if there is one. */
  domain?: ManagedDomainHere | undefined;
  now: Date;
}

export interface ManagedDomainHere {
  realm: string;
  /** Its own alarm that it is not the tenant's, with what to do in `next`. Null if it is the tenant's, or does not know. */
  alarm: string | null;
  next: string | null;
  /** How machines find it, and whether its DNS named its domain controller. Undefined for an older release. */
  dns?: { mode: 'internal' | 'none'; address: string; answers: boolean } | undefined;
  /** Undefined for an older release, which does not report it. */
  samba?: { version: string | null; warning: string | null } | undefined;
}

export interface Finding {
  /** Stable, for scripts. */
  id: string;
  /** The prerequisite in words. */
  prerequisite: string;
  /** Null if it could not be determined. */
  met: boolean | null;
  found: string;
  /** How it was determined. */
  how: string;
  /** What to do next. Null if there is nothing to do. */
  next: string | null;
}

/** The result for one prerequisite. */
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

/** The worst judgement of all connectors, with what each one found under its name. */
export function worst(parts: readonly { name: string; judgement: Judgement }[]): Judgement {
  const bad =
    parts.find(({ judgement }) => judgement.met === false) ??
    parts.find(({ judgement }) => judgement.met === null);
  const found = parts.map(({ name, judgement }) => `${name}: ${judgement.found}`).join('; ');
  const { met, how, next } = (bad ?? parts[0]!).judgement;
  return { met, found, how, next };
}
