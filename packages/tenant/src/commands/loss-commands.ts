import { call } from '@causeway/api';
import { lossRoutes } from '@causeway/contract';
import { example, printResult } from '@causeway/service';
import type { Command } from 'commander';
import { remoteOptions, remoteSend } from './remote.ts';

/** `causeway tenant loss …`. */
export function lossCommands(tenant: Command): void {
  const loss = tenant.command('loss').description('changes that were lost, as the database was restored');
  remoteOptions(loss.command('seen'))
    .description('end the alarm about a loss, after you have looked at what the backup does not know')
    .argument('<id>', "the loss's id, as 'tenant status' shows it")
    .addHelpText('after', example('causeway tenant loss seen 1b4e28ba-2fa1-4d1e-8a8b-7c3f0f9d2a11'))
    .action(async (id, options) => {
      await call(remoteSend(options), lossRoutes.seeLoss, { body: { id } });
      printResult(options.json, { seen: id }, () => [`the loss ${id} is no alarm any more`]);
    });
}
