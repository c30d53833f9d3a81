import { spawn } from 'node:child_process';
import { krb5ConfFile, type LabDomain } from './table.ts';

/** A user changes their own password, also a temporary one, with MIT `kpasswd`: no administrator, no code of ours. */
export function changeOwnPassword(
  domain: LabDomain,
  user: string,
  old: string,
  password: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('kpasswd', [`${user}@${domain.realm}`], {
      env: { ...process.env, KRB5_CONFIG: krb5ConfFile(), KRB5CCNAME: 'MEMORY:', LC_ALL: 'C.UTF-8' },
      timeout: 20_000,
    });
    let output = '';
    child.stdout.on('data', chunk => {
      output += chunk;
    });
    child.stderr.on('data', chunk => {
      output += chunk;
    });
    child.on('error', cause => reject(new Error('cannot run kpasswd: install krb5-user', { cause })));
    child.on('close', code => {
      if (code === 0) resolve();
      else reject(new Error(`kpasswd for ${user} ended with ${code}: ${output.trim().split('\n').at(-1)}`));
    });
    child.stdin.end(`${old}\n${password}\n${password}\n`);
  });
}
