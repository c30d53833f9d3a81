import type { ErrorTable } from './error-entry.ts';

/** Errors of the tenant. */
export const TENANT_ERRORS = {
  'administrator-name': {
    status: 409,
    means: 'The name is the sign-in name of an administrator, who keeps it.',
    todo: 'Rename the other user in its forest.',
  },
  'agent-too-old': {
    status: 426,
    means: 'This Connect is older than the oldest release that the tenant accepts.',
    todo: 'Update Connect.',
  },
  'bad-group-name': {
    status: 400,
    means: "The name cannot be one of a group of the tenant's own.",
    todo: 'Choose a name without a backslash that is neither an id nor a reserved name.',
  },
  'bad-mail-nickname': {
    status: 400,
    means: 'The text cannot be an account name.',
    todo: 'Give at most 64 characters without blanks and without "/\\[]:;|=,+*?<>@:\n  causeway tenant user create UPN --mail-nickname NAME',
  },
  'bad-redirect-uri': {
    status: 400,
    means: 'The redirect address is not allowed.',
    todo: 'Use https, or http on loopback, without a fragment and without a user name.',
  },
  'database-tls': {
    status: 400,
    means: 'The connection to a PostgreSQL on another machine would not be protected by TLS.',
    todo: 'Remove the option that the message names from `databaseUrl`, and set `databaseCaFile` to the file of the CA.',
  },
  'database-too-new': {
    status: 400,
    means: 'A newer release of Causeway has used this database.',
    todo: 'Run the newer release again, or restore the backup from before the update.',
  },
  'database-unavailable': {
    status: 503,
    retry: 'later',
    means: "The tenant's database does not answer. Nothing was stored.",
    todo: 'Check that PostgreSQL runs, and that `databaseUrl` names it. The tenant resumes by itself.',
  },
  'distribution-group': {
    status: 409,
    means: 'The group is a distribution group, which gives nobody a right.',
    todo: 'Name a security group:\n  causeway tenant groups list',
  },
  'enrolment-refused': {
    status: 403,
    means: 'The one-time code is wrong, used, or expired.',
    todo: 'Create another code:\n  causeway tenant enrolment create --kind connect --name NAME --forest FOREST\n  causeway tenant enrolment create --kind domain --name NAME',
  },
  forbidden: {
    status: 403,
    means: 'The token is valid, and its owner may not do this.',
    todo: 'Use a token of an administrator, or of the role that the message names. To see who you are:\n  causeway tenant me',
  },
  'forest-needed': {
    status: 400,
    means: 'A code for a Connect names the forests that it reads, and none was given.',
    todo: 'Name each forest by its DNS name:\n  causeway tenant enrolment create --kind connect --name NAME --forest corp.example.com',
  },
  'forests-left': {
    status: 409,
    means: 'The Connect that would be demoted speaks for a forest that the other one does not read.',
    todo: 'Let the one that stages read that forest, too, and give it the forest, or take it from the other one:\n  causeway tenant agents set-forests ID FOREST',
  },
  'group-exists': {
    status: 409,
    means: 'The tenant already has a group of its own with this name.',
    todo: 'Choose another name.',
  },
  'last-administrator': {
    status: 409,
    means: 'This is the last administrator who can sign in.',
    todo: 'Add another administrator first:\n  causeway tenant administrator add USER',
  },
  'name-not-reserved': {
    status: 409,
    means: 'The name is not reserved, so there is nothing to free.',
    todo: 'See who has it:\n  causeway tenant name show NAME',
  },
  'name-reserved': {
    status: 409,
    means: 'The name is kept for the user who had it last.',
    todo: 'Choose another name, or free it:\n  causeway tenant name free NAME',
  },
  'no-difference': {
    status: 409,
    means:
      'The managed domain uses this name as the tenant does, or somebody has acknowledged the difference.',
    todo: 'See which names differ:\n  causeway tenant status',
  },
  'no-managed-domain': {
    status: 404,
    means: 'The tenant has no managed domain.',
    todo: 'Create one on the machine that is to be it:\n  causeway domain create',
  },
  'no-such-administrator': {
    status: 404,
    means: 'The user is no administrator of this tenant.',
    todo: 'See who is:\n  causeway tenant administrator list',
  },
  'no-such-agent': {
    status: 404,
    means: 'The tenant has no agent with this id.',
    todo: 'See which agents it has:\n  causeway tenant agents list',
  },
  'no-such-application': {
    status: 404,
    means: 'The tenant has no application with this client id.',
    todo: 'See which applications it has:\n  causeway tenant app list',
  },
  'no-such-group': {
    status: 404,
    means: 'There is no such group.',
    todo: 'Look for it:\n  causeway tenant groups list --search TEXT',
  },
  'no-such-loss': {
    status: 404,
    means: 'There is no loss of changes with this id that is still to be acknowledged.',
    todo: 'See which there are:\n  causeway tenant status',
  },
  'no-such-member': {
    status: 404,
    means: 'The user or group is no direct member of this group.',
    todo: 'See who is:\n  causeway tenant groups members GROUP',
  },
  'no-such-tenant': {
    status: 404,
    means: 'There is no tenant of this name.',
    todo: 'Check the name in the address. To create a tenant:\n  causeway tenant create NAME --admin USER',
  },
  'no-such-token': {
    status: 404,
    means: 'There is no such token.',
    todo: 'See which there are:\n  causeway tenant tokens list\n  causeway connect token list',
  },
  'no-such-user': {
    status: 404,
    means: 'There is no such user here.',
    todo: 'Check the name. At the tenant a user is named by id, userPrincipalName or source anchor, elsewhere also by the account name. If the user is new, wait for the next cycle:\n  causeway connect status USER',
  },
  'not-aad-dc-administrator': {
    status: 403,
    means: "Only members of 'AAD DC Administrators' manage the managed domain.",
    todo: 'Ask an administrator of the tenant to add you:\n  causeway tenant group add "AAD DC Administrators" USER',
  },
  'not-the-name': {
    status: 409,
    means: 'The user is not called so, and only a user or group of that name can get it.',
    todo: 'Rename the user first, where it comes from. To see who has the name and who wants it:\n  causeway tenant name show NAME\n  causeway domain name show NAME',
  },
  'nothing-to-set': {
    status: 400,
    means: 'The command has no option that says what to change.',
    todo: 'Give at least one of --groups, --for-group and --for-everybody.',
  },
  'other-agent': {
    status: 409,
    means: 'Another agent already does this, and it was not named as the one to replace.',
    todo: 'If this agent takes its place, name the other one with --replace ID; to see who is there:\n  causeway tenant agents list',
  },
  'other-forest': {
    status: 403,
    means: 'This Connect is not enrolled for the forest.',
    todo: 'If it reads that forest, name all its forests at the tenant:\n  causeway tenant agents set-forests AGENT FOREST…',
  },
  'other-managed-domain': {
    status: 409,
    means: 'The tenant already has another managed domain.',
    todo: 'If this one takes its place, name the realm of the other one:\n  causeway domain register --replace REALM',
  },
  'own-account': {
    status: 409,
    means: 'You cannot do this to your own account.',
    todo: 'Ask another administrator.',
  },
  'promotion-refused': {
    status: 403,
    means: "The code is wrong, used, too old, or another agent's.",
    todo: 'Let an administrator of the tenant create another one:\n  causeway tenant agents promote ID --demote ID',
  },
  'several-groups': {
    status: 409,
    means: 'Several groups have this name.',
    todo: 'Give the id or the distinguished name of the one you mean; the message lists them.',
  },
  'several-users': {
    status: 409,
    means: 'Several users have this name or source anchor.',
    todo: 'Give the id or the source anchor of the one you mean, or name the forest with --forest; the message lists them.',
  },
  'special-group': {
    status: 409,
    means: "'AAD DC Administrators' has people as members only, and is in no other group.",
    todo: 'Add people to it one by one:\n  causeway tenant group add "AAD DC Administrators" USER',
  },
  'statement-mismatch': {
    status: 400,
    means: 'A signed head or receipt is for another tenant, forest or key than the call.',
    todo: 'Nothing, if it happens once: it is signed again. Otherwise check that both sides were not restored from different backups, and report it.',
  },
  'synchronized-group': {
    status: 409,
    means: 'The group is synchronized from a forest.',
    todo: 'Change it there.',
  },
  'synchronized-member': {
    status: 409,
    means: "A synchronized group cannot be in a group of the tenant's own.",
    todo: 'Add its people one by one.',
  },
  'synchronized-user': {
    status: 409,
    means: 'The user is synchronized from a forest.',
    todo: 'Change it there.',
  },
  'tenant-exists': {
    status: 409,
    means: 'There is already a tenant with this name or id.',
    todo: 'Choose another name. For a new token of the existing tenant:\n  causeway tenant token NAME --admin USER --token-out FILE',
  },
  'user-exists': {
    status: 409,
    means: 'There is already a user with this name.',
    todo: 'Choose another name, or see who has it:\n  causeway tenant name show NAME',
  },
  'wrong-kind': {
    status: 400,
    means: 'The code or agent is for a Connect and the caller is a managed domain, or the other way round.',
    todo: 'Create a code of the right kind:\n  causeway tenant enrolment create --kind connect --name NAME --forest FOREST\n  causeway tenant enrolment create --kind domain --name NAME',
  },
} as const satisfies ErrorTable;
