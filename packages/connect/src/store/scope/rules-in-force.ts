import {
  compileRules,
  NO_RULES,
  NO_SETTINGS,
  type ProfileRules,
  type RuleSettings,
  type Rules,
  UNKNOWN_RULES,
} from '../../scope/rules.ts';
import type { Cursors } from '../cursors.ts';

/**
 * The rules by which everything in the connector space was decided. The configuration's rules come into force once their attributes have
 * been imported; until then these hold.
 */
export class RulesInForce {
  readonly #cursors: Cursors;
  /** Cached, because every decision asks for them. */
  #compiled: { text: string | undefined; rules: Rules } | undefined;

  constructor(cursors: Cursors) {
    this.#cursors = cursors;
  }

  /** The cache may come from a transaction that was rolled back. Call this before a step that decides. */
  reload(): void {
    this.#compiled = undefined;
  }

  /** As `rulesText` made it; undefined if nothing was decided yet. */
  get text(): string | undefined {
    return this.#known().text;
  }

  get(): Rules {
    return this.#known().rules;
  }

  set(text: string): void {
    this.#cursors.set('rules', text);
    this.reload();
  }

  #known(): { text: string | undefined; rules: Rules } {
    if (this.#compiled === undefined) {
      const text = this.#cursors.get('rules');
      this.#compiled = { text, rules: text === undefined ? UNKNOWN_RULES : rulesOf(text) };
    }
    return this.#compiled;
  }
}

type Said = Partial<RuleSettings> & { profile?: ProfileRules };

/**
 * What decides, as text: a different text means different rules. The settings of the connector's administrator and whole profiles come
 * last, and only if set, because earlier releases had none.
 * @param own what the program and the connector decide by
 */
export const rulesText = (
  own: readonly unknown[],
  settings: RuleSettings,
  profile: ProfileRules | undefined,
): string => {
  const { scope, accountNames } = settings;
  const said: Said = {
    ...(!sayNothing(compileRules(settings)) && { scope }),
    ...(accountNames !== NO_SETTINGS.accountNames && { accountNames }),
    ...(profile && { profile }),
  };
  return JSON.stringify(Object.keys(said).length === 0 ? own : [...own, said]);
};

const sayNothing = ({ included, excluded, groups, conditions, inetOrgPersons, passwords }: Rules): boolean =>
  included.size + excluded.size + groups.size + Object.keys(conditions).length === 0 &&
  inetOrgPersons &&
  passwords === undefined;

function rulesOf(text: string): Rules {
  const last = (JSON.parse(text) as unknown[]).at(-1);
  const isSaid = typeof last === 'object' && last !== null;
  if (!isSaid) return NO_RULES;
  const { profile, ...settings } = last as Said;
  return compileRules({ ...NO_SETTINGS, ...settings }, profile);
}
