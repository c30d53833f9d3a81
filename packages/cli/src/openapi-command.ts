import { type ApiName, apis, openApiDocument } from '@causeway/contract';
import { example } from '@causeway/service';
import { Argument, type Command } from 'commander';
import description from '../package.json' with { type: 'json' };

/** `causeway openapi connect|tenant|domain` */
export function openApiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI 3.1 document of an API, made from the contract')
    .addArgument(new Argument('<api>', 'whose').choices(Object.keys(apis)))
    .addHelpText('after', example('causeway openapi tenant > tenant.json'))
    .action((name: ApiName) => {
      process.stdout.write(`${JSON.stringify(openApiDocument(name, description.version), null, 2)}\n`);
    });
}
