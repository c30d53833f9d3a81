import {
  compileRules,
  EVERYBODY,
  type ProfileRules,
  type Rules,
  type ScopeSettings,
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

/**
 * What decides, as text: other text is other rules. Scope and profiles come last, and only where there is something to say of them:
 * releases before had none.
 * @param own what the program and the connector decide by
 */
export const rulesText = (
  own: readonly unknown[],
  scope: ScopeSettings,
  profile: ProfileRules | undefined,
): string => {
  const last = { ...(!sayNothing(compileRules(scope)) && { scope }), ...(profile && { profile }) };
  return JSON.stringify(Object.keys(last).length === 0 ? own : [...own, last]);
};

const sayNothing = ({ included, excluded, groups, conditions, inetOrgPersons }: Rules): boolean =>
  included.size + excluded.size + groups.size + Object.keys(conditions).length === 0 && inetOrgPersons;

function rulesOf(text: string): Rules {
  const last = (JSON.parse(text) as unknown[]).at(-1);
  const { scope = EVERYBODY, profile } = (typeof last === 'object' ? last : {}) as {
    scope?: ScopeSettings;
    profile?: ProfileRules;
  };
  return compileRules(scope, profile);
}
