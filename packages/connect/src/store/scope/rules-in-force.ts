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
 * By which rules everything in the connector space was decided. Those of the configuration come into force when what they look at has been
 * imported; until then these hold.
 */
export class RulesInForce {
  readonly #cursors: Cursors;
  /** Every object that is decided asks for them. */
  #compiled: { text: string | undefined; rules: Rules } | undefined;

  constructor(cursors: Cursors) {
    this.#cursors = cursors;
  }

  /** What is remembered may be of a transaction that was undone: to be called before a step that decides. */
  reload(): void {
    this.#compiled = undefined;
  }

  /** As `rulesText` made it; undefined where nothing was decided yet. */
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
 * What decides, as text: other text is other rules. What a connector's administrator says comes last, and whole profiles, and only where that
 * is something: releases before had none.
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
