export { archiveFile, packModule, readArchive, releaseArchive } from './archive.ts';
export { buildModule, buildPowerShell, MODULE_FILES, moduleVersion } from './build.ts';
export { powershellCommands } from './commands.ts';
export { installModule, modulePaths, namedPath } from './install.ts';
export { dotnet, findSdk, MISSING_SDK } from './sdk.ts';
