import { createLog } from '@causeway/service';
import { loadConnectConfiguration } from '../configuration.ts';
import { exportStep } from '../objects/export-step.ts';
import { Connect } from '../sync/connect.ts';

/** Runs one export of the first connector, in a separate process that can be killed. @param file the configuration */
async function exportOnce(file: string): Promise<void> {
  const log = createLog('test', { write: () => {} });
  const connect = await Connect.open(loadConnectConfiguration(file), log);
  await exportStep(connect.connectors[0]!.context);
  await connect.close();
}

await exportOnce(process.argv[2]!);
