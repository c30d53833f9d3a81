import type { ErrorTable } from './error-entry.ts';

/** Errors of `causeway powershell`, and of the module itself. */
export const POWERSHELL_ERRORS = {
  'bad-address': {
    status: 400,
    means: 'The address of a connection is not one.',
    todo: "Give https://, a host name and a port, or the path of Connect's socket.",
  },
  'bad-archive': {
    status: 400,
    means: "The archive is not the module's, or not whole.",
    todo: 'Take the archive from the release again.',
  },
  'bad-ca': {
    status: 400,
    means: "The CA's certificate cannot be read.",
    todo: "Give the PEM file of the CA that issued Connect's certificate.",
  },
  'bad-discovery': {
    status: 502,
    means: 'The file that tells the module where Connect is cannot be read.',
    todo: 'Restart Connect. It writes the file anew.',
  },
  'bad-module': {
    status: 400,
    means: "The module's manifest names no version.",
    todo: 'Set `ModuleVersion` in powershell/ADSync/ADSync.psd1.',
  },
  'bad-path': {
    status: 400,
    means: 'The path is one of Windows, and this machine has no such folder.',
    todo: 'Name a folder of this machine. See "Scripts that name a path of Windows" in docs/powershell.md.',
  },
  'bad-profile': {
    status: 400,
    means: 'The registered connection cannot be read.',
    todo: 'Register the connection again:\n  Register-CausewayConnection -Address ADDRESS -Token TOKEN',
  },
  'bad-token': {
    status: 400,
    means: 'The text is no token.',
    todo: "Create a token on Connect's machine, and give it as a SecureString:\n  causeway connect token create NAME",
  },
  'build-failed': {
    status: 400,
    means: 'The .NET SDK could not build the module.',
    todo: "Correct what its output names, or use the release's archive.",
  },
  'certificate-refused': {
    status: 502,
    means: "Connect's certificate is not valid for the registered connection.",
    todo: 'Register the connection again with the PEM file of the CA that issued the certificate, and with a name that is in it:\n  Register-CausewayConnection -Address ADDRESS -Token TOKEN -CaFile FILE',
  },
  'no-archive': {
    status: 400,
    means: 'There is no archive of the module at this path.',
    todo: 'Check the path, or download the archive of the release.',
  },
  'no-module': {
    status: 400,
    means: 'The built module is not here, and there is no .NET SDK to build it with.',
    todo: "Put the release's archive at the path that the message names, or install the .NET SDK from https://dotnet.microsoft.com/download.",
  },
  'no-sdk': {
    status: 400,
    means: 'The .NET SDK is not on the PATH.',
    todo: 'Install it from https://dotnet.microsoft.com/download.',
  },
  'no-such-rule': {
    status: 404,
    means: 'There is no synchronization rule with this identifier.',
    todo: 'To list the rules:\n  Get-ADSyncRule',
  },
  'not-connected': {
    status: 503,
    means: 'Connect does not run on this machine, and no connection to another one is registered.',
    todo: "Run the cmdlet on Connect's machine, or register a connection once:\n  Register-CausewayConnection -Address ADDRESS -Token TOKEN",
  },
  'not-installed': {
    status: 400,
    means: 'The module cannot be written into this folder.',
    todo: 'Close every PowerShell that uses the module, and run the command as a user who may write there; or install it for yourself:\n  causeway powershell install --scope user',
  },
  'timed-out': {
    status: 504,
    means: 'Connect did not answer in time, or what was waited for did not end in time.',
    todo: 'See what keeps Connect busy, then try again:\n  causeway connect status',
  },
} as const satisfies ErrorTable;
