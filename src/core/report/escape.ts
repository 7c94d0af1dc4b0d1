const invisible = /\p{Variation_Selector}|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu
/** A zero-width space, as an entity: it keeps GitHub from making a mention or link out of what the reader sees unchanged. */
const gap = '&#8203;'

const entity = (character: string): string => `&#${character.codePointAt(0)};`

/** One visible line: white space and line breaks become single blanks; control, direction and zero-width characters and lone surrogates go. */
export const plainLine = (text: string, limit = 2000): string => {
  const line = text.replace(/\s+/g, ' ').replace(invisible, '').trim()
  const characters = line.length > limit ? Array.from(line) : null
  return characters !== null && characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : line
}

// A mark where a gap belongs, before entities bring letters and digits of their own: a character that plainLine has removed.
const mark = '\u0000'

const withoutAutolinks = (line: string): string => line.replace(/@(?=\S)|:(?=\/\/)|www(?=\.)|(?:mailto|xmpp)(?=:)/gi, `$&${mark}`)

const withoutReferences = (line: string): string =>
  line
    .replace(/#(?=\w)|gh-(?=\d)/gi, `$&${mark}`)
    .replace(/\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b/gi, hex => hex.replace(/.{6}(?=.)/g, `$&${mark}`))

const withoutMarkup = (line: string): string =>
  line
    .replace(/[&<>|[\]*~`\\$#]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|^[-+=]/gu, entity)
    .replace(/^(\d{1,9})([.)])(?=\s|$)/, (_, digits: string, point: string) => digits + entity(point))
    .replaceAll(mark, gap)

/**
 * Text from a user, file or server as GitHub-flavoured Markdown that shows exactly this text in one line: no mention, link, image, HTML, table break, fence,
 * list, heading, mathematics, issue or commit reference comes out of it. Safe in table cells, in prose and inside HTML elements; not for attributes.
 */
export const escapeMarkdown = (text: string, limit = 2000): string =>
  withoutMarkup(withoutReferences(withoutAutolinks(plainLine(text, limit))))

/**
 * The same text shown as code. An element and not backticks: it cannot be broken by what is in it, in a table cell either. GitHub makes no references
 * inside it, so digests and names of runs stay as they are and can be copied.
 */
export const code = (text: string, limit = 300): string => `<code>${withoutMarkup(withoutAutolinks(plainLine(text, limit)))}</code>`
