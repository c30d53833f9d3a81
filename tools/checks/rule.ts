import { matchesGlob } from 'node:path';
import type { Project } from './project.ts';

/** Something that a rule looks for. It is a breach unless somebody has the permission. */
export interface Finding {
  /** Who does it: a file or folder, unless the rule says otherwise. */
  readonly who: string;
  /** What they do, where a rule looks for several things. */
  readonly what?: string;
  /** File and line. */
  readonly at: string;
  /** What is wrong, and what to do. */
  readonly why: string;
}

export interface Permission {
  /** Whom it is for, as in a finding; `*`, `**` and `{a,b}` stand for several. */
  readonly who: string;
  readonly what?: string;
  /** Why they may. */
  readonly because: string;
}

export interface Rule {
  readonly name: string;
  /** The rule's line in ARCHITECTURE.md. */
  readonly says: string;
  /** Where it is not enough to say who may not. */
  readonly permissions: readonly Permission[];
  readonly find: (project: Project) => readonly Finding[];
}

const allows = (permission: Permission, finding: Finding): boolean =>
  permission.what === finding.what && matchesGlob(finding.who, permission.who);

/** What nobody may do and somebody does, one sentence each. */
export function breachesOf(rule: Rule, project: Project): string[] {
  return rule
    .find(project)
    .filter(finding => !rule.permissions.some(permission => allows(permission, finding)))
    .map(({ at, why }) => `${at}: ${why}`);
}

/** Permissions that nobody uses: each is a way around the rule that nobody would see. */
export function unusedOf(rule: Rule, project: Project): string[] {
  const findings = rule.find(project);
  return rule.permissions
    .filter(permission => !findings.some(finding => allows(permission, finding)))
    .map(({ who, what }) => [who, ...(what === undefined ? [] : [what])].join(' > '))
    .map(permission => `rule '${rule.name}': nobody uses the permission '${permission}': take it away`);
}
