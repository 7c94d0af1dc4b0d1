import { escapeMarkdown } from './escape.ts'

/** Plain sentences as a list, escaped; those past `most` are counted. */
export const bullets = (sentences: readonly string[], most = 20): string =>
  [
    ...sentences.slice(0, most).map(sentence => `- ${escapeMarkdown(sentence, 500)}`),
    ...(sentences.length > most ? [`- and ${sentences.length - most} more`] : []),
  ].join('\n')
