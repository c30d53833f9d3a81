import type { Values } from './attributes.ts';

/** In units of 100 ns, negative: how Active Directory writes a span of time. */
const span = (minutes: number): string => String(-minutes * 60 * 10_000_000);
const NEVER = '-9223372036854775808';

/** Wrong passwords within `WINDOW_MINUTES` that lock a person for `LOCK_MINUTES`: as in the original. */
const ATTEMPTS = '5';
const WINDOW = span(2);
const LOCK = span(30);

/**
 * The domain's own policy: on-premises decides when a synchronized password ends, so here none does. Its threshold is 0: it binds
 * krbtgt and domain controllers, whom nobody may lock by wrong passwords.
 */
export const DOMAIN_POLICY: Readonly<Record<string, string>> = {
  maxPwdAge: NEVER,
  minPwdAge: '0',
  minPwdLength: '7',
  pwdProperties: '1',
  pwdHistoryLength: '0',
  lockoutThreshold: '0',
  lockoutDuration: LOCK,
  lockOutObservationWindow: WINDOW,
};

/** One password settings object ([MS-ADTS] 3.1.1.4.4.45 and 6.1.1.4.11.1). */
export interface SettingsObject {
  dn: string;
  values: Values;
}

/** Whom the two objects apply to: DNs, which `ensureStructure` knows and a running domain is asked for. */
export interface Subjects {
  domainUsers: string;
  administrator: string;
}

/**
 * People are locked as the original locks them. The first administrator is not: the one who could help must not be kept out. An
 * administrator's own object for people goes before ours with any precedence below 1000.
 */
export function settingsObjects(base: string, { domainUsers, administrator }: Subjects): SettingsObject[] {
  const one = (name: string, precedence: string, threshold: string, subject: string): SettingsObject => ({
    dn: `CN=${name},CN=Password Settings Container,CN=System,${base}`,
    values: {
      'msDS-PasswordSettingsPrecedence': [precedence],
      'msDS-PasswordReversibleEncryptionEnabled': ['FALSE'],
      'msDS-PasswordHistoryLength': ['0'],
      'msDS-PasswordComplexityEnabled': ['TRUE'],
      'msDS-MinimumPasswordLength': ['7'],
      'msDS-MinimumPasswordAge': ['0'],
      'msDS-MaximumPasswordAge': [NEVER],
      'msDS-LockoutThreshold': [threshold],
      'msDS-LockoutObservationWindow': [WINDOW],
      'msDS-LockoutDuration': [LOCK],
      'msDS-PSOAppliesTo': [subject],
    },
  });
  return [
    one('Causeway people', '1000', ATTEMPTS, domainUsers),
    one('Causeway administrator', '1', '0', administrator),
  ];
}
