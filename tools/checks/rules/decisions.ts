import type { Rule } from '../rule.ts';

const DECISION = /^docs\/adr\/(?<number>\d{4})-[a-z\d-]+\.md$/;
/** The title, an empty line, then the status and its date. */
const HEAD =
  /^# (?<number>\d+)\. .+\n\nStatus: (?:proposed|accepted|superseded by \[.+\]\(.+\)), \d{4}-\d\d-\d\d\b/;

const WHY =
  "a decision begins with '# NUMBER. TITLE', an empty line and 'Status: accepted, YYYY-MM-DD' (or proposed, or superseded by [another](link)); the number is the file's";

export const DECISIONS: Rule = {
  name: 'decisions',
  says: 'A decision in `docs/adr` has a number of its own, a status and the date of it.',
  permissions: [],
  find: ({ documents }) => {
    const decisions = [...documents].filter(([path]) => path.startsWith('docs/adr/'));
    const numbers = decisions.map(([path]) => DECISION.exec(path)?.groups?.number);
    return decisions.flatMap(([path, text], i) => {
      const number = numbers[i];
      if (number === undefined || Number(HEAD.exec(text)?.groups?.number) !== Number(number))
        return [{ who: path, at: `${path}:1`, why: WHY }];
      if (numbers.indexOf(number) === i) return [];
      return [
        { who: path, at: `${path}:1`, why: `another decision has the number ${number}: take the next` },
      ];
    });
  },
};
