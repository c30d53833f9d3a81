import { Command } from 'commander';
import { withProgress } from '../progress.ts';
import { labDown, labReset, labUp } from './lifecycle.ts';
import { labDirectory } from './state.ts';
import { describeDomain, krb5ConfFile, labDomains } from './table.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** `causeway lab …` */
export function labCommand(): Command {
  const lab = new Command('lab')
    .description('real Active Directory domains on loopback addresses')
    .hook('preAction', refuseOthersThanRoot);
  lab
    .command('up')
    .description('make and start the on-premises domain; what runs already stays as it is')
    .action(async () => {
      await withProgress(report => labUp(report));
      printStatus();
    });
  lab
    .command('down')
    .description('end every domain of the lab, keep its data')
    .action(() => withProgress(report => labDown(report)));
  lab
    .command('reset')
    .description('end every domain of the lab and remove its data')
    .action(() => withProgress(report => labReset(report)));
  lab
    .command('status')
    .description('say which domains run, and where')
    .option('--json', 'for scripts: hosts, realms, password files, krb5.conf, CA')
    .action((options: { json?: boolean }) => (options.json ? printJson() : printStatus()));
  return lab;
}

function refuseOthersThanRoot(): void {
  if (process.getuid?.() !== 0)
    throw new Error('the lab needs root: its domain controllers listen on ports below 1024');
}

function printJson(): void {
  const domains = labDomains.map(describeDomain);
  print(JSON.stringify({ directory: labDirectory(), krb5Conf: krb5ConfFile(), domains }, null, 2));
}

function printStatus(): void {
  for (const domain of labDomains.map(describeDomain)) {
    const state = domain.running ? `running since ${domain.since}, process ${domain.pid}` : 'not running';
    print(`${domain.name.padEnd(8)} ${domain.realm.padEnd(18)} ${domain.address.padEnd(11)} ${state}`);
  }
}
