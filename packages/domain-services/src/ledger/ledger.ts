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

/** The ledger of Domain Services: SQLite, durable at every commit, without any secret; a table or two in each of its books. */
export class Ledger {
  readonly #database: StateDatabase;
  /** What is known of each person. */
  readonly accounts: AccountBook;
  /** Who has and wants which name. */
  readonly names: NameBook;
  /** What is not written, and why. */
  readonly problems: ProblemBook;
  /** Reports on their way to the tenant. */
  readonly outbox: Outbox;
  /** The heads of the forests, and the ledger as they see it. */
  readonly heads: HeadBook;
  /** The same of their groups. */
  readonly groupHeads: GroupHeadBook;
  /** What waits for an administrator; its scopes are forests. */
  readonly bulk: BulkBook;
  /** Whom administrators keep out. */
  readonly blocks: BlockBook;
  /** Who is proposed and accepted as an administrator of the managed domain. */
  readonly administrators: AdministratorBook;
  /** The signing keys that are trusted; in the file of what was confirmed. */
  readonly agents: AgentBook;
  /** Whose on-premises SID stands in the directory, and whose is to. */
  readonly sids: SidBook;
  /** Of groups and members, what makes tickets and sessions large. */
  readonly tokens: TokenBook;
  /** Who is to be whose manager. */
  readonly managers: ManagerBook;
  /** What is known of each group. */
  readonly groups: GroupBook;
  /** The slices of their members, as they are believed. */
  readonly slices: SliceBook;
  /** Who is to be in which group, and who is. */
  readonly memberships: MembershipBook;
  /** Of which groups the tenant is to be told. */
  readonly unreportedGroups: UnreportedGroups;
  /** Accounts of before whose own changes of the password are not refused yet. */
  readonly ownChanges: DueAccounts;
  /** Accounts of before that do not say yet whose they are. */
  readonly marks: DueAccounts;
  /** Accounts that were closed by hand in the managed domain. */
  readonly byHand: HandBook;
  /** What administrators did. */
  readonly audit: AuditBook;
  /** Named values of the agent's own: where it is in the feed, what is allowed. */
  readonly state: StateBook;

  /**
   * @param clock the machine's when absent
   * @param confirmed the file of what administrators confirmed; it is kept in memory when absent (tests)
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

  /** Says whose the SIDs of a domain on-premises are. @param forest undefined: nobody's any more */
  confirmSid(sid: string, forest: string | undefined): void {
    this.agents.confirmSid(sid, forest, this.timestamp());
    this.sids.setConfirmed(this.agents.domainSids());
    this.sids.decided(sid, forest);
  }

  close(): void {
    this.#database.close();
  }

  /** By which everything goes that is decided or stored here. */
  get clock(): Clock {
    return this.#database.clock;
  }

  now(): Date {
    return this.#database.now();
  }

  /** Now as it is stored: ISO 8601, in UTC. */
  timestamp(): string {
    return this.#database.timestamp();
  }

  /** Everything that `work` writes is on the disk when this returns, or nothing of it is. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work);
  }
}
