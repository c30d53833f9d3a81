import { code, list, page, paragraph, plain, sentence } from './markdown.ts';

export interface EventEntry {
  readonly id: number;
  readonly level: string;
  /** When it is added. */
  readonly when: string;
  /** The number's meaning in the original. */
  readonly original?: string;
  /** It is only in the service's log. */
  readonly logOnly?: boolean;
}

/** Every event of Connect by its number, and every action in the audit trail of Domain Services with its meaning. */
export function eventsPage(
  events: Readonly<Record<string, EventEntry>>,
  actions: Readonly<Record<string, string>> = {},
): string {
  const trail = Object.entries(actions).map(
    ([action, means]) => `${code(action)}: ${sentence(plain(means))}`,
  );
  return page(
    'Events',
    paragraph(
      "`causeway connect status` shows the last events of Connect. In the service's log the number is `eventId`. Numbers are the original's where it has one that fits.",
    ),
    list(
      Object.values(events)
        .toSorted((a, b) => a.id - b.id)
        .map(eventRow),
    ),
    ...(trail.length === 0 ? [] : ['## Audit trail of Domain Services', list(trail)]),
  );
}

function eventRow({ id, level, when, original, logOnly }: EventEntry): string {
  const facts = [
    ...(original === undefined ? [] : [`In the original: ${plain(original)}.`]),
    ...(logOnly ? ["In the service's log only."] : []),
  ];
  return [`**${id}** (${level}): ${sentence(plain(when))}`, ...facts].join(' ');
}
