import { reportError } from '@causeway/service';
import { releaseArchive } from './archive.ts';

// `npm run release`: the archive with the built module, so that no administrator needs an SDK.
try {
  process.stdout.write(`${await releaseArchive()}\n`);
} catch (error) {
  process.exitCode = reportError(error, false);
}
