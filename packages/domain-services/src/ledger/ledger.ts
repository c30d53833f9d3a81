import { bucketOf } from '@causeway/records';
import { BulkBook, type Clock, StateDatabase } from '@causeway/service';
import { nameKey } from '@causeway/wire';
import { AccountBook } from './account-book.ts';
import { AdministratorBook } from './administrator-book.ts';
import { AgentBook } from './agent-book.ts';
import { AuditBook } from './audit-book.ts';
import { BlockBook } from './block-book.ts';
import { DueAccounts } from './due-accounts.ts';
import { GroupBook } from './groups/group-book.ts';
import { GroupHeadBook } from './groups/group-head-book.ts';
import { MembershipBook } from './groups/membership-book.ts';
import { SliceBook } from './groups/slice-book.ts';
import { UnreportedGroups } from './groups/unreported-groups.ts';
import { HandBook } from './hand-book.ts';
import { HeadBook } from './head-book.ts';
import { ManagerBook } from './manager-book.ts';
import { LEDGER_STEPS } from './migrations.ts';
import { NameBook } from './name-book.ts';
import { Outbox } from './outbox.ts';
import { ProblemBook } from './problem-book.ts';
import { SidBook } from './sids/sid-book.ts';
import { TokenBook } from './sids/token-book.ts';
import { StateBook } from './state-book.ts';

/** The ledger of Domain Services: SQLite, durable at every commit, without any secret. Each of its books has a table or two. */
export class Ledger {
  readonly #database: StateDatabase;
  /** What is known of each user. */
  readonly accounts: AccountBook;
  /** Who has and wants which name. */
  readonly names: NameBook;
  /** What is not written, and why. */
  readonly problems: ProblemBook;
  /** Reports that are on their way to the tenant. */
  readonly outbox: Outbox;
  /** The heads of the forests, and the ledger as heads describe it. */
  readonly heads: HeadBook;
  /** The same for their groups. */
  readonly groupHeads: GroupHeadBook;
  /** What waits for an administrator; its scopes are forests. */
  readonly bulk: BulkBook;
  /** Users whom administrators block. */
  readonly blocks: BlockBook;
  /** Who is proposed and accepted as an administrator of the managed domain. */
  readonly administrators: AdministratorBook;
  /** The signing keys that are trusted, in the file of confirmations. */
  readonly agents: AgentBook;
  /** Whose on-premises SIDs are in the directory, and whose should be. */
  readonly sids: SidBook;
  /** The groups and memberships that make tickets and sessions large. */
  readonly tokens: TokenBook;
  /** Which manager each user should have. */
  readonly managers: ManagerBook;
  /** What is known of each group. */
  readonly groups: GroupBook;
  /** The believed slices of the groups. */
  readonly slices: SliceBook;
  /** Who belongs to which group, and who is in it. */
  readonly memberships: MembershipBook;
  /** Groups that have to be reported to the tenant. */
  readonly unreportedGroups: UnreportedGroups;
  /** Accounts of earlier releases that may still change their password themselves. */
  readonly ownChanges: DueAccounts;
  /** Accounts of earlier releases that have no mark yet. */
  readonly marks: DueAccounts;
  /** Accounts that were closed by hand in the managed domain. */
  readonly byHand: HandBook;
  /** What administrators did. */
  readonly audit: AuditBook;
  /** Named values of the agent itself, such as its position in the feed and what is allowed. */
  readonly state: StateBook;

  /**
   * @param clock the machine's if absent
   * @param confirmed the file of what administrators confirmed; kept in memory if absent (tests)
   * @throws CausewayError 'ledger-too-new', 'confirmations-unreadable' or 'file-not-private'
   */
  constructor(file: string, clock?: Clock, confirmed?: string) {
    const database = new StateDatabase(file, clock);
    database.function('bucket_of', { deterministic: true }, anchor => bucketOf(String(anchor)));
    database.function('name_key', { deterministic: true }, name =>
      name === null ? null : nameKey(String(name)),
    );
    database.exec('PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8192');
    database.migrate('ledger', LEDGER_STEPS);
    this.#database = database;
    this.state = new StateBook(database);
    this.accounts = new AccountBook(database);
    this.managers = new ManagerBook(database);
    this.names = new NameBook(database);
    this.problems = new ProblemBook(database, this.accounts, this.state);
    this.outbox = new Outbox(database);
    this.heads = new HeadBook(database);
    this.groupHeads = new GroupHeadBook(database);
    this.bulk = new BulkBook(database);
    this.blocks = new BlockBook(database);
    this.administrators = new AdministratorBook(database);
    this.agents = new AgentBook(database, confirmed);
    this.sids = new SidBook(database);
    this.tokens = new TokenBook(database);
    this.groups = new GroupBook(database);
    this.slices = new SliceBook(database);
    this.memberships = new MembershipBook(database);
    this.unreportedGroups = new UnreportedGroups(database);
    this.ownChanges = new DueAccounts(database, 'own_changes_due');
    this.marks = new DueAccounts(database, 'marks_due');
    this.byHand = new HandBook(database);
    this.audit = new AuditBook(database);
    this.sids.setConfirmed(this.agents.domainSids());
  }

  /** Confirms the forest of an on-premises domain's SIDs. @param forest undefined if they belong to no forest any more */
  confirmSid(sid: string, forest: string | undefined): void {
    this.agents.confirmSid(sid, forest, this.timestamp());
    this.sids.setConfirmed(this.agents.domainSids());
    this.sids.decided(sid, forest);
  }

  close(): void {
    this.#database.close();
  }

  /** The clock for everything that is decided or stored here. */
  get clock(): Clock {
    return this.#database.clock;
  }

  now(): Date {
    return this.#database.now();
  }

  /** The present time as it is stored: ISO 8601, in UTC. */
  timestamp(): string {
    return this.#database.timestamp();
  }

  /** When this returns, either everything that `work` writes is on disk, or nothing. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work);
  }
}
