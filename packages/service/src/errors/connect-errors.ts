import type { ErrorTable } from './error-entry.ts';

/** Errors of Connect. */
export const CONNECT_ERRORS = {
  'a-group': {
    status: 409,
    means: 'The object is a group, and a group has no password.',
    todo: 'Name a user.',
  },
  'agent-key-missing': {
    status: 400,
    means: 'The key by which Connect signs in to the tenant is missing from the state folder.',
    todo: 'Restore it from the backup. If there is none, move the identity file away, create a code that replaces this agent, and enrol again:\n  causeway tenant enrolment create --kind connect --name NAME --forest FOREST --replace AGENT\n  causeway connect enrol --code-file FILE',
  },
  'already-enrolled': {
    status: 400,
    means: 'This Connect is already enrolled at a tenant.',
    todo: 'Nothing, unless you want to enrol it again. Then move the identity file that the message names away.',
  },
  'bad-parameter': {
    status: 400,
    means: 'A parameter of a connector has a value that it cannot have, or appears twice.',
    todo: 'Correct the parameter that the message names, and save the connector again.',
  },
  'bad-scope': {
    status: 400,
    means: 'The scope names a container, group or condition that cannot be used.',
    todo: "Correct `scope` in Connect's configuration, then see what it would change:\n  causeway connect preview --config NEW",
  },
  'bad-time': {
    status: 400,
    means: 'The text is no time.',
    todo: 'Give an age such as 30m, 6h or 2d, or a time such as 2026-11-29T08:00:00Z.',
  },
  'changed-places': {
    status: 409,
    means: 'This Connect changed places with another one in the middle of a cycle.',
    todo: 'Nothing. The next cycle is its first in the other place.',
  },
  'connector-changed': {
    status: 409,
    means: 'Somebody else saved the connector after you read it.',
    todo: 'Read the connector again, make the change in it, and save that:\n  $c = Get-ADSyncConnector -Name NAME\n  Add-ADSyncConnector -Connector $c',
  },
  'cycle-in-progress': {
    status: 409,
    means: 'A synchronization cycle is running.',
    todo: 'Wait for its end, or stop it:\n  Stop-ADSyncSyncCycle',
  },
  'cycle-stopped': {
    status: 409,
    means: 'Somebody stopped the cycle, or switched the password channel off, before its end.',
    todo: 'Nothing: the next cycle resumes where this one stopped. To start it now:\n  causeway connect sync',
  },
  'directory-changed': {
    status: 409,
    means: 'The domain controller serves another domain than the one you confirmed, so nothing was changed.',
    todo: 'Find out which domain controller answers, then run the command again and compare what it shows:\n  causeway connect repin CONNECTOR',
  },
  'domain-too-old': {
    status: 409,
    means: 'Domain Services is of a release that does not understand this change yet.',
    todo: 'Update Domain Services, restart it, then run the command again.',
  },
  'no-such-connector': {
    status: 404,
    means: 'Connect has no connector of this name, or it is not of the kind that is expected here.',
    todo: "Use a name that the message lists; case counts. Connectors stand in Connect's configuration:\n  causeway connect status",
  },
  'no-such-feature': {
    status: 409,
    means: 'The original has this feature and Causeway does not.',
    todo: 'Leave it switched off. docs/powershell.md lists what each cmdlet can do.',
  },
  'no-such-forest': {
    status: 404,
    means: 'No connector reads this forest.',
    todo: 'Use a forest that the message lists, or add a connector to the configuration.',
  },
  'no-such-object': {
    status: 404,
    means: 'No connector space has this object.',
    todo: 'Check the identifier. If the object is new, wait for the next cycle or start one:\n  causeway connect sync',
  },
  'no-such-partition': {
    status: 404,
    means: 'The connector has no such partition.',
    todo: 'Use a partition that the message lists.',
  },
  'no-such-profile': {
    status: 404,
    means: 'There is no run profile of this name.',
    todo: 'Use a profile that the message lists:\n  causeway connect runs --profile PROFILE',
  },
  'no-such-run': {
    status: 404,
    means: 'There is no run of this number, or it was removed because of its age.',
    todo: 'List the runs that are kept:\n  causeway connect runs',
  },
  'not-enrolled': {
    status: 400,
    means: 'This agent is not enrolled at a tenant yet.',
    todo: 'Create a code at the tenant, then enrol:\n  causeway tenant enrolment create --kind connect --name NAME --forest FOREST\n  causeway connect enrol --code-file FILE\nFor a managed domain run `causeway domain create` again.',
  },
  'not-imported': {
    status: 409,
    means: 'The first import has not ended, so Connect does not know yet what there is to send.',
    todo: 'Wait for the first cycle, or run one:\n  causeway connect sync --once',
  },
  'not-synchronized': {
    status: 409,
    means: 'The object is not in scope.',
    todo: 'If it should be, change the scope in the configuration. To see what decides:\n  causeway connect preview USER',
  },
  'nothing-to-import': {
    status: 409,
    means: "The tenant's connector imports nothing.",
    todo: "Name a forest's connector.",
  },
  'other-domain-controller': {
    status: 409,
    means: 'Connect now reads another domain controller than the one you confirmed, so nothing was changed.',
    todo: 'See which one it reads now, then run the command again:\n  causeway connect status',
  },
  'password-sync-by-pair': {
    status: 409,
    means: 'Password hash synchronization is not switched for the whole tenant, but per connector.',
    todo: 'Switch it for each connector:\n  Set-ADSyncAADPasswordSyncConfiguration -SourceConnector FOREST -TargetConnector TENANT -Enable $true',
  },
  'password-sync-off': {
    status: 409,
    means: 'Password hash synchronization is switched off for this connector.',
    todo: 'Switch it on first:\n  Set-ADSyncAADPasswordSyncConfiguration -SourceConnector FOREST -TargetConnector TENANT -Enable $true',
  },
  'scheduler-suspended': {
    status: 409,
    means: 'The scheduler is suspended, so no cycle starts.',
    todo: 'Resume it:\n  Set-ADSyncScheduler -SchedulerSuspended $false',
  },
  'several-objects': {
    status: 409,
    means: 'Several connectors have an object with this identifier.',
    todo: 'Name the connector and the distinguished name of the one you mean.',
  },
  'tenant-too-old': {
    status: 409,
    means: 'The tenant is of a release that does not understand this yet.',
    todo: 'Update the tenant, then run the command again.',
  },
  'threshold-too-large': {
    status: 409,
    means: 'The deletion threshold cannot be larger than the one in the configuration.',
    todo: 'Raise `deletionThreshold` in the configuration. To let held deletions go, leave it as it is and approve their list:\n  causeway connect deletions\n  causeway connect allow-deletes DIGEST',
  },
  'token-exists': {
    status: 409,
    means: 'Connect already has a token of this name.',
    todo: 'Choose another name, or revoke the old token first:\n  causeway connect token revoke NAME',
  },
  'token-needed': {
    status: 400,
    means: 'This check needs a token of the tenant, and none was given.',
    todo: 'Pass one:\n  causeway doctor --token-file FILE',
  },
  'waiting-for-import': {
    status: 400,
    retry: 'later',
    means: 'The full password synchronization waits for the first full import of the directory.',
    todo: 'Nothing: it starts after the import. To follow it:\n  causeway connect status',
  },
} as const satisfies ErrorTable;
