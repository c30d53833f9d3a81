import { administratorPassword, DOMAINS, krb5ConfFile } from '../domains/table.ts';
import { tryLdapGssapi, tryLdapSimple } from '../domains/try-ldap.ts';
import { tryKinit, trySmb, trySmbSessions } from '../domains/try-password.ts';
import { type RelyingParty, signIn } from '../places/sign-in.ts';

const PROTOCOLS = ['Kerberos', 'NTLM', 'LDAP simple bind', 'LDAP GSSAPI'] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** Tries a password in each of the three places, with other people's clients. */
export class Trials {
  readonly party: RelyingParty;
  constructor(party: RelyingParty) {
    this.party = party;
  }
  async web(user: { upn: string }, password: string): Promise<boolean> {
    return (await signIn(this.party, user.upn, password)).ok;
  }
  /** @returns the encryption types of the ticket, or undefined when there is none */
  async kerberos(user: { sam: string }, password: string): Promise<string | undefined> {
    const trial = await tryKinit({
      user: user.sam,
      realm: DOMAINS.managed.realm,
      password,
      krb5Conf: krb5ConfFile(),
    });
    return trial.ok ? trial.etype : undefined;
  }
  async ntlm(user: { sam: string }, password: string): Promise<boolean> {
    const { address, netbiosDomain } = DOMAINS.managed;
    return (await trySmb({ user: user.sam, address, netbiosDomain, password })).ok;
  }
  /** The same by NTLM for many people, in sessions of one connection: for each whether the password works. */
  ntlmOfMany(accounts: readonly { readonly user: string; readonly password: string }[]): Promise<boolean[]> {
    const { address, netbiosDomain } = DOMAINS.managed;
    const password = administratorPassword(DOMAINS.managed);
    return trySmbSessions({ user: 'Administrator', address, netbiosDomain, password }, accounts);
  }
  /** The protocols of the managed domain that accept the password. @throws when one takes it for another account */
  async protocols({ sam: user }: { sam: string }, password: string): Promise<Protocol[]> {
    const domain = DOMAINS.managed;
    const [ntlm, simple, gssapi] = await Promise.all([
      this.ntlm({ sam: user }, password),
      tryLdapSimple({ user, domain, password }),
      tryLdapGssapi({ user, domain, password }),
    ]);
    const expected = `${domain.netbiosDomain}\\${user}`.toLowerCase();
    for (const { ok, identity = '' } of [simple, gssapi])
      must(!ok || identity.toLowerCase() === expected, `LDAP takes ${user} for ${identity}`);
    const taken: Record<Protocol, boolean> = {
      Kerberos: gssapi.ticket.ok,
      NTLM: ntlm,
      'LDAP simple bind': simple.ok,
      'LDAP GSSAPI': gssapi.ok,
    };
    return PROTOCOLS.filter(protocol => taken[protocol]);
  }
  /**
   * Whether each protocol of the managed domain accepts the password. Asks the cheapest first, because most callers retry until it works.
   */
  async accepted(user: { sam: string }, password: string): Promise<boolean> {
    if ((await this.kerberos(user, password)) === undefined) return false;
    return (await this.protocols(user, password)).length === PROTOCOLS.length;
  }
  /** Whether no protocol of the managed domain accepts it. */
  async refused(user: { sam: string }, password: string): Promise<boolean> {
    if ((await this.kerberos(user, password)) !== undefined) return false;
    return (await this.protocols(user, password)).length === 0;
  }
}

export function must(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}
