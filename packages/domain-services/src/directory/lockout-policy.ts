import type { Values } from './attributes.ts';

/** In units of 100 ns, negative, as Active Directory stores a time span. */
const span = (minutes: number): string => String(-minutes * 60 * 10_000_000);
const NEVER = '-9223372036854775808';

/** This many wrong passwords within `WINDOW` lock a user for `LOCK`, as in the original. */
const ATTEMPTS = '5';
const WINDOW = span(2);
const LOCK = span(30);

/**
 * The domain's own policy. Passwords never expire here, because on-premises decides that for synchronized ones. The threshold is 0, because
 * it applies to krbtgt and domain controllers, which wrong passwords must never lock.
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

/** The DNs that the two objects apply to. `ensureStructure` knows them; a running domain is asked for them. */
export interface Subjects {
  domainUsers: string;
  administrator: string;
}

/**
 * Users are locked as in the original. The first administrator is never locked, so that somebody can always help. An administrator's own
 * settings object for users wins over ours with any precedence below 1000.
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
