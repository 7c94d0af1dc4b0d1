import { marked } from 'marked'

/** Markdown as GitHub would render it, by an independent GFM parser. */
export const rendered = (markdown: string): string => marked.parse(markdown, { async: false, gfm: true })

/** Names of all elements of a piece of HTML. */
export const elements = (html: string): readonly string[] =>
  [...html.matchAll(/<([a-z][a-z0-9]*)\b/gi)].map(match => (match[1] ?? '').toLowerCase())

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&' }

/** The text nodes with entities decoded: what GitHub's filters for mentions and references look at. */
export const textOf = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d+)|(lt|gt|quot|amp));/g, (_, digits: string | undefined, name: string) =>
      digits === undefined ? (named[name] ?? '') : String.fromCodePoint(Number(digits)),
    )
