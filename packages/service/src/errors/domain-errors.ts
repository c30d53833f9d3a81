import type { ErrorTable } from './error-entry.ts';

/** Errors of Domain Services. */
export const DOMAIN_ERRORS = {
  'bad-dns': {
    status: 400,
    means: 'The DNS options do not fit.',
    todo: 'Have the domain answer DNS, and name a forwarder by its IPv4 address if it has one:\n  causeway domain dns --set internal --forwarder ADDRESS',
  },
  'bad-forest': {
    status: 400,
    means: "The text is no forest's DNS name.",
    todo: 'Give the name as it is on-premises, for example corp.example.com.',
  },
  'bad-number': {
    status: 400,
    means: 'The option takes a whole number.',
    todo: 'Give digits only.',
  },
  'bad-sid': {
    status: 400,
    means: 'The text is no SID of a domain.',
    todo: 'Copy it from the list, for example S-1-5-21-1004336348-1177238915-682003330:\n  causeway domain sids list',
  },
  'cloud-only': {
    status: 409,
    means: 'The proposed administrator is a cloud-only user, whose password the tenant can set.',
    todo: 'If you want that, say so:\n  causeway domain administrators accept USER --cloud-only',
  },
  'directory-unavailable': {
    status: 503,
    retry: 'later',
    means:
      "The managed domain's directory (Samba) does not answer. Nothing is written until it does; nothing is lost.",
    todo: "Read Samba's log in the domain's directory, and see what the service says:\n  causeway domain status\nThe service resumes by itself.",
  },
  'dns-not-changed': {
    status: 400,
    means: 'The DNS settings could not be changed. Nothing is lost.',
    todo: 'Remove what the message names, then run the command again.',
  },
  'domain-exists': {
    status: 409,
    means: 'There is already a domain here, or the folder holds something else.',
    todo: 'To run the domain that is there:\n  causeway domain run\nTo create another one, name another folder with --directory and --state.',
  },
  'group-has-name': {
    status: 409,
    means: 'A group has the name, and no record of the group has come yet, so it keeps the name.',
    todo: 'Wait until the group is synchronized. To follow it:\n  causeway domain name show NAME',
  },
  'key-id-taken': {
    status: 409,
    means: 'A key that is already trusted has the same key id, which does not happen by chance.',
    todo: 'Do not trust the key. Find out who made it and who registered it at the tenant.',
  },
  'name-held': {
    status: 409,
    means: 'A user or group has the name.',
    todo: 'To hand it over:\n  causeway domain name give NAME USER',
  },
  'no-domain': {
    status: 404,
    means: 'There is no complete managed domain on this machine, or in this state folder.',
    todo: 'Create one, or name its state folder with --state:\n  causeway domain create',
  },
  'no-such-key': {
    status: 404,
    means: 'No Connect has a signing key with this fingerprint.',
    todo: 'Read the fingerprint on the machine of Connect, and use only that one:\n  causeway connect fingerprint',
  },
  'no-such-sid': {
    status: 404,
    means: 'Nobody confirmed this SID, and no forest brings it.',
    todo: 'See which there are:\n  causeway domain sids list',
  },
  'none-unclaimed': {
    status: 404,
    means: 'No account and no group of the forest waits for a record.',
    todo: 'See what waits:\n  causeway domain status',
  },
  'not-accepted': {
    status: 404,
    means: 'The user is no accepted administrator.',
    todo: 'See who is:\n  causeway domain administrators list',
  },
  'not-blocked': {
    status: 409,
    means: 'The user is not blocked here.',
    todo: 'See who is:\n  causeway domain status',
  },
  'not-closed-by-hand': {
    status: 409,
    means: 'Domain Services knows of no change by hand to this account.',
    todo: 'Accounts are compared at each start and every hour. See which were changed:\n  causeway domain status',
  },
  'not-proposed': {
    status: 409,
    means: 'The tenant does not propose this user as an administrator.',
    todo: 'Ask an administrator of the tenant to add the user first:\n  causeway tenant group add "AAD DC Administrators" USER',
  },
  'nothing-to-accept': {
    status: 409,
    means: 'Nothing waits to be accepted here.',
    todo: 'See what waits:\n  causeway connect status\n  causeway domain status',
  },
  'other-creation': {
    status: 409,
    means: 'A creation that was cut off here used other options.',
    todo: 'Run it again with the same options as before, or use another state folder.',
  },
  'other-forest-sid': {
    status: 409,
    means: 'The SID is confirmed for another forest, and a domain has one forest.',
    todo: 'If that was wrong, take it back first:\n  causeway domain sids unconfirm SID',
  },
  'other-key': {
    status: 409,
    means: 'Another key is trusted for the forest, and it was not named as the one to replace.',
    todo: 'Compare both fingerprints with what the two Connects show, then name the former key:\n  causeway domain trust-agent FINGERPRINT --forest FOREST --replace FORMER',
  },
  'other-object': {
    status: 409,
    means: 'The account was replaced by another one after it was shown.',
    todo: 'Look again, and decide on what you see now:\n  causeway domain administrators list',
  },
  'other-tenant': {
    status: 409,
    means: 'The code is from another tenant than the one of this managed domain.',
    todo: 'Use a code of the same tenant, or create another managed domain in another state folder.',
  },
  'own-sid': {
    status: 409,
    means: 'The SID is the one of the managed domain itself, or of a domain that it trusts.',
    todo: 'Do not confirm it. A forest that brings it is misconfigured or hostile.',
  },
  'same-forest': {
    status: 409,
    means: 'Both belong to one forest, and only that forest decides which of them has the name.',
    todo: 'Rename one of them on-premises.',
  },
  'tenant-key': {
    status: 409,
    means: "The key is the tenant's own, which signs cloud-only users and never a forest.",
    todo: 'To trust it for cloud-only users:\n  causeway domain trust-tenant FINGERPRINT',
  },
  'tenant-key-unusable': {
    status: 400,
    retry: 'later',
    means: 'What the tenant shows as its own key is no signing key.',
    todo: 'Compare the releases of the tenant and of Domain Services. If they fit, find out who changed the key:\n  causeway tenant fingerprint',
  },
  'tenant-unavailable': {
    status: 502,
    retry: 'later',
    means: 'The tenant does not say which keys its agents have.',
    todo: 'Check that the tenant runs and can be reached, then run the command again.',
  },
  'weak-password': {
    status: 400,
    means: "The password for the domain's Administrator is too short.",
    todo: 'Give a longer one, or leave --admin-password-file out: then a password of 144 random bits is created.',
  },
} as const satisfies ErrorTable;
