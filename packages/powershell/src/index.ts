export { archiveFile, packModule, readArchive, releaseArchive } from './archive.ts';
export { type Build, buildModule, buildPowerShell, MODULE_FILES, moduleVersion } from './build.ts';
export { powershellCommands } from './commands.ts';
export { installModule, modulePaths } from './install.ts';
export { findSdk, MISSING_SDK } from './sdk.ts';
