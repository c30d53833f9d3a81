import type { Command as Program } from 'commander';
import type { ConfigurationFlags } from '../configuration.ts';

/** What a command about somebody, or about a forest, takes. */
export interface ForestFlags extends ConfigurationFlags {
  json?: boolean;
  forest?: string;
}

/** Adds `--forest`. The names of forests are in lower case everywhere, however they are typed. */
export const forestOption = (command: Program, description: string): Program =>
  command.option('--forest <name>', description, (text: string) => text.toLowerCase());
