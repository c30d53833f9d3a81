import type { ErrorTable } from './error-entry.ts';

/** Errors of `causeway powershell`, and of the making of the module. */
export const POWERSHELL_ERRORS = {
  'bad-archive': {
    status: 400,
    means: "The archive is not the module's, or not whole.",
    todo: 'Take the archive from the release again.',
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
  'build-failed': {
    status: 400,
    means: 'The .NET SDK could not build the module.',
    todo: "Correct what its output names, or use the release's archive.",
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
  'not-installed': {
    status: 400,
    means: 'The module cannot be written into this folder.',
    todo: 'Close every PowerShell that uses the module, and run the command as a user who may write there; or install it for yourself:\n  causeway powershell install --scope user',
  },
} as const satisfies ErrorTable;
