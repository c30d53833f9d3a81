import { code, list, page, paragraph, plain, sentence } from './markdown.ts';

export interface EventEntry {
  readonly id: number;
  readonly name: string;
  readonly level: string;
  /** On which occasion it is logged. */
  readonly when: string;
  /** The message, with the names of what is filled in. */
  readonly text: string;
}

/** Every event, by its number. */
export function eventsPage(events: readonly EventEntry[]): string {
  return page(
    'Events',
    paragraph(
      'Every event of the log has its number in the field `eventId`. Numbers of the original are kept.',
    ),
    list(
      [...events]
        .sort((a, b) => a.id - b.id)
        .map(
          ({ id, name, level, when, text }) =>
            `**${id}** ${code(name)} (${level}): ${sentence(plain(when))} *Message:* ${plain(text)}`,
        ),
    ),
  );
}
