import { join } from 'node:path';
import { BulkBook, type Clock, type Log } from '@causeway/service';
import { AdminTokens } from './admin-tokens.ts';
import { Deletions } from './comparing/deletions.ts';
import { SaidAnew } from './comparing/said-anew.ts';
import { Strangers } from './comparing/strangers.ts';
import { Confirmations } from './confirmations.ts';
import { ConnectorSpace } from './connector-space.ts';
import { Cursors } from './cursors.ts';
import { Database } from './database.ts';
import { DirectoryPin } from './directory/directory-pin.ts';
import { Restores } from './directory/restores.ts';
import { Events } from './events.ts';
import { FullPasses } from './full-passes.ts';
import { GroupHeads } from './groups/group-heads.ts';
import { GroupLists } from './groups/group-lists.ts';
import { Members } from './groups/members.ts';
import { Slices } from './groups/slices.ts';
import { HeadBuckets } from './head-buckets.ts';
import { Owed } from './owed.ts';
import { PasswordHolders } from './password-holders.ts';
import { PasswordLog } from './password-log.ts';
import { PasswordStates } from './password-states.ts';
import { Receipts } from './receipts.ts';
import { RetryQueue } from './retry-queue.ts';
import { Runs } from './runs/runs.ts';
import { AccountNamesInSpace } from './scope/account-names.ts';
import { Containers } from './scope/containers.ts';
import { PasswordLeavers } from './scope/password-leavers.ts';
import { RulesInForce } from './scope/rules-in-force.ts';
import { ScopeGroups } from './scope/scope-groups.ts';
import { ConnectorSettings } from './settings/connector-settings.ts';
import { SchedulerSettings } from './settings/scheduler-settings.ts';
import { Staging } from './settings/staging.ts';

export const DATABASE = 'connect.db';
export const CONFIRMED = 'confirmed.json';

/** Everything that Connect remembers. */
export interface Store {
  readonly clock: Clock;
  readonly db: Database;
  readonly confirmations: Confirmations;
  readonly events: Events;
  readonly scheduler: SchedulerSettings;
  readonly staging: Staging;
  readonly tokens: AdminTokens;
  close(): void;
}

/** What one connector remembers, and what it shares with the others of its forest: heads, the receipt, strangers and deletions. */
export interface ConnectorStore {
  readonly name: string;
  /** The clock of everything that the connector does. */
  readonly clock: Clock;
  readonly db: Database;
  readonly confirmations: Confirmations;
  readonly events: Events;
  readonly settings: ConnectorSettings;
  /** Shared by all connectors. */
  readonly scheduler: SchedulerSettings;
  readonly staging: Staging;
  readonly cursors: Cursors;
  /** For the forest as a whole: the cursors of its first connector. */
  readonly forestCursors: Cursors;
  readonly pin: DirectoryPin;
  /** The users. */
  readonly space: ConnectorSpace;
  /** The groups. */
  readonly groups: ConnectorSpace;
  readonly containers: Containers;
  /** The rules by which everything was decided. */
  readonly rules: RulesInForce;
  readonly scopeGroups: ScopeGroups;
  readonly passwordLeavers: PasswordLeavers;
  readonly accountNames: AccountNamesInSpace;
  readonly lists: GroupLists;
  readonly members: Members;
  readonly slices: Slices;
  /** What waits for an administrator. Its scope is the connector's name. */
  readonly bulk: BulkBook;
  readonly holders: PasswordHolders;
  readonly passwords: PasswordStates;
  readonly passwordLog: PasswordLog;
  readonly queue: RetryQueue;
  readonly owed: Owed;
  readonly passes: FullPasses;
  readonly heads: HeadBuckets;
  readonly groupHeads: GroupHeads;
  readonly receipts: Receipts;
  readonly restores: Restores;
  readonly saidAnew: SaidAnew;
  readonly strangers: Strangers;
  readonly deletions: Deletions;
  readonly runs: Runs;
}

/**
 * @param stateDirectory the folder whose lock the caller holds, or undefined for a store in memory (tests)
 * @param clock the machine's if absent
 */
export function openStore(stateDirectory: string | undefined, log: Log, clock?: Clock): Store {
  const at = (name: string) => stateDirectory && join(stateDirectory, name);
  const db = new Database(at(DATABASE) ?? ':memory:', clock);
  return {
    clock: db.clock,
    db,
    confirmations: new Confirmations(db, at(CONFIRMED)),
    events: new Events(db, log),
    scheduler: new SchedulerSettings(db),
    staging: new Staging(db),
    tokens: new AdminTokens(db),
    close: () => db.close(),
  };
}

/** @param forest the connectors of the forest, one per domain, in the configuration's order */
export function connectorStore(
  store: Pick<Store, 'db' | 'confirmations' | 'events'>,
  name: string,
  forest: readonly string[] = [name],
): ConnectorStore {
  const { db, confirmations, events } = store;
  const first = forest[0]!;
  const others = forest.filter(each => each !== name);
  const passwordLog = new PasswordLog(db, name);
  const cursors = new Cursors(db, name);
  const slices = new Slices(db, name);
  return {
    name,
    clock: db.clock,
    db,
    confirmations,
    events,
    settings: new ConnectorSettings(db, name),
    scheduler: new SchedulerSettings(db),
    staging: new Staging(db),
    cursors,
    forestCursors: new Cursors(db, first),
    pin: new DirectoryPin(db, confirmations, name),
    space: new ConnectorSpace(db, name, 'user', others),
    groups: new ConnectorSpace(db, name, 'group', others),
    containers: new Containers(db, name),
    rules: new RulesInForce(cursors),
    scopeGroups: new ScopeGroups(db, name),
    passwordLeavers: new PasswordLeavers(db, name),
    accountNames: new AccountNamesInSpace(db, name),
    lists: new GroupLists(db, name, slices),
    members: new Members(db, name, slices),
    slices,
    bulk: new BulkBook(db),
    holders: new PasswordHolders(db, name),
    passwords: new PasswordStates(db, name, passwordLog),
    passwordLog,
    queue: new RetryQueue(db, name),
    owed: new Owed(db, name),
    passes: new FullPasses(db, name),
    heads: new HeadBuckets(db, forest),
    groupHeads: new GroupHeads(db, forest),
    receipts: new Receipts(db, first),
    restores: new Restores(db, name, cursors, confirmations),
    saidAnew: new SaidAnew(db, name),
    strangers: new Strangers(db, first),
    deletions: new Deletions(db, name, forest),
    runs: new Runs(db, name),
  };
}
