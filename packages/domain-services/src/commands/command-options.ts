import type { Command as Program } from 'commander';
import type { ConfigurationFlags } from '../configuration.ts';

/** Options of every command. */
export interface CommandFlags extends ConfigurationFlags {
  json?: boolean;
}

/** Options of a command about a user or a forest. */
export interface ForestFlags extends CommandFlags {
  forest?: string;
}

/** Help of the flag that chooses among several users with the same source anchor or name. */
export const OF_SEVERAL = "the user's forest, if several users may be meant";

/** Adds a command that works on this machine's managed domain. */
export const subcommand = (parent: Program, name: string, description: string, isDefault = false): Program =>
  parent
    .command(name, { isDefault })
    .description(description)
    .option('--config <file>', 'configuration file (YAML)')
    .option('--state <directory>', 'state folder')
    .option('--json', 'print JSON')
    .addHelpText('after', isDefault ? `\nThe word '${name}' can be left out.` : '');

/** Adds `--forest`. Forest names are in lower case everywhere, however they are typed. */
export const forestOption = (command: Program, description: string): Program =>
  command.option('--forest <name>', description, (text: string) => text.toLowerCase());
