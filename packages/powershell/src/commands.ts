import { example, printResult } from '@causeway/service';
import { type Command, Option } from 'commander';
import { moduleVersion } from './build.ts';
import { installModule, modulePaths, namedPath, type Scope } from './install.ts';

/** `causeway powershell …` */
export function powershellCommands(program: Command): void {
  program
    .command('powershell')
    .description('the ADSync PowerShell module, by which scripts of Azure AD Connect work with Connect')
    .command('install')
    .description('install the module where Import-Module ADSync finds it')
    .addOption(
      new Option('--scope <scope>', 'only for you, or for everybody on this machine')
        .choices(['user', 'machine'])
        .default('user'),
    )
    .option('--path <dir>', 'install into this folder of modules instead')
    .option('--json', 'print JSON')
    .addHelpText('after', example('causeway powershell install --scope machine'))
    .action(async (options: { scope: Scope; path?: string; json?: boolean }) => {
      const paths = options.path === undefined ? modulePaths(options.scope) : [namedPath(options.path)];
      const version = moduleVersion();
      const { installed, from } = await installModule(paths);
      printResult(options.json, { version, installed, from }, () => [
        ...installed.map(folder => `ADSync ${version} installed: ${folder}`),
        'try it in PowerShell: Import-Module ADSync; Get-ADSyncConnector',
      ]);
    });
}
