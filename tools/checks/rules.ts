import type { Rule } from './rule.ts';
import { CIRCLES } from './rules/circles.ts';
import { CLOCK } from './rules/clock.ts';
import { DECIDERS } from './rules/deciding.ts';
import { DECISIONS } from './rules/decisions.ts';
import { DEPENDENCIES } from './rules/dependencies.ts';
import { DOCUMENT_LINES } from './rules/document-lines.ts';
import { ENVIRONMENT } from './rules/environment.ts';
import { ERRORS } from './rules/errors.ts';
import { EVENTS } from './rules/events.ts';
import { FOLDERS } from './rules/folders.ts';
import { LENGTHS } from './rules/lengths.ts';
import { LINKS } from './rules/links.ts';
import { MANIFESTS } from './rules/manifests.ts';
import { PACKAGES } from './rules/packages.ts';
import { PUBLIC_NAMES } from './rules/public-names.ts';
import { PURITY } from './rules/purity.ts';
import { ROOMS } from './rules/rooms.ts';
import { SQL } from './rules/sql.ts';

/** In the order of ARCHITECTURE.md, which has a line for each. */
export const RULES: readonly Rule[] = [
  PACKAGES,
  MANIFESTS,
  DEPENDENCIES,
  PUBLIC_NAMES,
  ROOMS,
  CIRCLES,
  PURITY,
  DECIDERS,
  CLOCK,
  SQL,
  ENVIRONMENT,
  ERRORS,
  EVENTS,
  FOLDERS,
  LENGTHS,
  LINKS,
  DOCUMENT_LINES,
  DECISIONS,
];
