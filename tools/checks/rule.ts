import { matchesGlob } from 'node:path';
import type { Project } from './project.ts';

/** What a rule found. It is a breach unless there is a permission for it. */
export interface Finding {
  /** What does it: a file or folder, unless the rule says otherwise. */
  readonly who: string;
  /** What it does, if a rule looks for several things. */
  readonly what?: string;
  /** File and line. */
  readonly at: string;
  /** What is wrong, and what to do. */
  readonly why: string;
}

export interface Permission {
  /** Whom it covers, in the form of a finding; `*`, `**` and `{a,b}` stand for several. */
  readonly who: string;
  readonly what?: string;
  /** Why it is allowed. */
  readonly because: string;
}

export interface Rule {
  readonly name: string;
  /** The rule's line in ARCHITECTURE.md. */
  readonly says: string;
  /** The exceptions, if the rule needs any. */
  readonly permissions: readonly Permission[];
  readonly find: (project: Project) => readonly Finding[];
}

const allows = (permission: Permission, finding: Finding): boolean =>
  permission.what === finding.what && matchesGlob(finding.who, permission.who);

/** Findings without a permission, one sentence each. */
export function breachesOf(rule: Rule, project: Project): string[] {
  return rule
    .find(project)
    .filter(finding => !rule.permissions.some(permission => allows(permission, finding)))
    .map(({ at, why }) => `${at}: ${why}`);
}

/** Unused permissions: each is an unnoticed way around the rule. */
export function unusedOf(rule: Rule, project: Project): string[] {
  const findings = rule.find(project);
  return rule.permissions
    .filter(permission => !findings.some(finding => allows(permission, finding)))
    .map(({ who, what }) => [who, ...(what === undefined ? [] : [what])].join(' > '))
    .map(permission => `rule '${rule.name}': nobody uses the permission '${permission}': take it away`);
}
